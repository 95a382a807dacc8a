// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// sources are where a client can be configured, in their order of precedence.
var sources = []string{"block", "provider", "environment"}

// threeServers has an authorization server for each source, under a path of its
// name, that grants whatever it is asked for.
type threeServers struct {
	*httptest.Server

	mu   sync.Mutex
	seen []*http.Request
}

func startThreeServers(t *testing.T) *threeServers {
	t.Helper()
	servers := &threeServers{}
	servers.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		servers.mu.Lock()
		servers.seen = append(servers.seen, r)
		servers.mu.Unlock()
		issuer, found := strings.CutPrefix(r.URL.Path, "/.well-known/oauth-authorization-server")
		response := map[string]any{"access_token": "token", "token_type": "Bearer", "expires_in": 3600}
		if found {
			at := servers.URL + issuer
			method := "client_secret_basic"
			if issuer == "/block" {
				method = "client_secret_post"
			}
			response = map[string]any{
				"issuer": at, "token_endpoint": at + "/token", "revocation_endpoint": at + "/revoke",
				"token_endpoint_auth_methods_supported": []string{method},
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(response)
	}))
	t.Cleanup(servers.Close)
	return servers
}

// source is what one source sets.
type source struct{ issuer, tokenEndpoint, revocationEndpoint, secret bool }

// attributes of a source called name.
func (s source) attributes(base, name string) attributes {
	set := attributes{}
	for attribute, value := range map[string]struct {
		set   bool
		value string
	}{
		"issuer":              {s.issuer, base + "/" + name},
		"token_endpoint":      {s.tokenEndpoint, base + "/" + name + "/token"},
		"revocation_endpoint": {s.revocationEndpoint, base + "/" + name + "/revoke"},
		"client_secret":       {s.secret, "secret-of-" + name},
	} {
		if value.set {
			set[attribute] = value.value
		}
	}
	return set
}

// TestUnits: whatever block, provider block and environment set, every request goes
// to the server of one source, the first that names one, with the secret of the
// first source that has one. A revocation endpoint alone names no server; it
// completes that of a later source.
func TestUnits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // the seed repeats a case
			coin := func() bool { return random.IntN(2) == 0 }
			servers, set := startThreeServers(t), map[string]source{}
			for _, name := range sources {
				set[name] = source{coin(), coin(), coin(), coin()}
			}
			variables := map[string]string{}
			for name, value := range set["environment"].attributes(servers.URL, "environment") {
				variables["OAUTH2CC_"+strings.ToUpper(name)] = fmt.Sprint(value)
			}
			s := newSession(t, environment(variables)).mustConfigure(
				merged(attributes{"client_id": clientID}, set["provider"].attributes(servers.URL, "provider")))
			opened := s.open(tokenType, merged(attributes{"revoke_on_close": true}, set["block"].attributes(servers.URL, "block")))
			if opened.Private != nil {
				s.close(t.Context(), opened).mustBeEmpty(t)
			}
			holdUnits(t, servers, set)
		})
	}
}

// holdUnits checks what was sent against what the sources set.
func holdUnits(t *testing.T, servers *threeServers, set map[string]source) {
	t.Helper()
	first := func(names func(source) bool) int {
		return slices.IndexFunc(sources, func(name string) bool { return names(set[name]) })
	}
	server := first(func(s source) bool { return s.issuer || s.tokenEndpoint })
	credentials := first(func(s source) bool { return s.secret })
	if server < 0 && len(servers.seen) > 0 {
		t.Errorf("no source names a server, and %s was requested", servers.seen[0].URL)
		return
	}
	for _, request := range servers.seen {
		permitted := []string{sources[server]}
		if revocation := first(func(s source) bool { return s.revocationEndpoint }); strings.HasSuffix(request.URL.Path, "/revoke") && revocation >= 0 && revocation < server {
			permitted = []string{sources[revocation]}
		}
		path := strings.TrimPrefix(request.URL.Path, "/.well-known/oauth-authorization-server")
		if name := strings.Split(path, "/")[1]; !slices.Contains(permitted, name) {
			t.Errorf("%s was requested, with %+v", request.URL, set)
		}
		_, secret, _ := (&http.Request{Header: request.Header}).BasicAuth()
		if posted := request.PostForm.Get("client_secret"); posted != "" {
			secret = posted
		}
		if secret != "" && secret != "secret-of-"+sources[credentials] {
			t.Errorf("%s received %s, with %+v", request.URL, secret, set)
		}
		if usesPost := request.PostForm.Get("client_secret") != ""; secret != "" && usesPost != (sources[server] == "block" && set["block"].issuer) {
			t.Errorf("%s was authenticated by the metadata of another server, with %+v", request.URL, set)
		}
	}
}

