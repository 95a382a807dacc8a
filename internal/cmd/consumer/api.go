// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// callTimeout bounds one call.
	callTimeout = 30 * time.Second
	// pause is the time between two calls of a long job.
	pause = 50 * time.Millisecond
)

// api is a client of an API.
type api struct {
	url    string
	client *http.Client
	// authorization is the value of the header field for the next call, or empty.
	authorization func(context.Context) (string, error)
}

// newAPI returns a client that trusts the certificates in ca, or the system's if ca is
// empty.
func newAPI(url, ca string, authorization func(context.Context) (string, error)) (*api, error) {
	transport := &http.Transport{}
	if ca != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("the certificate is not PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &api{strings.TrimSuffix(url, "/"), &http.Client{Transport: transport, Timeout: callTimeout}, authorization}, nil
}

// fixed is a credential that a provider keeps for as long as it runs.
func fixed(authorization string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return authorization, nil }
}

// work is a job of many calls, for as long as CONSUMER_DURATION says, and of one call
// without it. Like most providers, it does not stop when the run is interrupted. It
// makes all calls even if some fail, and returns an error with the first failure.
func (a *api) work(ctx context.Context, method, path string) error {
	duration, err := time.ParseDuration(cmp.Or(os.Getenv("CONSUMER_DURATION"), "0s"))
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	calls, failed := 0, 0
	var first error
	for end := time.Now().Add(duration); calls == 0 || time.Now().Before(end); time.Sleep(pause) {
		calls++
		if err := a.call(ctx, method, path); err != nil {
			failed++
			first = cmp.Or(first, err)
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d calls failed, the first with: %w", failed, calls, first)
	}
	return nil
}

// record appends a credential to the file that CONSUMER_CREDENTIALS names, for tests
// that search for it where it must not be.
func record(authorization string) error {
	path := os.Getenv("CONSUMER_CREDENTIALS")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the test's own file
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, authorization)
	return errors.Join(err, file.Close())
}

// call makes one call, which fails unless the status is in 2xx.
func (a *api) call(ctx context.Context, method, path string) error {
	authorization, err := a.authorization(ctx)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader([]byte("{}")))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	if err := record(authorization); err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, body)
	}
	return nil
}
