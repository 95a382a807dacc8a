// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// FuzzParseKey wants every text either to be a key that signs an assertion, or
// to be refused with an error that does not quote it.
func FuzzParseKey(f *testing.F) {
	for _, file := range []string{rsaJWK, ecJWK, ed25519JWK} {
		path := filepath.Join("testdata", "rfc", file)
		f.Add(seed(f, path), "")
		f.Add(`{"keys":[`+seed(f, path)+`]}`, "a")
	}
	for _, marker := range []string{"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "CERTIFICATE"} {
		f.Add("-----BEGIN "+marker+"-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END "+marker+"-----\n", "")
	}
	f.Fuzz(func(t *testing.T, text, id string) {
		_, err := clientauth.ParseKey(secret.New(text), id)
		if err != nil {
			// What is quoted is at most a PEM label, or the ids in a JWK Set.
			if !strings.Contains(text, "BEGIN") && !strings.Contains(text, "kid") && quotes(err.Error(), text) != "" {
				t.Errorf("the error quotes the text: %v", err)
			}
			return
		}
		assertion := clientauth.SignedAssertion{PrivateKey: secret.New(text), KeyID: id, Now: time.Now}
		if assertion.Check() != nil {
			return // its algorithm does not fit
		}
		compact, err := assertion.Assertion(t.Context())
		if err != nil {
			t.Fatalf("a key that was taken does not sign: %v", err)
		}
		if _, err := oauth2.DecodeJWT(compact.Reveal()); err != nil {
			t.Errorf("what was signed is no JWT: %v", err)
		}
	})
}

func seed(f *testing.F, file string) string {
	f.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}

// FuzzFederatedAnswer wants every answer of a platform either to yield a JWT, or
// an error that shows neither the answer's assertion nor the bearer token.
func FuzzFederatedAnswer(f *testing.F) {
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
