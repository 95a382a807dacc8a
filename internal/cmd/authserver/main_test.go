// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// start runs the command and returns the URLs it prints and a function that ends it.
func start(t *testing.T, stderr io.Writer, args ...string) (ready map[string]string, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, write, stderr)
		write.CloseWithError(err)
		ended <- err
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no output: %v", err)
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("output %q: %v", line, err)
	}
	return ready, func() error { cancel(); return <-ended }
}

func do(t *testing.T, method, url, authorization, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var document map[string]any
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return document
}

func TestRun(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	ready, end := start(t, &stderr, "-client-id", "s6BhdRkqt3", "-client-secret", "gX1fBat3bV",
		"-token-format", "opaque", "-lifetime", "90s", "-scopes", "api:read more")

	if got := do(t, "GET", ready["issuer"]+"/.well-known/oauth-authorization-server", "", ""); got["token_endpoint"] != ready["token_endpoint"] {
		t.Errorf("discovery returns %v, the output is %v", got, ready)
	}
	token := do(t, "POST", ready["token_endpoint"], "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "grant_type=client_credentials")
	if token["expires_in"] != 90.0 || token["scope"] != "api:read more" {
		t.Errorf("token response is %v", token)
	}
	bearer, _ := token["access_token"].(string)
	if got := do(t, "GET", ready["api"]+"/orders", "Bearer "+bearer, ""); got["client_id"] != "s6BhdRkqt3" {
		t.Errorf("API response is %v", got)
	}
	do(t, "GET", ready["api"]+"/orders", "", "")
	do(t, "GET", ready["api"]+"/admin", "Bearer "+bearer, "")

	got, err := json.Marshal(do(t, "GET", ready["stats"], "", ""))
	if want := `{"api_calls":{"200":1,"401":1,"403":1},"token_requests":1}`; err != nil || string(got) != want {
		t.Errorf("stats are %s, %v, want %s", got, err, want)
	}
	if err := end(); err != nil {
		t.Errorf("run returned %v", err)
	}
	checkLog(t, stderr.String(), bearer)
}

func checkLog(t *testing.T, log, token string) {
	t.Helper()
	if want := `msg="GET /api/admin" endpoint=api status=403`; !strings.Contains(log, want) {
		t.Errorf("log does not have %s:\n%s", want, log)
	}
	for _, secret := range []string{"gX1fBat3bV", "czZCaGRSa3F0MzpnWDFmQmF0M2JW", token} {
		if strings.Contains(log, secret) {
			t.Errorf("log has %q:\n%s", secret, log)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"all interfaces":  {"-listen", ":0"},
		"any address":     {"-listen", "0.0.0.0:0"},
		"any v6 address":  {"-listen", "[::]:0"},
		"another host":    {"-listen", "192.0.2.1:0"},
		"no port":         {"-listen", "127.0.0.1"},
		"token format":    {"-token-format", "saml"},
		"empty secret":    {"-client-secret", ""},
		"stray argument":  {"serve"},
		"unknown flag":    {"-verbose"},
		"lifetime number": {"-lifetime", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Otherwise, a run that is not refused would serve until the test times out.
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var stdout bytes.Buffer
			if err := run(ctx, args, &stdout, io.Discard); err == nil || stdout.Len() > 0 {
				t.Errorf("error is %v, stdout %q", err, &stdout)
			}
		})
	}
}
