// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// places are the values of parameters_in.
var places = []string{authserver.InForm, authserver.InJSON, authserver.InQuery}

// longSecret is long enough for HS512 (RFC 7518 section 3.2).
const longSecret = "7Fjfp0ZBr1KtDRbnfVdmIw-7Fjfp0ZBr1KtDRbnfVdmIw-7Fjfp0ZBr1KtDRbnfVdmIw"

// at has a client put its parameters in a place.
func at(place string) func(*authserver.Client) {
	return func(client *authserver.Client) { client.ParametersIn = place }
}

// mustAuthenticate gets two tokens, each with one request, and returns the requests.
func mustAuthenticate(t *testing.T, srv *authservertest.Server, block attributes) [2]authserver.Request {
	t.Helper()
	s := newSession(t).mustConfigure(block)
	for _, scope := range []string{"read", "write"} {
		if token := s.mustOpen(tokenType, attributes{"scopes": []string{scope}})["access_token"]; token == nil {
			t.Fatal("there is no token")
		}
	}
	mustCount(t, srv, 2)
	return [2]authserver.Request(srv.Requests(authserver.TokenEndpoint))
}

// mustBeFresh holds that each of two requests has an assertion of its own, which
// says what RFC 7523 section 3 asks for, and returns the first.
func mustBeFresh(t *testing.T, srv *authservertest.Server, requests [2]authserver.Request) assertion {
	t.Helper()
	first, second := clientAssertion(t, requests[0]), clientAssertion(t, requests[1])
	for _, got := range []assertion{first, second} {
		for claim, want := range map[string]any{"iss": clientID, "sub": clientID, "aud": srv.TokenURL()} {
			if got.claims[claim] != want {
				t.Errorf("%s is %v, want %v", claim, got.claims[claim], want)
			}
		}
		issued, _ := got.claims["iat"].(float64)
		if expires, _ := got.claims["exp"].(float64); expires-issued != 60 {
			t.Errorf("exp is %v s after iat, want 60", expires-issued)
		}
		if got.header["typ"] != "JWT" {
			t.Errorf("typ is %v", got.header["typ"])
		}
	}
	if id, _ := first.claims["jti"].(string); len(id) < 20 || id == second.claims["jti"] {
		t.Errorf("jti is %q and %v", id, second.claims["jti"])
	}
	return first
}

// TestPrivateKeyJWT holds that every key signs with every algorithm that suits it,
// however it is written and wherever the parameters are.
func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	algorithms := map[authservertest.KeyKind][]string{ // RFC 7518 section 3.1, RFC 8037 section 3.1
		authservertest.RSA:     {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
		authservertest.P256:    {"ES256"},
		authservertest.P384:    {"ES384"},
		authservertest.P521:    {"ES512"},
		authservertest.Ed25519: {"EdDSA"},
	}
	for kind, key := range newKeys(t) {
		for encoding, text := range encodings(t, kind, key) {
			for _, algorithm := range algorithms[kind] {
				for _, place := range places {
					t.Run(strings.Join([]string{string(kind), encoding, algorithm, place}, "/"), func(t *testing.T) {
						t.Parallel()
						id := keyID
						if !strings.HasPrefix(encoding, "JWK") {
							id = ""
						}
						srv := startServer(t, withKey(key, id), at(place))
						block := signing(srv, text, attributes{"algorithm": algorithm})
						if encoding == "JWK Set" {
							block = signing(srv, text, attributes{"algorithm": algorithm, "key_id": keyID})
						}
						block["parameters_in"] = place
						header := mustBeFresh(t, srv, mustAuthenticate(t, srv, block)).header
						if header["alg"] != algorithm {
							t.Errorf("alg is %v, want %s", header["alg"], algorithm)
						}
						if got, _ := header["kid"].(string); got != id {
							t.Errorf("kid is %q, want %q", got, id)
						}
					})
				}
			}
		}
	}
}

// TestClientSecretJWT holds that a secret signs with every algorithm.
func TestClientSecretJWT(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"HS256", "HS384", "HS512"} {
		for _, place := range places {
			t.Run(algorithm+"/"+place, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t, at(place), func(client *authserver.Client) {
					client.Secret, client.AuthMethod = longSecret, authserver.ClientSecretJWT
				})
				requests := mustAuthenticate(t, srv, providerBlock(srv, attributes{
					"client_secret":    longSecret,
					"parameters_in":    place,
					"signed_assertion": attributes{"algorithm": algorithm},
				}))
				if got := mustBeFresh(t, srv, requests).header["alg"]; got != algorithm {
					t.Errorf("alg is %v, want %s", got, algorithm)
				}
				for _, request := range requests {
					if strings.Contains(request.Target+string(request.Body), longSecret) {
						t.Error("the secret itself is sent")
					}
				}
			})
		}
	}
}

