// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
)

// special are characters that every encoding writes in its own way.
const special = ` /+&=%<>"'\?#:~é€`

// everything writes down all that a request holds, as a server would that logs
// too much, with the credentials of its Authorization header decoded too.
func everything(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	id, secret, _ := r.BasicAuth()
	decodedSecret, _ := url.QueryUnescape(secret)
	return fmt.Sprint(r.Header, " ", string(body), " ", form, " ", id, " ", secret, " ", decodedSecret)
}

// TestErrorNeverEchoes holds that a server which sends the request back, in
// whatever form, does not have it shown.
func TestErrorNeverEchoes(t *testing.T) {
	t.Parallel()
	document := func(member string, spell func(string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]any{"error": "invalid_request", member: spell(everything(r))})
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(body)
		}
	}
	text := func(contentType string, spell func(string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, spell(everything(r)))
		}
	}
	asIs := func(text string) string { return text }
	echoes := map[string]http.HandlerFunc{
		"error_description":            document("error_description", asIs),
		"error_description, end of it": document("error_description", func(text string) string { return strings.Repeat("x", 500) + text }),
		"error_description, form":      document("error_description", url.QueryEscape),
		"error_description, percent":   document("error_description", url.PathEscape),
		"error_description, HTML":      document("error_description", html.EscapeString),
		"error_description, base64":    document("error_description", func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }),
		"error_description, base64url": document("error_description", func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }),
		"error_description, quoted":    document("error_description", func(text string) string { return fmt.Sprintf("%q", text) }),
		"error_uri":                    document("error_uri", url.QueryEscape),
		"error":                        document("error", asIs),
		"message":                      document("message", asIs),
		"nested":                       document("details", func(text string) string { return `{"received":` + fmt.Sprintf("%q", text) + `}` }),
		"HTML":                         text("text/html", func(text string) string { return "<html><body>You sent " + html.EscapeString(text) + "</body></html>" }),
		"HTML, title":                  text("text/html", func(text string) string { return "<html><title>" + html.EscapeString(text) + "</title></html>" }),
		"HTML, not escaped":            text("text/html", func(text string) string { return "<html>" + text }),
		"plain text":                   text("text/plain", asIs),
		"JSON string":                  text("application/json", func(text string) string { return fmt.Sprintf("%q", text) }),
		"form":                         text("application/x-www-form-urlencoded", func(text string) string { return "error=invalid_request&error_description=" + url.QueryEscape(text) }),
	}
	for name, echo := range echoes {
		for _, method := range []string{"client_secret_basic", "client_secret_post"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.TokenEndpoint, authserver.Always, echo)
				secret, parameter, header := acctest.NewCanary("client_secret", special), acctest.NewCanary("parameter", special),
					acctest.NewCanary("header", special)
				got := newSession(t).mustConfigure(providerBlock(srv, attributes{
					"client_secret":              secret.Value,
					"token_endpoint_auth_method": method,
					"parameters":                 attributes{"api_key": parameter.Value},
					"headers":                    attributes{"X-Api-Key": header.Value},
				})).open(tokenType, nil)
				if len(got.diagnostics) == 0 {
					t.Fatal("there is no error")
				}
				acctest.Search(t, "the error", got.diagnostics.String(), secret, parameter, header)
			})
		}
	}
}

// TestAssertionEchoed holds that an assertion which the server sends back is not
// shown, wherever it was in the request.
func TestAssertionEchoed(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	for _, place := range places {
		for _, grant := range []string{authserver.ClientCredentials, authserver.JWTBearer} {
			t.Run(place+"/"+grant, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.TokenEndpoint, authserver.Always, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					authserver.OAuthError(http.StatusBadRequest, "invalid_request", "got "+everything(r))(w, r)
				}))
				claim := marked()
				block := merged(signing(srv, authservertest.PKCS8(t, key), attributes{"claims": `{"mark":"` + claim.Value + `"}`}),
					attributes{"parameters_in": place, "grant_type": grant})
				got := newSession(t).mustConfigure(block).open(tokenType, nil).diagnostics.String()
				if !strings.Contains(got, "got ") {
					t.Errorf("what the server said is not shown:\n%s", got)
				}
				acctest.Search(t, "the diagnostics", got, claim)
				request := srv.Requests(authserver.TokenEndpoint)[0]
				sent := parameter(t, request, "client_assertion") + parameter(t, request, "assertion")
				if signature := sent[strings.LastIndex(sent, ".")+1:]; strings.Contains(got, signature) {
					t.Errorf("the signature is shown:\n%s", got)
				}
			})
		}
	}
}

