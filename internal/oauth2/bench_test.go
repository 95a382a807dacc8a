// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// The benchmarks of this package take what happens on this side of the network:
// a request is built up to where it would be sent, and a response is read from
// where it was received. What a round trip costs beside them is measured in
// package tokensource.

var errNotSent = errors.New("not sent")

// unsent is a network that takes no request.
type unsent struct{}

func (unsent) Do(context.Context, httpstack.Request) (*httpstack.Response, error) {
	return nil, errNotSent
}

func BenchmarkRequest(b *testing.B) {
	for _, place := range []oauth2.ParametersIn{oauth2.InForm, oauth2.InJSON} {
		b.Run("in="+string(place), func(b *testing.B) {
			client := oauth2.Client{HTTP: unsent{}, Auth: basic(clientID, clientSecret, "")}
			request := oauth2.TokenRequest{
				Endpoint: tokenURL, GrantType: "client_credentials", ParametersIn: place,
				Scopes: []string{"orders:read", "orders:write"}, Resources: []string{"https://api.example.com/"},
				Parameters: secrets(map[string]string{"tenant": "acme"}),
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Token(b.Context(), request); !errors.Is(err, errNotSent) {
					b.Fatal(err)
				}
			}
		})
	}
}

// received is a network that always brings the same response.
type received struct{ response *httpstack.Response }

func (r received) Do(context.Context, httpstack.Request) (*httpstack.Response, error) {
	return r.response, nil
}

func BenchmarkResponse(b *testing.B) {
	for _, response := range []struct {
		name   string
		status int
		body   string
	}{
		{"opaque", http.StatusOK, rfcResponse},
		{"JWT", http.StatusOK, `{"access_token":"` + rfcJWT + `","token_type":"Bearer"}`}, // its exp is read
		{"error", http.StatusUnauthorized, `{"error":"invalid_client","error_description":"no such client"}`},
	} {
		b.Run("body="+response.name, func(b *testing.B) {
			client := oauth2.Client{Auth: clientauth.IDOnly{}, HTTP: received{&httpstack.Response{
				StatusCode: response.status, Header: http.Header{"Content-Type": {"application/json"}},
				Body: []byte(response.body), RequestedAt: requestedAt,
			}}}
			b.ReportAllocs()
			for b.Loop() {
				_, err := client.Token(b.Context(), oauth2.TokenRequest{Endpoint: tokenURL})
				if (err == nil) != (response.status == http.StatusOK) {
					b.Fatal(err)
				}
			}
		})
	}
}

// errorPage is a response of 1 MiB that is no token, and echoes a secret.
type errorPage struct {
	name, body string
	// shown is how the excerpt begins.
	shown string
	// most is how many bytes reading it may allocate.
	most uint64
}

func errorPages() []errorPage {
	const size = 1 << 20
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	return []errorPage{
		{"html", "<html><head><title>502 Bad Gateway</title></head><body>" + fill("<p>"+clientSecret+" &amp; more ") + "</body></html>", "502 Bad Gateway", 4 * size},
		{"text", fill("the client " + clientSecret + " is not allowed to use this grant. "), "the client [redacted] is not allowed to use this grant. the client [redacted] is", 4 * size},
		{"base64", fill("U3BseGxPQmVaUVFZYllTNld4U2JJQWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"), "U3BseGxPQmVaUVFZYllTNld4U2JJQWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4U3Bs", 4 * size},
		{
			"json", `{"detail":"` + clientSecret + `","elements":[` + fill(`"the value of one element",`) + `"end"]}`,
			`{"detail":"[redacted]","elements":["the value of one element","the value of one element",`, 16 * size,
		},
		{"many numbers", `{"detail":"` + clientSecret + `","elements":[` + fill("0,") + `0],"zone":1}`, `{"detail":"[redacted]","elements":[0,0,0,`, 12 * size},
		{"many objects", `[` + fill("{},") + `0]`, `[{},{},{},`, 12 * size},
		{"many strings", `[` + fill(`"",`) + `0]`, `["","","",`, 12 * size},
		{"many lines", fill("[0,0]\n"), `[0,0] [0,0] [0,0]`, 4 * size},
		{"many objects, then text", `[` + fill("{},") + `0] 502 Bad Gateway`, `[{},{},{},`, 4 * size},
		{"long string", `{"a":1,"b":"` + fill(clientSecret+" ") + `"}`, `{"a":1,"b":"…"}`, 12 * size},
		{"just small", `[` + strings.Repeat(`{"a":"b"},`, 9_999) + `0]`, `[{"a":"b"},{"a":"b"},`, 16 * size},
	}
}

func (p errorPage) read() *oauth2.Error {
	return oauth2.ReadError("token endpoint", &httpstack.Response{
		StatusCode: http.StatusBadGateway, Body: []byte(p.body), Secrets: []secret.String{secret.New(clientSecret)}, RequestedAt: requestedAt,
	})
}

func BenchmarkErrorPage(b *testing.B) {
	for _, page := range errorPages() {
		b.Run("body="+page.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = page.read()
			}
		})
	}
}

// TestErrorPageIsReadInPart: what is not shown of a page is not redacted. No other test
// may run beside it.
func TestErrorPageIsReadInPart(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	for _, page := range errorPages() {
		_ = page.read()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		failure := page.read()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > page.most {
			t.Errorf("%s: allocated %d bytes, want at most %d", page.name, got, page.most)
		}
		if !strings.HasPrefix(failure.Excerpt, page.shown) || strings.Contains(failure.Excerpt, clientSecret) {
			t.Errorf("%s: got %q, want %q first", page.name, failure.Excerpt, page.shown)
		}
	}
}
