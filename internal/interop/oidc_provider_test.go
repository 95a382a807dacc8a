// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oidcProvider is a server of the npm package oidc-provider.
type oidcProvider struct {
	*process
	pki pki
	// origin is also the issuer. Its endpoints ask for no client certificate, those
	// at mtlsOrigin do. Those at plainOrigin have no TLS.
	origin, mtlsOrigin, plainOrigin string
	http                            *http.Client
}

// everyMethod are the client authentication methods that oidc-provider has and
// the provider too.
var everyMethod = []string{
	"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
	"tls_client_auth", "self_signed_tls_client_auth", "none",
}

// startOIDCProvider starts a server that supports some client authentication
// methods. Its clients are those in oidc-provider/clients.mjs.
func startOIDCProvider(t *testing.T, pki pki, methods ...string) *oidcProvider {
	t.Helper()
	ports := freePorts(t, 3)
	config, err := json.Marshal(map[string]any{"port": ports[0], "mtls_port": ports[1], "http_port": ports[2], "pki": pki, "methods": methods})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, string(config))
	return &oidcProvider{
		process:     start(t, ports, "node", "oidc-provider/server.mjs", path),
		pki:         pki,
		origin:      fmt.Sprintf("https://localhost:%d", ports[0]),
		mtlsOrigin:  fmt.Sprintf("https://localhost:%d", ports[1]),
		plainOrigin: fmt.Sprintf("http://localhost:%d", ports[2]),
		http:        pki.client(t),
	}
}

// exchange is a request that a server logged with its answer.
type exchange struct {
	Client, From, Path, Error string
	Status                    int
}

// requests are those for a path, in their order.
func (s *oidcProvider) requests(path string) []exchange {
	var found []exchange
	for line := range strings.Lines(s.output.String()) {
		var one exchange
		if json.Unmarshal([]byte(line), &one) == nil && one.Path == path {
			found = append(found, one)
		}
	}
	return found
}

// tokenRequests are those of a client.
func (s *oidcProvider) tokenRequests(client string) []exchange {
	return slices.DeleteFunc(s.requests("/token"), func(one exchange) bool { return one.Client != client })
}

// mustBe compares the statuses of a client's requests with those that there should
// be, which is all that there should be.
func mustBe(t *testing.T, requests []exchange, want ...int) {
	t.Helper()
	var got []int
	for _, one := range requests {
		got = append(got, one.Status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the server answered %v, want %v", got, want)
	}
}

// introspection is what a server says of a token (RFC 7662 section 2.2).
type introspection struct {
	Active   bool   `json:"active"`
	ClientID string `json:"client_id"`
	Audience string `json:"aud"`
	Scope    string `json:"scope"`
	Confirm  struct {
		Certificate string `json:"x5t#S256"`
	} `json:"cnf"`
}

// introspect asks the server about a token that is no JWT.
func (s *oidcProvider) introspect(t *testing.T, token string) introspection {
	t.Helper()
	form := url.Values{"token": {token}}.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.origin+"/token/introspection", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("inspector", oidcProviderSecret)
	response, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var said introspection
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil || response.StatusCode != 200 {
		t.Fatalf("introspection: %s, %v", response.Status, err)
	}
	return said
}