// TestRequestTokenEchoed holds that the bearer token with which the platform is
// asked is not shown where the platform sends it back.
func TestRequestTokenEchoed(t *testing.T) {
	t.Parallel()
	requestToken := acctest.NewCanary("request token", "-._~+/")
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	platform.Fail(authserver.GitHubActions, authserver.Always, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authserver.Respond(http.StatusForbidden, nil, "got "+r.Header.Get("Authorization"))(w, r)
	}))
	variables := jobEnvironment(platform)
	variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = requestToken.Value
	srv := startServer(t)
	got := newSession(t, environment(variables)).mustConfigure(federated(srv, gitHubRequest)).open(tokenType, nil).diagnostics.String()
	if !strings.Contains(got, "got ") {
		t.Errorf("what the platform said is not shown:\n%s", got)
	}
	requestToken.MustNotBeIn(t, "the diagnostics", got)
	mustCount(t, srv, 0)
}

// TestUnsentSecretEchoed holds that a secret which only signs, and which the server knows, is
// neither shown nor logged.
func TestUnsentSecretEchoed(t *testing.T) {
	t.Parallel()
	secret := acctest.NewCanary("client_secret", special+"-._~+/-._~+/")
	answers := map[string]http.Handler{
		"error_description": authserver.OAuthError(http.StatusBadRequest, "invalid_client", "HMAC key was "+secret.Value),
		"error":             authserver.OAuthError(http.StatusBadRequest, secret.Value, ""),
		"text":              authserver.Respond(http.StatusBadRequest, nil, "HMAC key was "+secret.Value),
		"Location":          authserver.Respond(http.StatusTemporaryRedirect, http.Header{"Location": {"https://login.example.com/" + url.PathEscape(secret.Value)}}, ""),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, answer)
			var log lockedBuffer
			s := newSession(t)
			s.ctx = log.capture(t.Context())
			block := providerBlock(srv, attributes{"client_secret": secret.Value, "token_endpoint_auth_method": "client_secret_jwt"})
			got := s.mustConfigure(block).open(tokenType, nil).diagnostics.String()
			if !strings.Contains(got, "[redacted]") {
				t.Errorf("what the server said is not shown:\n%s", got)
			}
			acctest.Search(t, "the diagnostics", got, secret)
			acctest.Search(t, "the log", log.String(), secret)
		})
	}
}

// TestAssertionForItsName holds that a token which was written where the name of its
// variable should be is neither shown nor logged.
func TestAssertionForItsName(t *testing.T) {
	t.Parallel()
	token := acctest.NewCanary("token", "-._~+/+.")
	for name, from := range map[string]attributes{
		"env":               {"env": token.Value},
		"request.url_env":   {"request": attributes{"url_env": token.Value}},
		"request.token_env": {"request": attributes{"url": "https://127.0.0.1:1/", "token_env": token.Value}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			s := newSession(t)
			s.ctx = log.capture(t.Context())
			got := s.mustConfigure(federated(startServer(t), from)).open(tokenType, nil).diagnostics
			if !got.isAbout("federated_assertion." + name) {
				t.Errorf("want one finding about federated_assertion.%s:\n%s", name, got)
			}
			token.MustNotBeIn(t, "the diagnostics", got.String())
			token.MustNotBeIn(t, "the log", log.String())
		})
	}
}

// alsoSecret are attributes that the schema does not call sensitive, as they are
// mostly not, and that somebody may write a secret into all the same.
var alsoSecret = []string{"signed_assertion.claims", "federated_assertion.request.query", "token.parameters", "claims"}

// TestCanaries plants a secret in every attribute that may hold one, new ones
// included, and holds that it is neither shown nor logged: when all is well, when
// the server breaks off, and when it refuses the request and repeats it.
func TestCanaries(t *testing.T) {
	t.Parallel()
	servers := map[string]http.Handler{ // what answers in place of the site
		"well":     nil,
		"dropped":  authserver.Drop(),
		"repeated": authserver.OAuthError(400, "invalid_request", "You sent "+repeatedHere),
		"failing":  answerJSON(503, `{"message":"You sent `+repeatedHere+`"}`),
	}
	for name, in := range blocks(t) {
		for attribute, at := range textFields(in.schema.Block.Attributes) {
			if !at.sensitive && !slices.Contains(alsoSecret, attribute) {
				continue
			}
			for answer, fault := range servers {
				t.Run(name+"/"+attribute+"/"+answer, func(t *testing.T) {
					t.Parallel()
					found := plantCanary(t, in, attribute, at, fault)
					if answer == "well" {
						found = slices.DeleteFunc(found, func(d *tfprotov6.Diagnostic) bool { return d.Summary == "DPoP token" })
						found.mustBeEmpty(t) // else dressings has to say how the attribute is used
					}
				})
			}
		}
	}
}

