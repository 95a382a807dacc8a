// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// startBound starts a server that binds the tokens of its client to a key. It verifies
// each proof, and refuses one that it has seen before.
func startBound(t *testing.T, nonces bool, change func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	registered := authserver.Client{
		ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", DPoPBound: true, Scopes: []string{"api:read"}, Lifetime: time.Hour, RefreshLifetime: time.Hour,
	}
	if change != nil {
		change(&registered)
	}
	return authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{registered},
		DPoP:    authserver.DPoPRules{TokenNonce: nonces, APINonce: nonces},
	})
}

// bound is the client that startBound registers.
func bound(srv *authservertest.Server) tokensource.ClientConfig {
	config := client()
	config.TokenEndpoint, config.DPoPBoundAccessTokens = srv.TokenURL(), true
	return config
}

// realSource returns a source that uses the network.
func realSource(t *testing.T, store tokencache.Store) *tokensource.Source {
	t.Helper()
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.CloseIdleConnections)
	return tokensource.New(tokensource.Config{HTTP: stack, Cache: tokensource.Cache{Store: store}})
}

// TestBoundToken gets a token, renews it, and gets another one, with each kind of request
// that a proof must go with.
func TestBoundToken(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.RSA)
	tests := map[string]struct {
		register func(*authserver.Client)
		change   func(*tokensource.ClientConfig)
	}{
		"secret": {},
		"RSA key": {nil, func(c *tokensource.ClientConfig) {
			c.DPoPPrivateKey = secret.New(authservertest.PKCS1(t, key))
		}},
		"P-384 key": {nil, func(c *tokensource.ClientConfig) {
			c.DPoPPrivateKey = secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P384)))
		}},
		"Ed25519 key": {nil, func(c *tokensource.ClientConfig) {
			c.DPoPPrivateKey = secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.Ed25519)))
		}},
		"signed assertion": {
			func(c *authserver.Client) {
				c.Secret, c.AuthMethod, c.Keys = "", authserver.PrivateKeyJWT, []authserver.Key{{Public: key.Public()}}
			},
			func(c *tokensource.ClientConfig) {
				c.ClientSecret, c.SignedAssertion = secret.String{}, &clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(authservertest.PKCS8(t, key))}}
			},
		},
		"parameters in the query": {
			func(c *authserver.Client) { c.ParametersIn = authserver.InQuery },
			func(c *tokensource.ClientConfig) { c.Request.ParametersIn = oauth2.InQuery },
		},
		"parameters in JSON": {
			func(c *authserver.Client) { c.ParametersIn = authserver.InJSON },
			func(c *tokensource.ClientConfig) { c.Request.ParametersIn = oauth2.InJSON },
		},
		"verbatim body": {nil, func(c *tokensource.ClientConfig) {
			c.Request.Body = secret.New("grant_type=client_credentials")
		}},
	}
	for name, test := range tests {
		for _, nonces := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", nonces"}[nonces], func(t *testing.T) {
				t.Parallel()
				srv := startBound(t, nonces, test.register)
				config, source, requests := bound(srv), realSource(t, nil), 1
				if test.change != nil {
					test.change(&config)
				}
				session, err := source.Open(t.Context(), config, false)
				if err != nil {
					t.Fatal(err)
				}
				if nonces {
					requests++ // the first is challenged
				}
				if !session.Token().DPoPBound() || srv.Count(authserver.TokenEndpoint) != requests {
					t.Errorf("token_type %q after %d requests", session.Token().TokenType, srv.Count(authserver.TokenEndpoint))
				}
				if nonces { // a nonce that has become stale costs one more request again
					srv.RotateNonce()
					requests++
				}
				if err := session.Renew(t.Context()); err != nil {
					t.Fatal(err)
				}
				if requests++; srv.Count(authserver.TokenEndpoint) != requests {
					t.Errorf("%d requests, want %d", srv.Count(authserver.TokenEndpoint), requests)
				}
			})
		}
	}
}

// TestBoundTokenIsShared counts the token requests of two processes with one store.
func TestBoundTokenIsShared(t *testing.T) {
	t.Parallel()
	first := secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256)))
	second := secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256)))
	tests := map[string]struct {
		keys     [2]secret.String
		requests int
	}{
		"same key":                   {[2]secret.String{first, first}, 1},
		"same key, with line breaks": {[2]secret.String{first, secret.New("\n" + first.Reveal() + "\r\n")}, 1},
		"another key":                {[2]secret.String{first, second}, 2},
		"keys of the processes":      {[2]secret.String{}, 2},
		"one has a key":              {[2]secret.String{first, {}}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, store := startBound(t, false, nil), storetest.NewMemory(time.Now)
			for _, key := range test.keys {
				process := realSource(t, store)
				for range 2 { // within a process it is always shared
					config := bound(srv)
					config.DPoPPrivateKey = key
					tokenFor(t, process, config)
				}
			}
			if got := srv.Count(authserver.TokenEndpoint); got != test.requests {
				t.Errorf("%d token requests, want %d", got, test.requests)
			}
		})
	}
}

