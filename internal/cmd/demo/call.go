// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const callTimeout = 10 * time.Second

// call sends a GET request to the URL in args, like `curl --fail`. Not every machine
// has curl.
func call(ctx context.Context, args []string, authorization string) error {
	if len(args) != 1 {
		return errors.New("usage: demo call URL")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], http.NoBody) //nolint:gosec // the URL is meant to be the user's
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", authorization)
	response, err := new(http.Client).Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s returned %s", args[0], response.Status)
	}
	return nil
}
