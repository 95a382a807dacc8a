// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Whole requests of every method are in ../oauth2/testdata/requests.

// authenticated returns a request that auth has worked on.
func authenticated(t *testing.T, auth oauth2.ClientAuth) *oauth2.RequestBuilder {
	t.Helper()
	request := &oauth2.RequestBuilder{Header: http.Header{}}
	if err := auth.Authenticate(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	return request
}

// sent lists a request's parameters.
func sent(request *oauth2.RequestBuilder) []string {
	var pairs []string
	for _, param := range request.Params {
		pairs = append(pairs, param.Name+"="+param.Value.Reveal())
	}
	return pairs
}

func TestBasic(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ id, secret, encoding, want string }{
		"RFC 6749 section 2.3.1": {"s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", "", "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"},
		"RFC 6749 section 4.4.2": {"s6BhdRkqt3", "gX1fBat3bV", "form", "czZCaGRSa3F0MzpnWDFmQmF0M2JW"},
		"RFC 7617 section 2":     {"Aladdin", "open sesame", "raw", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		"RFC 7617 section 2.1":   {"test", "123£", "raw", "dGVzdDoxMjPCow=="},
		"colon in the id":        {"a:b", "c:d", "form", "YSUzQWI6YyUzQWQ="},               // a%3Ab:c%3Ad
		"colon in the secret":    {"a", "c:d", "raw", "YTpjOmQ="},                          // a:c:d
		"XSUAA's id, form":       {"sb-x|app!t1", "y", "form", "c2IteCU3Q2FwcCUyMXQxOnk="}, // sb-x%7Capp%21t1:y
		"XSUAA's id, raw":        {"sb-x|app!t1", "y", "raw", "c2IteHxhcHAhdDE6eQ=="},
		"unreserved stay":        {"A-z_0.9~", "x", "form", "QS16XzAuOX46eA=="},
		"space is a plus":        {"a b", "c d", "form", "YStiOmMrZA=="}, // a+b:c+d
		"plus is not":            {"a+b", "c", "form", "YSUyQmI6Yw=="},   // a%2Bb:c
		"empty id":               {"", "x", "", "Ong="},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := authenticated(t, clientauth.Basic{ClientID: test.id, ClientSecret: secret.New(test.secret), Encoding: test.encoding})
			if got := request.Header.Get("Authorization"); got != "Basic "+test.want {
				decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(got, "Basic "))
				t.Errorf("got %s (%s)", got, decoded)
			}
			if len(request.Params) != 0 {
				t.Errorf("parameters %q as well", sent(request))
			}
		})
	}
}

// TestEveryCharacterArrives sends each character as a server would read it, by
// the rules of RFC 6749 section 2.3.1 and RFC 7617 section 2.
func TestEveryCharacterArrives(t *testing.T) {
	t.Parallel()
	var every strings.Builder
	for char := rune(0x20); char < 0x17f; char++ {
		every.WriteRune(char)
	}
	every.WriteString("€😀\u200b\ufeff")
	password := every.String()
	id := strings.ReplaceAll(password, ":", "")
	for _, encoding := range clientauth.BasicEncodings() {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			request := authenticated(t, clientauth.Basic{ClientID: id, ClientSecret: secret.New(password), Encoding: encoding})
			arrived := http.Request{Header: request.Header}
			gotID, gotPassword, ok := arrived.BasicAuth()
			if encoding == clientauth.BasicEncodingForm {
				gotID, gotPassword = formDecoded(t, gotID), formDecoded(t, gotPassword)
			}
			if !ok || gotID != id || gotPassword != password {
				t.Errorf("arrived as %q and %q", gotID, gotPassword)
			}
		})
	}
}

func formDecoded(t *testing.T, text string) string {
	t.Helper()
	decoded, err := url.QueryUnescape(text)
	if err != nil {
		t.Error(err)
	}
	return decoded
}

func TestParameters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		auth oauth2.ClientAuth
		want []string
	}{
		"post":                {clientauth.Post{ClientID: "a b", ClientSecret: secret.New("c&d")}, []string{"client_id=a b", "client_secret=c&d"}},
		"none":                {clientauth.IDOnly{ClientID: "a"}, []string{"client_id=a"}},
		"none, without an id": {clientauth.IDOnly{}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := authenticated(t, test.auth)
			if got := sent(request); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if len(request.Header) != 0 {
				t.Errorf("header fields %v as well", request.Header)
			}
			for _, param := range request.Params {
				if param.Public == (param.Name == "client_secret") {
					t.Errorf("%s may be shown: %t", param.Name, param.Public)
				}
			}
		})
	}
}
