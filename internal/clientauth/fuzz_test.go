// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// FuzzFederatedResponse wants every response of a platform either to yield a JWT, or
// an error that shows neither the response's assertion nor the bearer token.
func FuzzFederatedResponse(f *testing.F) {
	for _, body := range []string{
		`{"value":"` + issued("job") + `"}`, issued("job"), `"` + issued("job") + `"`, `{"value":null}`, `[]`, ``, "\ufeff{}",
		`{"value":"a.b.c"}`, `{"error":"access_denied","error_description":"` + platformToken + `"}`, `<html><title>` + platformToken,
	} {
		f.Add(http.StatusOK, body)
		f.Add(http.StatusForbidden, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		server := &server{status: status, body: body}
		assertion := platform(clientauth.FederatedAssertion{Request: github(), Fetch: fetching(server)}, environment())
		text, err := assertion.Assertion(t.Context())
		if len(server.asked) != 1 {
			t.Fatalf("%d requests", len(server.asked))
		}
		if err == nil {
			if _, err := oauth2.DecodeJWT(text.Reveal()); err != nil || status < 200 || status > 299 {
				t.Errorf("status %d and the body %q yield %q", status, body, text.Reveal())
			}
			return
		}
		if strings.Contains(err.Error(), platformToken) || strings.Contains(err.Error(), issued("job")) {
			t.Errorf("the error shows a secret: %v", err)
		}
	})
}
