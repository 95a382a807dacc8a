// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// rfcClient returns the client of RFC 6749's examples, with the secret of §4.4.2.
func rfcClient() authserver.Client {
	return authserver.Client{
		ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Scopes: []string{"api:read", "api:write"}, Lifetime: time.Hour,
	}
}

// rfcRequest returns the example of RFC 6749 §4.4.2 with additional parameters.
func rfcRequest(more string) string {
	return `POST /token HTTP/1.1
Host: server.example.com
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials` + more
}

func newServer(t *testing.T, config authserver.Config) *authserver.Server {
	t.Helper()
	if config.Issuer == "" {
		config.Issuer = "https://server.example.com"
	}
	s, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// response is a response with its body decoded, if it is JSON.
type response struct {
	*httptest.ResponseRecorder
	document map[string]any
}

func (a response) text(t *testing.T, member string) string {
	t.Helper()
	text, ok := a.document[member].(string)
	if !ok {
		t.Fatalf("%s is %v, want a string, in %d %s", member, a.document[member], a.Code, a.Body)
	}
	return text
}

// want fails the test unless status and error code match; "" means no error.
func (a response) want(t *testing.T, status int, code string) {
	t.Helper()
	got, _ := a.document["error"].(string)
	if a.Code != status || got != code {
		t.Errorf("response is %d %q, want %d %q: %s", a.Code, got, status, code, a.Body)
	}
}

// send passes handler a request in its wire format, with LF line ends and without
// Content-Length, over a connection with the client certificates.
func send(t *testing.T, handler http.Handler, wire string, certificates ...*x509.Certificate) response {
	t.Helper()
	head, body, _ := strings.Cut(wire, "\n\n")
	head += "\nContent-Length: " + strconv.Itoa(len(body)) + "\n\n"
	head = strings.ReplaceAll(head, "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + body)))
	if err != nil {
		t.Fatalf("invalid test request: %v", err)
	}
	if len(certificates) > 0 {
		r.TLS = &tls.ConnectionState{PeerCertificates: certificates}
	}
	a := response{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(a, r)
	_ = json.Unmarshal(a.Body.Bytes(), &a.document)
	return a
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	client := func(change func(*authserver.Client)) []authserver.Client {
		c := rfcClient()
		change(&c)
		return []authserver.Client{c}
	}
	const issuer = "https://server.example.com"
	for name, config := range map[string]authserver.Config{
		"no issuer":            {},
		"relative issuer":      {Issuer: "/tenant"},
		"issuer with query":    {Issuer: issuer + "?a=b"},
		"issuer with fragment": {Issuer: issuer + "#a"},
		"assertion audience":   {Issuer: issuer, ClientAssertion: authserver.AssertionRules{Audience: "anyone"}},
		"issuer without keys":  {Issuer: issuer, TrustedIssuers: []authserver.TrustedIssuer{{Issuer: issuer}}},
		"no id":                {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.ID = "" })},
		"no secret":            {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.Secret = "" })},
		"secret without use":   {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.AuthMethod = "none" })},
		"method":               {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.AuthMethod = "digest" })},
		"Basic encoding":       {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.BasicEncoding = "hex" })},
		"place of parameters":  {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.ParametersIn = "header" })},
		"token format":         {Issuer: issuer, Clients: client(func(c *authserver.Client) { c.TokenFormat = "saml" })},
		"raw id with a colon": {Issuer: issuer, Clients: client(func(c *authserver.Client) {
			c.ID, c.BasicEncoding = "a:b", authserver.RawEncoding
		})},
		"grant of the IETF": {Issuer: issuer, Clients: client(func(c *authserver.Client) {
			c.Grants = []string{"urn:ietf:params:oauth:grant-type:device_code"}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := authserver.New(config); err == nil {
				t.Error("New accepted it")
			}
		})
	}
}
