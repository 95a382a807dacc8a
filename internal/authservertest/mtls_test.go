// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest_test

import (
	"crypto"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// certified registers a client with the CA's certificate for CN=client, and one with
// the self-signed certificate of key.
func certified(ca *authservertest.Authority, key crypto.Signer) authserver.Config {
	return authserver.Config{
		ClientCAs: ca.Pool(),
		Clients: []authserver.Client{
			{ID: "ca", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client", CertificateBound: true, TokenFormat: authserver.JWT},
			{ID: "self", AuthMethod: authserver.SelfSignedTLSClientAuth, Keys: []authserver.Key{{Public: key.Public()}}},
			{ID: "basic", Secret: "s"},
		},
	}
}

// token requests a token as id with client. The status is 0 without a response.
func token(t *testing.T, client *http.Client, tokenURL, id string) (status int, document map[string]any) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return response.StatusCode, document
}

func TestStartMTLS(t *testing.T) {
	t.Parallel()
	ca, key := authservertest.NewAuthority(t), authservertest.NewKey(t, authservertest.P256)
	issued := ca.Issue(t, authservertest.NewKey(t, authservertest.RSA), authservertest.ClientTemplate("client"))
	self := authservertest.SelfSigned(t, key, authservertest.ClientTemplate("client"))
	stranger := authservertest.NewAuthority(t).Issue(t, key, authservertest.ClientTemplate("client"))
	for name, row := range map[string]struct {
		ask    tls.ClientAuthType
		id     string
		shown  []tls.Certificate
		status int // 0: the handshake fails
	}{
		"requested, of the CA":     {tls.RequestClientCert, "ca", []tls.Certificate{issued}, 200},
		"requested, self-signed":   {tls.RequestClientCert, "self", []tls.Certificate{self}, 200},
		"requested, none":          {tls.RequestClientCert, "ca", nil, 401},
		"requested, of another CA": {tls.RequestClientCert, "ca", []tls.Certificate{stranger}, 401},
		"requested, wrong one":     {tls.RequestClientCert, "self", []tls.Certificate{issued}, 401},
		"not requested":            {tls.NoClientCert, "ca", []tls.Certificate{issued}, 401},
		"required, of the CA":      {tls.RequireAndVerifyClientCert, "ca", []tls.Certificate{issued}, 200},
		"required, none":           {tls.RequireAndVerifyClientCert, "ca", nil, 0},
		"required, of another CA":  {tls.RequireAndVerifyClientCert, "ca", []tls.Certificate{stranger}, 0},
		"required, self-signed":    {tls.RequireAndVerifyClientCert, "self", []tls.Certificate{self}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.StartMTLS(t, certified(ca, key), row.ask)
			status, document := token(t, srv.Client(t, row.shown...), srv.TokenURL(), row.id)
			if status != row.status {
				t.Fatalf("status is %d, want %d: %v", status, row.status, document)
			}
			if seen := srv.Requests(authserver.TokenEndpoint); status == 200 && !seen[0].Certificate.Equal(row.shown[0].Leaf) {
				t.Error("the record has another certificate than the client showed")
			}
		})
	}
}

// Without CAs, a verifying server does not trust the system's.
func TestStartMTLSWithoutCA(t *testing.T) {
	t.Parallel()
	srv := authservertest.StartMTLS(t, authserver.Config{}, tls.RequireAndVerifyClientCert)
	self := authservertest.SelfSigned(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client"))
	if status, _ := token(t, srv.Client(t, self), srv.TokenURL(), "self"); status != 0 {
		t.Errorf("status is %d, want a failed handshake", status)
	}
}

func TestStartMTLSAliases(t *testing.T) {
	t.Parallel()
	ca, key := authservertest.NewAuthority(t), authservertest.NewKey(t, authservertest.P256)
	issued := ca.Issue(t, key, authservertest.ClientTemplate("client"))
	config := certified(ca, key)
	config.Issuer = "/tenant/a"
	srv := authservertest.StartMTLSAliases(t, config)

	response, err := get(t, srv.Client(t), srv.URL+"/.well-known/oauth-authorization-server/tenant/a")
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		TokenEndpoint string            `json:"token_endpoint"`
		Aliases       map[string]string `json:"mtls_endpoint_aliases"`
	}
	if err := json.NewDecoder(response.Body).Decode(&metadata); err != nil {
		t.Fatal(err)
	}
	alias := metadata.Aliases["token_endpoint"]
	if alias != srv.MTLSTokenURL() || strings.HasPrefix(alias, srv.URL) || metadata.TokenEndpoint != srv.TokenURL() {
		t.Fatalf("metadata is %+v", metadata)
	}
	for name, row := range map[string]struct {
		url    string
		shown  []tls.Certificate
		status int // 0: the handshake fails
	}{
		"alias":                 {alias, []tls.Certificate{issued}, 200},
		"alias, no certificate": {alias, nil, 0},
		"issuer":                {metadata.TokenEndpoint, []tls.Certificate{issued}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, document := token(t, srv.Client(t, row.shown...), row.url, "ca"); status != row.status {
				t.Errorf("status is %d, want %d: %v", status, row.status, document)
			}
		})
	}
}

func TestBoundTokenNeedsItsConnection(t *testing.T) {
	t.Parallel()
	ca, key := authservertest.NewAuthority(t), authservertest.NewKey(t, authservertest.P256)
	issued := ca.Issue(t, key, authservertest.ClientTemplate("client"))
	renewed := ca.Issue(t, key, authservertest.ClientTemplate("client"))
	for name, start := range map[string]func() *authservertest.Server{
		"one origin": func() *authservertest.Server {
			return authservertest.StartMTLS(t, certified(ca, key), tls.RequestClientCert)
		},
		"aliases": func() *authservertest.Server { return authservertest.StartMTLSAliases(t, certified(ca, key)) },
	} {
		srv := start()
		tokenURL := srv.TokenURL()
		if srv.MTLSTokenURL() != "" {
			tokenURL = srv.MTLSTokenURL()
		}
		_, document := token(t, srv.Client(t, issued), tokenURL, "ca")
		bound, _ := document["access_token"].(string)
		for who, row := range map[string]struct {
			client *http.Client
			status int
		}{
			"the same certificate": {srv.Client(t, issued), 403}, // valid, but without api:read
			"another certificate":  {srv.Client(t, renewed), 401},
			"no certificate":       {srv.Client(t), 401},
		} {
			t.Run(name+", "+who, func(t *testing.T) {
				t.Parallel()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.APIURL+"/orders", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+bound)
				response, err := row.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				if response.StatusCode != row.status {
					t.Errorf("status is %d, want %d", response.StatusCode, row.status)
				}
			})
		}
	}
}
