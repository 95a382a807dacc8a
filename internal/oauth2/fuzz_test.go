// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// planted stands for the client's secret in the responses of FuzzTokenResponse, so
// that the fuzzer can move it about.
const planted = "§"

// FuzzTokenResponse lets a token endpoint send anything, the client's secret
// included. What is taken for a token is fit for a header field and has a sane
// lifetime; what is not shows no secret.
func FuzzTokenResponse(f *testing.F) {
	const form = "application/x-www-form-urlencoded"
	for _, body := range []string{
		rfcResponse, `{"access_token":"` + rfcJWT + `"}`, `{"access_token":"a","expires_at":"2011-03-22T18:43:00Z","scope":["a b"]}`,
		`{"access_token":"a\r\nb"}`, `{"error":"invalid_client","error_description":"no § here"}`, `{"error":{"code":"§"}}`, `[{"§":1}]`,
		"\uFEFF{}", "<html><title>§</title></html>", "<p>§<p>", "§", "", `{"access_token":"a","expires_in":1e18}`,
	} {
		f.Add(200, "application/json", body)
		f.Add(400, "text/html", body)
	}
	f.Add(201, form, "access_token=a&expires_in=60")
	f.Add(400, form, "error=§&error_description=%00")
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		server := responding(status, strings.ReplaceAll(body, planted, clientSecret))
		server.response.Header = http.Header{
			"Content-Type": {strings.ReplaceAll(contentType, planted, clientSecret)},
			"Retry-After":  {contentType},
		}
		token, err := server.ask(t.Context(), oauth2.TokenRequest{})
		if err == nil {
			checkToken(t, token)
			return
		}
		failure, ok := errors.AsType[*oauth2.Error](err)
		if !ok {
			t.Fatalf("got %T: %v", err, err)
		}
		checkShown(t, failure)
		if shown := fmt.Sprintf("%+v %s", *failure, failure); strings.Contains(shown, clientSecret) {
			t.Errorf("shows the secret: %s", shown)
		}
		if failure.RetryAfter != nil && *failure.RetryAfter < 0 {
			t.Errorf("retry after %s", *failure.RetryAfter)
		}
	})
}

// checkToken checks what holds for every token.
func checkToken(t *testing.T, token *oauth2.Token) {
	t.Helper()
	text := token.AccessToken.Reveal()
	if text == "" || strings.ContainsFunc(text, func(char rune) bool { return char <= ' ' || char == 0x7f }) {
		t.Errorf("the token is %q", text)
	}
	if token.ExpiresIn < 0 || token.RefreshExpiresIn < 0 {
		t.Errorf("lifetimes of %d and %d s", token.ExpiresIn, token.RefreshExpiresIn)
	}
	if token.ExpiresIn > 0 {
		lifetime := token.ExpiresAt.Sub(token.RequestedAt)
		if difference := lifetime - time.Duration(token.ExpiresIn)*time.Second; difference.Abs() > time.Second {
			t.Errorf("%d s, but %s", token.ExpiresIn, lifetime)
		}
	}
	data, err := token.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := oauth2.UnmarshalToken(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(stored, token) {
		t.Errorf("stored as\n%+v, was\n%+v", stored, token)
	}
}

// FuzzDecodeJWT decodes anything. What is decoded comes out the same when it is
// encoded again, and an error never quotes what it was given.
func FuzzDecodeJWT(f *testing.F) {
	f.Add(rfcJWT)
	f.Add(encoded(`{"alg":"none"}`, `{"exp":1e999,"aud":["a",null]}`))
	f.Add("e30.e30.")
	f.Add("a.b.c.d.e")
	const canary = "c4n4ry"
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := oauth2.DecodeJWT(canary + token + canary); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("quotes the token: %v", err)
		}
		decoded, err := oauth2.DecodeJWT(token)
		if err != nil {
			return
		}
		again, err := oauth2.DecodeJWT(encodedPart(t, decoded.Header) + "." + encodedPart(t, decoded.Claims) + ".")
		if err != nil || !reflect.DeepEqual(again, decoded) {
			t.Errorf("got %+v, %v, then %+v", decoded, err, again)
		}
	})
}

// encodedPart is RFC 7515 section 2's base64url encoding of a JSON object.
func encodedPart(t *testing.T, object map[string]any) string {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// FuzzMetadata gives an issuer any name and document. Nothing is asked of
// another origin, and what is believed names the issuer and keeps to https.
func FuzzMetadata(f *testing.F) {
	f.Add("https://server.example.com", rfcMetadata)
	f.Add("https://example.com/issuer1", `{"issuer":"https://example.com/issuer1","token_endpoint":"http://example.com/t"}`)
	f.Add("https://tenant.auth0.com/", `{"issuer":"https://tenant.auth0.com/","token_endpoint":1}`)
	f.Add("http://[::1]:8080/a%2Fb/../c?d#e", `{"issuer":null}`)
	f.Add("urn:x", `[]`)
	f.Fuzz(func(t *testing.T, issuer, document string) {
		if issuer == "" {
			t.Skip() // there is nothing to ask, and the HTTP stack would refuse to
		}
		server := responding(http.StatusOK, document)
		metadata, err := oauth2.Discover(t.Context(), server, issuer)
		base, parseErr := url.Parse(issuer)
		for _, request := range server.asked {
			if parseErr != nil || request.URL.Scheme != base.Scheme || request.URL.Host != base.Host || request.Method != http.MethodGet {
				t.Errorf("for %q asked %s %s", issuer, request.Method, request.URL)
			}
		}
		if err != nil {
			return
		}
		if metadata.Issuer != issuer || metadata.Document["issuer"] != issuer {
			t.Errorf("asked for %q, believed %q", issuer, metadata.Document["issuer"])
		}
		if endpoint, err := metadata.EndpointFor("token_endpoint", false); err == nil && base.Scheme == "https" && !strings.HasPrefix(strings.ToLower(endpoint), "https:") {
			t.Errorf("%q has its token endpoint at %q", issuer, endpoint)
		}
		metadata.Strings("scopes_supported")
	})
}