// TestBearerTokenOfBoundClient: RFC 9449 section 5 requires the type DPoP.
func TestBearerTokenOfBoundClient(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mutation authserver.Mutation
		want     string // part of the error; empty: there is none
	}{
		"DPoP":       {authserver.Set("token_type", "DPoP"), ""},
		"lower case": {authserver.Set("token_type", "dpop"), ""},
		"Bearer":     {authserver.Set("token_type", "Bearer"), `its token_type is "Bearer"`},
		"none":       {authserver.Omit("token_type"), "it has no token_type"},
		"N_A":        {authserver.Set("token_type", "N_A"), `its token_type is "N_A"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startBound(t, false, func(c *authserver.Client) { c.TokenResponse = []authserver.Mutation{test.mutation} })
			_, err := realSource(t, nil).Open(t.Context(), bound(srv), false)
			if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, oauth2.ErrNotBound) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if srv.Count(authserver.TokenEndpoint) != 1 {
				t.Errorf("%d token requests", srv.Count(authserver.TokenEndpoint))
			}
		})
	}
}

// TestProofRefused: a challenge is met once, and a refusal is final.
func TestProofRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code     string
		requests int
	}{
		"nonce, again and again": {"use_dpop_nonce", 2},
		"proof":                  {"invalid_dpop_proof", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startBound(t, true, nil)
			srv.Fail(authserver.TokenEndpoint, 9, authserver.OAuthError(http.StatusBadRequest, test.code, ""))
			_, err := realSource(t, nil).Open(t.Context(), bound(srv), false)
			if response, ok := errors.AsType[*oauth2.Error](err); !ok || response.Code != test.code {
				t.Errorf("%v", err)
			}
			if got := srv.Count(authserver.TokenEndpoint); got != test.requests {
				t.Errorf("%d token requests, want %d", got, test.requests)
			}
		})
	}
}

// TestProofOfEachAttempt: a server that was unavailable may have seen the first proof.
func TestProofOfEachAttempt(t *testing.T) {
	t.Parallel()
	srv := startBound(t, false, nil)
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Redirect(http.StatusTemporaryRedirect, "/token"))
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Respond(http.StatusServiceUnavailable, http.Header{"Retry-After": {"0"}}, ""))
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.CloseIdleConnections)
	source := tokensource.New(tokensource.Config{HTTP: stack, Retries: httpstack.Retries{Max: 1, Timeout: time.Minute}})
	tokenFor(t, source, bound(srv))
	proofs := map[string]bool{}
	for _, request := range srv.Requests(authserver.TokenEndpoint) {
		proofs[request.Header.Get("DPoP")] = true
	}
	if len(proofs) != 3 || srv.Count(authserver.TokenEndpoint) != 3 {
		t.Errorf("%d proofs in %d requests", len(proofs), srv.Count(authserver.TokenEndpoint))
	}
}

// TestKeyOfServer: the server's metadata may leave out what the key can sign with.
func TestKeyOfServer(t *testing.T) {
	t.Parallel()
	srv := authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", DPoPBound: true, Lifetime: time.Hour}},
		DPoP:    authserver.DPoPRules{Algorithms: []string{"PS256"}},
	})
	config := bound(srv)
	config.TokenEndpoint, config.Issuer = "", srv.Issuer()
	_, err := realSource(t, nil).Open(t.Context(), config, false)
	if problem, ok := errors.AsType[*tokensource.ConfigError](err); !ok || problem.Attribute != "dpop_private_key" ||
		!strings.Contains(err.Error(), "signs with ES256, and the server takes proofs with PS256") {
		t.Errorf("%v", err)
	}
	config.DPoPPrivateKey = secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.RSA)))
	tokenFor(t, realSource(t, nil), config)
}

// apiOf is a request to the API of a server.
func apiOf(t *testing.T, srv *authservertest.Server, path string) httpstack.Request {
	t.Helper()
	target, err := url.Parse(srv.APIURL + path)
	if err != nil {
		t.Fatal(err)
	}
	return httpstack.Request{Method: http.MethodGet, URL: target}
}

// TestBoundTokenAtAPI: requests have the scheme DPoP and a proof each, and a challenge for
// a nonce costs neither the token nor its replacement.
func TestBoundTokenAtAPI(t *testing.T) {
	t.Parallel()
	scheme := func(text string) *string { return &text }
	tests := map[string]struct {
		header   tokensource.TokenHeader
		nonces   bool
		faults   []http.Handler
		status   int
		calls    int // that the API received
		requests int // of tokens
	}{
		"proof":           {status: 200, calls: 1, requests: 1},
		"nonce":           {nonces: true, status: 200, calls: 2, requests: 2},
		"as Bearer":       {header: tokensource.TokenHeader{Scheme: scheme("Bearer")}, status: 401, calls: 2, requests: 2},
		"written in case": {header: tokensource.TokenHeader{Scheme: scheme("dpop")}, status: 200, calls: 1, requests: 1},
		"retry":           {faults: []http.Handler{authserver.Respond(503, http.Header{"Retry-After": {"0"}}, "")}, status: 200, calls: 2, requests: 1},
		"redirect":        {faults: []http.Handler{authserver.Redirect(307, "/admin/../orders")}, status: 200, calls: 2, requests: 1},
		"token refused": {faults: []http.Handler{
			authserver.Respond(401, http.Header{"Www-Authenticate": {`DPoP error="invalid_token"`}}, ""),
		}, status: 200, calls: 2, requests: 2},
		"nonce, then token refused": {faults: []http.Handler{
			authserver.Respond(401, http.Header{"Www-Authenticate": {`Bearer, DPoP error="use_dpop_nonce"`}, "Dpop-Nonce": {"1"}}, ""),
			authserver.Respond(401, http.Header{"Www-Authenticate": {`DPoP error="invalid_token"`}}, ""),
		}, status: 200, calls: 3, requests: 2},
		"nonce again and again": {faults: []http.Handler{
			authserver.Respond(401, http.Header{"Www-Authenticate": {`DPoP error="use_dpop_nonce"`}, "Dpop-Nonce": {"1"}}, ""),
			authserver.Respond(401, http.Header{"Www-Authenticate": {`DPoP error="use_dpop_nonce"`}, "Dpop-Nonce": {"2"}}, ""),
		}, status: 401, calls: 2, requests: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startBound(t, test.nonces, nil)
			for _, fault := range test.faults {
				srv.Fail(authserver.API, 1, fault)
			}
			stack, err := httpstack.New(httpstack.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stack.CloseIdleConnections)
			source := tokensource.New(tokensource.Config{HTTP: stack, Retries: httpstack.Retries{Max: 1, Timeout: time.Minute}})
			response, err := source.DoWithToken(t.Context(), bound(srv), test.header, apiOf(t, srv, "/orders?page=2"))
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || srv.Count(authserver.API) != test.calls || srv.Count(authserver.TokenEndpoint) != test.requests {
				t.Errorf("%d after %d calls and %d token requests: %s", response.StatusCode, srv.Count(authserver.API), srv.Count(authserver.TokenEndpoint), response.Body)
			}
			if nonce := response.Header.Values("DPoP-Nonce"); nonce != nil {
				t.Errorf("the response shows the nonce %q", nonce)
			}
		})
	}
}

// challenging is an API that asks for a nonce in every response.
type challenging struct{ calls int }

func (c *challenging) RoundTrip(request *http.Request) (*http.Response, error) {
	c.calls++
	_, err := io.Copy(io.Discard, request.Body)
	header := http.Header{"Www-Authenticate": {`DPoP error="use_dpop_nonce"`}, "Dpop-Nonce": {"1"}}
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: header, Body: http.NoBody}, err
}

// TestBoundTokenWithBodies: a request is sent again after a challenge if its body can be,
// and the token is not replaced in either case.
func TestBoundTokenWithBodies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ length, calls int }{
		"none":     {0, 2},
		"short":    {1, 2},
		"longest":  {tokensource.MaxReplay, 2},
		"too long": {tokensource.MaxReplay + 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport, err := realSource(t, nil).Transport(t.Context(), bound(startBound(t, true, nil)), tokensource.TokenHeader{})
			if err != nil {
				t.Fatal(err)
			}
			body := io.LimitReader(strings.NewReader(strings.Repeat("b", test.length)), int64(test.length)) // has no GetBody
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example/orders", body)
			if err != nil {
				t.Fatal(err)
			}
			api := &challenging{}
			response, err := transport.Over(api).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized || api.calls != test.calls || len(transport.Tokens()) != 1 {
				t.Errorf("%d after %d calls with %d tokens, want %d calls", response.StatusCode, api.calls, len(transport.Tokens()), test.calls)
			}
		})
	}
}
