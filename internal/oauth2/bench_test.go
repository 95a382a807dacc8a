// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
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
	methods := map[string]oauth2.ClientAuth{
		"client_secret_basic": basic(clientID, clientSecret, ""),
		"client_secret_post":  post(clientID, clientSecret),
		"none":                clientauth.IDOnly{ClientID: clientID},
	}
	for name, auth := range methods {
		for _, place := range []oauth2.ParametersIn{oauth2.InForm, oauth2.InJSON} {
			b.Run(name+"/"+string(place), func(b *testing.B) {
				client := oauth2.Client{HTTP: unsent{}, Auth: auth}
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
}

// received is a network that always brings the same response.
type received struct{ response *httpstack.Response }

func (r received) Do(context.Context, httpstack.Request) (*httpstack.Response, error) {
	return r.response, nil
}

func BenchmarkAnswer(b *testing.B) {
	responses := map[string]struct {
		status int
		body   string
	}{
		"opaque": {http.StatusOK, rfcResponse},
		"JWT":    {http.StatusOK, `{"access_token":"` + rfcJWT + `","token_type":"Bearer"}`}, // its exp is read
		"error":  {http.StatusUnauthorized, `{"error":"invalid_client","error_description":"no such client"}`},
		"page":   {http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"},
	}
	for name, response := range responses {
		b.Run(name, func(b *testing.B) {
			client := oauth2.Client{Auth: clientauth.IDOnly{}, HTTP: received{&httpstack.Response{
				StatusCode: response.status, Header: http.Header{"Content-Type": {"application/json"}},
				Body: []byte(response.body), RequestedAt: requestedAt,
			}}}
			b.ReportAllocs()
			b.SetBytes(int64(len(response.body)))
			for b.Loop() {
				_, err := client.Token(b.Context(), oauth2.TokenRequest{Endpoint: tokenURL})
				if (err == nil) != (response.status == http.StatusOK) {
					b.Fatal(err)
				}
			}
		})
	}
}
