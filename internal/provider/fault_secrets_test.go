// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// secrets are all that an operation sends or receives and that nobody else must
// learn of.
type secrets struct {
	clientSecret, parameter, header, token, refreshToken, requestToken, apiHeader, apiQuery acctest.Canary
}

func newSecrets() secrets {
	const bearer = "-._~+/" // what a token may have beside letters and digits, RFC 6750 section 2.1
	return secrets{
		clientSecret: acctest.NewCanary("client_secret", special),
		parameter:    acctest.NewCanary("parameter", bearer),
		header:       acctest.NewCanary("header", bearer),
		token:        acctest.NewCanary("access token", bearer),
		refreshToken: acctest.NewCanary("refresh token", bearer),
		requestToken: acctest.NewCanary("request token", bearer),
		apiHeader:    acctest.NewCanary("request header", bearer),
		apiQuery:     acctest.NewCanary("query", bearer),
	}
}

func (s secrets) all() []acctest.Canary {
	return []acctest.Canary{
		s.clientSecret, s.parameter, s.header, s.token, s.refreshToken, s.requestToken, s.apiHeader, s.apiQuery,
	}
}

// spellings are how servers write what they repeat.
var spellings = map[string]func(string) string{
	"as it is": func(text string) string { return text },
	"form":     url.QueryEscape,
	"JSON":     inJSON,
	"base64":   func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
}

// inJSON escapes a text for a string of JSON.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text) // text is always JSON
	return string(quoted[1 : len(quoted)-1])
}

// repeatedHere is where, in the body of a fault, the server repeats the request.
const repeatedHere = "@REQUEST@"

// repeating answers with a fault, in which it repeats the request where spell is
// not nil.
type repeating struct {
	fault http.Handler
	spell func(string) string
}

// ServeHTTP implements [http.Handler].
func (f repeating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := ""
	if f.spell != nil {
		f.repeatAsID(w.Header(), r)
		request = f.spell(everything(r) + " " + r.RequestURI)
		for _, name := range []string{"Www-Authenticate", "Set-Cookie", "Server", "X-Error"} {
			w.Header().Set(name, request)
		}
	}
	f.fault.ServeHTTP(repeatingWriter{w, request}, r)
}

// repeatAsID repeats secrets where the log expects the name of an exchange.
func (f repeating) repeatAsID(header http.Header, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	_, password, _ := r.BasicAuth()
	for name, value := range map[string]string{
		"X-Request-Id":     r.Header.Get("X-Api-Key"),
		"X-Correlation-Id": form.Get("api_key") + r.URL.Query().Get("key"),
		"Request-Id":       strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
		"X-Ms-Request-Id":  form.Get("token") + form.Get("refresh_token"),
		"Cf-Ray":           password,
	} {
		header.Set(name, f.spell(value))
	}
}

// repeatingWriter writes the request where a body says so.
type repeatingWriter struct {
	http.ResponseWriter

	request string
}

// Write implements [http.ResponseWriter].
func (w repeatingWriter) Write(body []byte) (int, error) {
	request := w.request
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		request = inJSON(request)
	}
	if _, err := w.ResponseWriter.Write(bytes.ReplaceAll(body, []byte(repeatedHere), []byte(request))); err != nil {
		return 0, err
	}
	return len(body), nil
}

// Unwrap lets [http.ResponseController] find Flush and Hijack.
func (w repeatingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// lockedBuffer holds a log that is written from several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String is what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// capture returns a context whose calls log into b, the provider and its framework
// at every level.
func (b *lockedBuffer) capture(ctx context.Context) context.Context {
	return tfsdklogtest.RootLogger(tflogtest.RootLogger(ctx, b), b)
}