// plantCanary runs a block with a canary in an attribute, searches for it, and
// returns the diagnostics.
func plantCanary(t *testing.T, in block, attribute string, at textField, fault http.Handler) diagnostics {
	t.Helper()
	canary := acctest.NewCanary(attribute, "-._~+/+.") // as long as a private key of Ed25519
	site := startFaultySite(t, fault)
	value, beside := spelled(attribute, canary.Value), companions(site.URL, attribute)
	if dress := dressings[attribute]; dress != nil {
		value, beside = dress(t, canary)
	}
	config := merged(in.base(site.URL), beside, at.set(beside, value))
	var log lockedBuffer
	s := newSession(t)
	s.ctx = log.capture(t.Context())
	found := in.validate(s, config)
	if len(found) == 0 {
		found = in.run(s, config, site.URL)
	}
	acctest.Search(t, "the diagnostics", found.String(), canary)
	acctest.Search(t, "the log", log.String(), canary)
	return found
}

// startFaultySite starts a site where all but the metadata is answered by a fault, if
// there is one.
func startFaultySite(t *testing.T, fault http.Handler) *site {
	t.Helper()
	asIs := func(text string) string { return text }
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault == nil || strings.Contains(r.URL.Path, "/.well-known/") {
			s.ServeHTTP(w, r)
			return
		}
		repeating{fault, asIs}.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// dressings write a canary so that an attribute takes it, together with what the
// attribute needs beside it.
var dressings = map[string]func(*testing.T, acctest.Canary) (value string, beside attributes){
	"signed_assertion.private_key": func(_ *testing.T, canary acctest.Canary) (string, attributes) {
		return jwkOf(canary), attributes{"client_secret": nil}
	},
	"signed_assertion.private_key_passphrase": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": encryptedPEM(t, authservertest.NewKey(t, authservertest.P256), canary.Value)}}
	},
	"signed_assertion.pkcs12": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return pkcs12Of(t, keyOf(canary), ""), attributes{"client_secret": nil}
	},
	"signed_assertion.pkcs12_password": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"client_secret": nil, "signed_assertion": attributes{"pkcs12": pkcs12Of(t, keyOf(canary), canary.Value)}}
	},
	"private_key": func(_ *testing.T, canary acctest.Canary) (string, attributes) { return jwkOf(canary), nil },
	"private_key_passphrase": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"private_key": encryptedPEM(t, authservertest.NewKey(t, authservertest.P256), canary.Value)}
	},
	"pkcs12": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return pkcs12Of(t, keyOf(canary), ""), attributes{"private_key": nil}
	},
	"pkcs12_password": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"private_key": nil, "pkcs12": pkcs12Of(t, keyOf(canary), canary.Value)}
	},
	"federated_assertion.value": func(_ *testing.T, canary acctest.Canary) (string, attributes) {
		return jwtOf(fmt.Sprintf(`{"sub":%q}`, canary.Value)), attributes{"client_secret": nil}
	},
	"dpop_private_key": func(_ *testing.T, canary acctest.Canary) (string, attributes) {
		return jwkOf(canary), attributes{"dpop_bound_access_tokens": true}
	},
	"tls.client_key": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		certificate := authservertest.SelfSigned(t, keyOf(canary), authservertest.ClientTemplate("client"))
		return authservertest.PKCS8(t, keyOf(canary)), attributes{
			"tls": attributes{"client_certificate": authservertest.CertificatePEM(certificate)},
		}
	},
	"tls.client_key_passphrase": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		key := authservertest.NewKey(t, authservertest.P256)
		certificate := authservertest.SelfSigned(t, key, authservertest.ClientTemplate("client"))
		return canary.Value, attributes{
			"tls": attributes{"client_key": encryptedPEM(t, key, canary.Value), "client_certificate": authservertest.CertificatePEM(certificate)},
		}
	},
	"tls.client_pkcs12": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return pkcs12Of(t, keyOf(canary), ""), nil
	},
	"tls.client_pkcs12_password": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"tls": attributes{"client_pkcs12": pkcs12Of(t, keyOf(canary), canary.Value)}}
	},
	"cache.url": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		redis := redistest.Start(t, redistest.Options{Directives: []string{"requirepass " + canary.Value}})
		return redis.URL("", canary.Value), attributes{"cache": attributes{"type": "redis"}}
	},
	"cache.encryption_key": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"cache": attributes{"type": "file", "path": t.TempDir()}}
	},
	"proxy_url": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		proxy := authservertest.StartProxy(t, "user", canary.Value)
		return strings.Replace(proxy.URL, "//", "//"+url.UserPassword("user", canary.Value).String()+"@", 1), nil
	},
}

// jwkOf is keyOf as a JWK (RFC 8037 section 2).
func jwkOf(canary acctest.Canary) string {
	public, _ := keyOf(canary).Public().(ed25519.PublicKey)
	encode := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","d":%q,"x":%q}`, encode([]byte(canary.Value)), encode(public))
}

// keyOf is the private key of Ed25519 whose seed (RFC 8032 section 5.1.5) is a canary.
func keyOf(canary acctest.Canary) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(canary.Value))
}
