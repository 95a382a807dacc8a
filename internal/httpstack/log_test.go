// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// recorder is a logger that keeps the records of every level as text.
func recorder() (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.Level(-100)})), &out
}

// records decodes what a recorder kept, without the time of each record.
func records(t *testing.T, out *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for decoder := json.NewDecoder(out); ; {
		var one map[string]any
		if err := decoder.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		delete(one, "time")
		all = append(all, one)
	}
}

func wantRecord(t *testing.T, got, want map[string]any) {
	t.Helper()
	if !maps.EqualFunc(got, want, func(a, b any) bool { return jsonText(t, a) == jsonText(t, b) }) {
		t.Errorf("record is\n%s, want\n%s", jsonText(t, got), jsonText(t, want))
	}
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ticking is a clock that is a second later at each look.
func ticking() func() time.Time {
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func TestLogOfAnAnswer(t *testing.T) {
	t.Parallel()
	server := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "body")
	})
	logger, out := recorder()
	client := newClient(t, httpstack.Config{Logger: logger, Now: ticking()})
	_, err := client.Do(t.Context(), httpstack.Request{
		Method: "POST", URL: parse(t, server.URL+"/token?x=y"), Endpoint: "token", Parameters: []string{"grant_type", "scope"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := records(t, out)
	if len(got) != 2 {
		t.Fatalf("%d records, want 2: %v", len(got), got)
	}
	wantRecord(t, got[0], map[string]any{
		"level": "DEBUG", "msg": "sending HTTP request", "endpoint": "token", "method": "POST",
		"url": server.URL + "/token", "parameters": []string{"grant_type", "scope"},
	})
	wantRecord(t, got[1], map[string]any{
		"level": "DEBUG", "msg": "received HTTP response", "endpoint": "token", "method": "POST",
		"url": server.URL + "/token", "status": 400, "bytes": 4, "duration": time.Second,
	})
}

func TestLogOfAFailure(t *testing.T) {
	t.Parallel()
	logger, out := recorder()
	address := "http://" + closedAddress(t)
	client := newClient(t, httpstack.Config{Logger: logger, Now: ticking()})
	_, err := client.Do(t.Context(), httpstack.Request{Method: "GET", URL: parse(t, address+"/x?y"), Endpoint: "metadata"})
	wantFailure(t, err, httpstack.Refused, false)
	got := records(t, out)
	if len(got) != 2 {
		t.Fatalf("%d records, want 2: %v", len(got), got)
	}
	wantRecord(t, got[1], map[string]any{
		"level": "DEBUG", "msg": "HTTP request failed", "endpoint": "metadata", "method": "GET", "url": address + "/x",
		"kind": "no connection", "detail": asError(t, err).Detail, "sent": false, "duration": time.Second,
	})
}

// Every place of a request and a response that can hold a secret holds a canary.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	responses := map[string]string{
		"success":        "HTTP/1.1 200 OK\r\nX-Request-Id: id\r\nSet-Cookie: a=canary\r\nContent-Length: 6\r\n\r\ncanary",
		"status text":    "HTTP/1.1 400 canary\r\nContent-Length: 6\r\n\r\ncanary",
		"redirect":       "HTTP/1.1 307 x\r\nLocation: https://user:canary@b.example/?canary#canary\r\nContent-Length: 0\r\n\r\n",
		"other origin":   "HTTP/1.1 307 x\r\nLocation: https://b.example/?canary#canary\r\nContent-Length: 0\r\n\r\n",
		"refused proxy":  "HTTP/1.1 407 canary\r\nProxy-Authenticate: Basic realm=canary\r\nContent-Length: 6\r\n\r\ncanary",
		"not HTTP":       "canary\r\n\r\n",
		"cut":            "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\ncanary",
		"header garbage": "HTTP/1.1 200 OK\r\ncanary\r\n\r\n",
	}
	for name, response := range responses {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+", "+scheme, func(t *testing.T) {
				t.Parallel()
				logger, out := recorder()
				client := newClient(t, httpstack.Config{
					ProxyURL:           secret.New("http://user:canary@" + serveText(t, response)),
					AllowPlaintextHTTP: true,
					UserAgent:          "canary",
					Logger:             logger,
				})
				_, err := client.Do(t.Context(), httpstack.Request{
					Method: "POST",
					URL:    parse(t, scheme+"://as.example/token?a=canary#canary"),
					Header: http.Header{"Authorization": {"Basic canary"}, "X-Api-Key": {"canary"}},
					Body:   []byte("client_secret=canary"),
				})
				text := out.String()
				if err != nil {
					text += err.Error()
				}
				if strings.Contains(text, "canary") || strings.Contains(text, "Y2FuYXJ5") { // the same in base64
					t.Errorf("log or error shows a secret: %s", text)
				}
				if !strings.Contains(out.String(), "as.example/token") {
					t.Errorf("log does not say where the request went: %s", out)
				}
			})
		}
	}
}