// TestCertificateOutranksEnvironment: a client that is configured with a
// certificate does not send a secret that happens to be exported, unless the
// configuration names a method that uses it.
func TestCertificateOutranksEnvironment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		block attributes // of the provider
		own   attributes // of the ephemeral resource
		basic bool
	}{
		"inferred":                 {nil, nil, false},
		"a method of the provider": {attributes{"token_endpoint_auth_method": "client_secret_basic"}, nil, true},
		"a method of the block":    {nil, attributes{"token_endpoint_auth_method": "client_secret_basic"}, true},
		"a secret of the provider": {attributes{"client_secret": clientSecret}, nil, true},
		"a secret of the block":    {nil, attributes{"client_secret": clientSecret}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := x509.NewCertPool()
			srv := authservertest.StartMTLS(t, authserver.Config{Clients: []authserver.Client{exampleClient()}, ClientCAs: ca}, tls.RequestClientCert)
			s := newSession(t, environment(map[string]string{
				"OAUTH2CC_CLIENT_SECRET": clientSecret, "OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic",
			}))
			s.mustConfigure(merged(presenting(t, srv, selfSigned(t, authservertest.NewKey(t, authservertest.P256))), test.block))
			s.open(tokenType, test.own)
			requests := srv.Requests(authserver.TokenEndpoint)
			basic := slices.ContainsFunc(requests, func(r authserver.Request) bool { return r.Header.Get("Authorization") != "" })
			if basic != test.basic {
				t.Errorf("HTTP Basic was sent: %t, want %t", basic, test.basic)
			}
		})
	}
}

// TestCredentialsElsewhereOutrankEnvironment: a credential in parameters or headers is
// not joined by a secret that happens to be exported (RFC 6749 section 2.3).
func TestCredentialsElsewhereOutrankEnvironment(t *testing.T) {
	t.Parallel()
	assertion := attributes{"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": "a.b.c"}
	for name, block := range map[string]attributes{
		"client_assertion": {"parameters": assertion},
		"client_secret":    {"parameters": attributes{"client_secret": "configured"}},
		"Authorization":    {"headers": attributes{"authorization": "Basic Y29uZmlndXJlZDo="}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			s := newSession(t, environment(map[string]string{"OAUTH2CC_CLIENT_SECRET": clientSecret}))
			s.mustConfigure(merged(attributes{"client_id": clientID, "token_endpoint": srv.TokenURL()}, block)).open(tokenType, nil)
			request := sent(t, srv)
			if _, secret, _ := (&http.Request{Header: request.Header}).BasicAuth(); secret == clientSecret {
				t.Error("the environment's secret was sent too")
			}
		})
	}
}

