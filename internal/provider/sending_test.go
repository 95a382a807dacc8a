// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestSmugglingHeaders holds that one rule refuses, by its path, every header field
// that the connection decides or that could end one message and begin another.
func TestSmugglingHeaders(t *testing.T) {
	t.Parallel()
	refused := map[string]string{ // by name, with a value
		"Connection": "close", "Content-Length": "5", "content-length": "5", "Expect": "100-continue", "Host": "other.example",
		"Keep-Alive": "timeout=5", "Proxy-Authorization": "Basic eDp4", "Proxy-Connection": "close", "TE": "trailers",
		"Trailer": "Expires", "Transfer-Encoding": "chunked", "TRANSFER-ENCODING": "chunked", "Upgrade": "h2c",
		"": "1", " X": "1", "X ": "1", "X:": "1", ":path": "/", "X\tY": "1", "X\r\nY": "1", "X\x00": "1", "Größe": "1", "X(Y)": "1",
		"X-CRLF": "1\r\nY: 2", "X-CR": "1\rY: 2", "X-LF": "1\nY: 2", "X-NUL": "1\x00", "X-ESC": "\x1b[2J", "X-DEL": "\x7f", "X-Fold": "1\r\n 2",
		"X-Lead": " 1", "X-Trail": "1\t", "X-Bytes": "\xff", "X-Long": strings.Repeat("x", 64<<10),
	}
	accepted := map[string]string{
		"X-Colon": "a: b", "X_Under": "1", "X-Empty": "", "X-Tab": "a\tb", "X-Name": "Größe 👩‍🔬", "X-Quoted": `"a\"b"; c=d, e`, "Authorization": "Basic eDp4",
		"Content-Type": "text/plain", "User-Agent": "x", "Cookie": "a=b", "Accept-Encoding": "gzip", "X-Forwarded-Host": "x",
	}
	none := attributes{"authenticate": false, "url": "https://api.example.com/"}
	s := newSession(t)
	blocks := map[string]func(fields attributes) diagnostics{
		"headers": func(fields attributes) diagnostics { return s.validateProvider(attributes{"headers": fields}) },
		"request_headers": func(fields attributes) diagnostics {
			return s.validateEphemeral(requestType, merged(none, attributes{"request_headers": fields}))
		},
	}
	for attribute, validate := range blocks {
		for name, value := range refused {
			found := validate(attributes{name: value})
			if !found.isAbout(attribute) {
				t.Errorf("%s %q: %.20q is accepted, or refused elsewhere:\n%s", attribute, name, value, found)
			}
		}
		for name, value := range accepted {
			if found := validate(attributes{name: value}); len(found) > 0 {
				t.Errorf("%s %q: %q is refused:\n%s", attribute, name, value, found)
			}
		}
	}
}

// offLoopback is an address of RFC 5737, to which nothing is ever sent.
const offLoopback = "http://192.0.2.1"

// TestNoPlaintextOffLoopback holds that whatever address a request goes to, given
// or found out, nothing is sent in plaintext to another machine.
func TestNoPlaintextOffLoopback(t *testing.T) {
	t.Parallel()
	given := func(name string) func(*authservertest.Server) attributes {
		return func(srv *authservertest.Server) attributes {
			return providerBlock(srv, attributes{name: offLoopback + "/x"})
		}
	}
	discovered := func(srv *authservertest.Server) attributes {
		return attributes{"issuer": srv.Issuer(), "client_id": clientID, "client_secret": clientSecret}
	}
	tests := map[string]struct {
		metadata []authserver.Mutation
		block    func(*authservertest.Server) attributes
		use      func(*session) diagnostics
	}{
		"issuer":              {nil, given("issuer"), openToken},
		"token endpoint":      {nil, given("token_endpoint"), openToken},
		"revocation endpoint": {nil, given("revocation_endpoint"), revokeToken},
		"API":                 {nil, given("revocation_endpoint"), openRequest},
		"discovered token endpoint": {
			[]authserver.Mutation{authserver.Set("token_endpoint", offLoopback+"/x")}, discovered, openToken,
		},
		"discovered revocation endpoint": {
			[]authserver.Mutation{authserver.Set("revocation_endpoint", offLoopback+"/x")}, discovered, revokeToken,
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{exampleClient()}, Metadata: row.metadata})
			found := row.use(newSession(t).mustConfigure(row.block(srv)))
			if text := found.String(); !strings.Contains(strings.ToLower(text), "plaintext") {
				t.Errorf("the diagnostics are\n%s", text)
			}
		})
	}
}

// openToken opens a token and returns what is told.
func openToken(s *session) diagnostics { return s.open(tokenType, nil).diagnostics }

// revokeToken opens a token and revokes it.
func revokeToken(s *session) diagnostics {
	resource := s.open(tokenType, attributes{"revoke_on_close": true})
	resource.diagnostics.mustBeEmpty(s.t)
	return closeToken(s, resource)
}

// openRequest sends a request without a token.
func openRequest(s *session) diagnostics {
	return s.open(requestType, attributes{"url": offLoopback + "/x", "authenticate": false}).diagnostics
}

// TestCredentialsArriveIntact holds that every character which RFC 6749 appendix A
// lets an id and a secret have, and those beyond ASCII that servers allow all the
// same, reach the server by each method and in each encoding. The server decodes
// by its own reading of the RFC, and refuses what differs.
func TestCredentialsArriveIntact(t *testing.T) {
	t.Parallel()
	ways := map[string]struct{ method, encoding string }{
		"client_secret_basic, form": {authserver.ClientSecretBasic, authserver.FormEncoding},
		"client_secret_basic, raw":  {authserver.ClientSecretBasic, authserver.RawEncoding},
		"client_secret_post":        {authserver.ClientSecretPost, ""},
	}
	for name, way := range ways {
		for _, text := range credentials() {
			t.Run(fmt.Sprintf("%s/%q", name, text), func(t *testing.T) {
				t.Parallel()
				id, secret := "id "+text, text+" secret"
				if way.encoding == authserver.RawEncoding {
					id = strings.ReplaceAll(id, ":", ";") // RFC 7617 section 2 leaves no way
				}
				srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{
					{ID: id, Secret: secret, AuthMethod: way.method, BasicEncoding: way.encoding},
				}})
				block := attributes{
					"token_endpoint": srv.TokenURL(), "client_id": id, "client_secret": secret, "token_endpoint_auth_method": way.method,
				}
				if way.encoding != "" {
					block["client_secret_basic_encoding"] = way.encoding
				}
				newSession(t).mustConfigure(block).mustOpen(tokenType, nil)
			})
		}
	}
}

// credentials lists every printable ASCII character that is no letter or digit,
// all of them together, and others.
func credentials() []string {
	var texts []string
	for char := ' '; char <= '~'; char++ {
		if !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", char) {
			texts = append(texts, string(char))
		}
	}
	return append(texts, strings.Join(texts, ""), "%41%zz+%2B", "äöü ß é", "日本語", "🔑", "é", "€:£", `\u0041`)
}