// TestMutualTLS holds that a certificate of every kind of key proves the client in
// the handshake, issued by an authority or by itself.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	for kind, key := range newKeys(t) {
		for _, place := range places {
			t.Run("tls_client_auth/"+string(kind)+"/"+place, func(t *testing.T) {
				t.Parallel()
				certificate := ca.Issue(t, key, authservertest.ClientTemplate("client"))
				mustPresent(t, startCA(t, ca, at(place)), certificate, attributes{
					"token_endpoint_auth_method": authserver.TLSClientAuth, "parameters_in": place,
				})
			})
			t.Run("self_signed_tls_client_auth/"+string(kind)+"/"+place, func(t *testing.T) {
				t.Parallel()
				certificate := selfSigned(t, key)
				mustPresent(t, startSelfSigned(t, certificate, at(place)), certificate, attributes{
					"token_endpoint_auth_method": authserver.SelfSignedTLSClientAuth, "parameters_in": place,
				})
			})
		}
	}
}

// startCA starts a server for a client whose certificate is CN=client of ca.
func startCA(t *testing.T, ca *authservertest.Authority, change ...func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	change = append(change, func(client *authserver.Client) {
		client.Secret, client.AuthMethod, client.SubjectDN = "", authserver.TLSClientAuth, "CN=client"
	})
	config := authserver.Config{Clients: []authserver.Client{exampleClient(change...)}, ClientCAs: ca.Pool()}
	return authservertest.StartMTLS(t, config, tls.RequireAndVerifyClientCert)
}

// startSelfSigned starts a server for a client with a certificate that is
// registered itself.
func startSelfSigned(t *testing.T, certificate tls.Certificate, change ...func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	change = append(change, registering(t, certificate))
	config := authserver.Config{Clients: []authserver.Client{exampleClient(change...)}}
	return authservertest.StartMTLS(t, config, tls.RequestClientCert)
}

// mustPresent holds that a certificate authenticates, and that client_id is sent
// beside it (RFC 8705 section 2).
func mustPresent(t *testing.T, srv *authservertest.Server, certificate tls.Certificate, more attributes) {
	t.Helper()
	for _, request := range mustAuthenticate(t, srv, merged(presenting(t, srv, certificate), more)) {
		if !request.Certificate.Equal(leaf(t, certificate)) {
			t.Error("another certificate was presented")
		}
		if got := parameter(t, request, "client_id"); got != clientID {
			t.Errorf("client_id is %q", got)
		}
	}
}

// TestSignedAssertionSettings holds that servers which want something else than
// the defaults get it.
func TestSignedAssertionSettings(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	certificate := selfSigned(t, key)
	tests := map[string]struct {
		rules  authserver.AssertionRules
		key    authserver.Key
		signed func(*authservertest.Server) attributes
	}{
		"issuer as the only audience": {
			rules:  authserver.AssertionRules{Audience: authserver.AudienceIssuerOnly},
			signed: func(srv *authservertest.Server) attributes { return attributes{"audience": srv.Issuer()} },
		},
		"several audiences": {
			rules: authserver.AssertionRules{Audience: authserver.AudienceIssuer},
			signed: func(srv *authservertest.Server) attributes {
				return attributes{"claims": `{"aud":["https://other.example","` + srv.Issuer() + `"]}`}
			},
		},
		"type": {
			rules:  authserver.AssertionRules{Type: "client-authentication+jwt"},
			signed: func(*authservertest.Server) attributes { return attributes{"type": "client-authentication+jwt"} },
		},
		"short lifetime": {
			rules:  authserver.AssertionRules{MaxLifetime: 10 * time.Second},
			signed: func(*authservertest.Server) attributes { return attributes{"lifetime": "9s"} },
		},
		"thumbprints of the certificate": {
			key: authserver.Key{Certificate: leaf(t, certificate)},
			signed: func(*authservertest.Server) attributes {
				return attributes{"certificate": authservertest.CertificatePEM(certificate)}
			},
		},
		"key_id beside PEM": {
			key:    authserver.Key{ID: "a/b", Public: key.Public()},
			signed: func(*authservertest.Server) attributes { return attributes{"key_id": "a/b"} },
		},
		"a claim taken away": {
			signed: func(*authservertest.Server) attributes { return attributes{"claims": `{"iat":null,"tenant":"t1"}`} },
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.key == (authserver.Key{}) {
				row.key.Public = key.Public()
			}
			client := exampleClient(withKey(key, ""))
			client.Keys = []authserver.Key{row.key}
			srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{client}, ClientAssertion: row.rules})
			mustAuthenticate(t, srv, signing(srv, authservertest.SEC1(t, key), row.signed(srv)))
		})
	}
}

// registering registers a certificate itself for a client.
func registering(t *testing.T, certificate tls.Certificate) func(*authserver.Client) {
	t.Helper()
	return func(client *authserver.Client) {
		client.Secret, client.AuthMethod = "", authserver.SelfSignedTLSClientAuth
		client.Keys = []authserver.Key{{Certificate: leaf(t, certificate)}}
	}
}