// TestMethodOfEnvironmentMayNotApply: a block may bring credentials that the method of
// the environment does not use, so that the provider block needs none for it.
func TestMethodOfEnvironmentMayNotApply(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(key, ""))
	s := newSession(t, environment(map[string]string{"OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD": "tls_client_auth"}))
	block := attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID}
	s.validateProvider(block).mustBeEmpty(t)
	s.mustConfigure(block).mustOpen(tokenType, attributes{"signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}})
}

// TestAssertionInQueryIsTheGrant: the query of the token endpoint may name it too.
func TestAssertionInQueryIsTheGrant(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(key, ""))
	s := newSession(t).mustConfigure(merged(signing(srv, authservertest.PKCS8(t, key)), attributes{"token_endpoint": srv.TokenURL() + "?assertion=granted"}))
	s.open(tokenType, attributes{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"})
	if form := sent(t, srv).Form(); len(form["client_assertion"]) != 1 || form.Has("assertion") {
		t.Error("the client did not authenticate with its assertion, or sent it as the grant as well")
	}
}

// TestAssertionParameterIsTheGrant: where a parameter is the assertion of the JWT
// bearer grant, the signed assertion authenticates the client (RFC 7521 section
// 4.1).
func TestAssertionParameterIsTheGrant(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(key, ""))
	s := newSession(t).mustConfigure(signing(srv, authservertest.PKCS8(t, key)))
	s.open(tokenType, attributes{
		"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "parameters": attributes{"assertion": "granted"},
	})
	form := sent(t, srv).Form()
	if got := form["assertion"]; !slices.Equal(got, []string{"granted"}) {
		t.Errorf("assertion is %q", got)
	}
	if len(form["client_assertion"]) != 1 {
		t.Error("the client did not authenticate with its assertion")
	}
}

// TestAssertionOfTheBlock holds that a block's assertion takes the place of the
// provider's, of whichever kind.
func TestAssertionOfTheBlock(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	t.Run("federated over signed", func(t *testing.T) {
		t.Parallel()
		platform, srv := startFederated(t, "api://as")
		s := newSession(t, environment(map[string]string{"IDENTITY": token(t, platform, "api://as")}))
		s.mustConfigure(signing(srv, key))
		s.mustOpen(tokenType, attributes{"federated_assertion": attributes{"env": "IDENTITY"}})
		mustCount(t, srv, 1)
	})
	t.Run("signed over federated", func(t *testing.T) {
		t.Parallel()
		own := authservertest.NewKey(t, authservertest.Ed25519)
		srv := startServer(t, withKey(own, ""))
		s := newSession(t).mustConfigure(federated(srv, attributes{"env": "IDENTITY"}))
		s.mustOpen(tokenType, signedBy(authservertest.PKCS8(t, own)))
		mustCount(t, srv, 1)
	})
	t.Run("secret over signed", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		s := newSession(t).mustConfigure(signing(srv, key))
		s.mustOpen(tokenType, attributes{"client_id": clientID, "client_secret": clientSecret})
		mustCount(t, srv, 1)
	})
	t.Run("secret over secret keeps the method", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t, func(c *authserver.Client) { c.AuthMethod = authserver.ClientSecretPost })
		provided := attributes{"client_secret": "another", "token_endpoint_auth_method": "client_secret_post"}
		s := newSession(t).mustConfigure(providerBlock(srv, provided))
		s.mustOpen(tokenType, attributes{"client_secret": clientSecret})
		mustCount(t, srv, 1)
	})
}

// TestServerOfTheBlock holds that a block which names another issuer sends nothing
// to the provider's server.
func TestServerOfTheBlock(t *testing.T) {
	t.Parallel()
	theirs, ours := startServer(t), startServer(t)
	s := newSession(t).mustConfigure(providerBlock(theirs))
	s.mustOpen(tokenType, attributes{"issuer": ours.Issuer()})
	mustCount(t, theirs, 0)
	mustCount(t, ours, 1)
}

// TestOneRequestAfterRefusal holds that whatever the method, a client that is
// refused is refused once: nothing is tried in another way.
func TestOneRequestAfterRefusal(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	own := selfSigned(t, key)
	issued := authservertest.NewAuthority(t).Issue(t, key, authservertest.ClientTemplate("client"))
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	identity := token(t, platform, "https://as.example")
	certified := func(certificate tls.Certificate) attributes {
		return attributes{"client_certificate": authservertest.CertificatePEM(certificate), "client_key": pkcs8(t, certificate)}
	}
	signed := attributes{"signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}}
	tests := map[string]attributes{
		authserver.ClientSecretBasic:       {"client_secret": clientSecret},
		authserver.ClientSecretPost:        {"client_secret": clientSecret},
		authserver.ClientSecretJWT:         {"client_secret": longSecret},
		authserver.PrivateKeyJWT:           signed,
		authserver.TLSClientAuth:           {"tls": certified(issued)},
		authserver.SelfSignedTLSClientAuth: {"tls": certified(own)},
		authserver.None:                    {},
		"federated":                        {"federated_assertion": attributes{"env": "IDENTITY"}, "token_endpoint_auth_method": authserver.PrivateKeyJWT},
		"JWT bearer":                       merged(signed, attributes{"grant_type": authserver.JWTBearer, "token_endpoint_auth_method": authserver.None}),
	}
	for method, block := range tests {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(http.StatusUnauthorized, "invalid_client", ""))
			connection, _ := block["tls"].(attributes)
			block := merged(attributes{"issuer": srv.Issuer(), "client_id": clientID, "token_endpoint_auth_method": method}, block,
				attributes{"tls": merged(connection, attributes{"ca_certificate": srv.CAPEM})})
			s := newSession(t, environment(map[string]string{"IDENTITY": identity})).mustConfigure(block)
			if got := s.open(tokenType, nil).diagnostics.String(); !strings.Contains(got, "invalid_client") {
				t.Errorf("the diagnostics are\n%s", got)
			}
			mustCount(t, srv, 1)
		})
	}
}
