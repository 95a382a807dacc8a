// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// fleet are processes that share a store.
type fleet struct {
	network *server
	store   *storetest.Memory
}

func newFleet() fleet {
	network := newServer()
	return fleet{network, storetest.NewMemory(network.now)}
}

// process is one of them.
func (f fleet) process(encryptionKey string) *tokensource.Source {
	return tokensource.New(tokensource.Config{
		HTTP: f.network, Now: f.network.now,
		Cache: tokensource.Cache{Store: f.store, EncryptionKey: secret.New(encryptionKey)},
	})
}

// wellKnown is a client with something of everything.
func wellKnown(t *testing.T) tokensource.ClientConfig {
	t.Helper()
	config := scoped("read", "write")
	config.Request.Audience = "a"
	config.Request.Resources = []string{"urn:a", "urn:b"}
	config.Request.Parameters = secrets("a", "1", "b", "2")
	config.Request.Headers = secrets("X-A", "1", "X-B", "2")
	config.Request.Fields = oauth2.Fields{oauth2.FieldTokenType: pointer(t, "/kind")}
	return config
}

func pointer(t *testing.T, text string) jsonpointer.Pointer {
	t.Helper()
	parsed, err := jsonpointer.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestKey: processes share a token exactly when nothing differs that could change
// the response.
func TestKey(t *testing.T) {
	t.Parallel()
	longer := 30 * time.Minute
	tests := map[string]struct {
		change func(*tokensource.ClientConfig)
		shared bool
	}{
		"nothing":             {func(*tokensource.ClientConfig) {}, true},
		"min_validity":        {func(c *tokensource.ClientConfig) { c.MinValidity = &longer }, true},
		"revocation_endpoint": {func(c *tokensource.ClientConfig) { c.RevocationEndpoint = revocationURL }, true},
		"defaults, written out": {func(c *tokensource.ClientConfig) {
			c.ClientSecretBasicEncoding = clientauth.BasicEncodingForm
			c.Request.Method, c.Request.ParametersIn = http.MethodPost, oauth2.InForm
		}, true},
		"token_endpoint":          {func(c *tokensource.ClientConfig) { c.TokenEndpoint += "?tenant=b" }, false},
		"client_id":               {func(c *tokensource.ClientConfig) { c.ClientID = "another" }, false},
		"client_secret":           {func(c *tokensource.ClientConfig) { c.ClientSecret = secret.New("another") }, false},
		"method":                  {func(c *tokensource.ClientConfig) { c.TokenEndpointAuthMethod = clientauth.ClientSecretPost }, false},
		"encoding":                {func(c *tokensource.ClientConfig) { c.ClientSecretBasicEncoding = clientauth.BasicEncodingRaw }, false},
		"grant_type":              {func(c *tokensource.ClientConfig) { c.Request.GrantType = "" }, false},
		"another scope":           {func(c *tokensource.ClientConfig) { c.Request.Scopes = []string{"read"} }, false},
		"scopes in another order": {func(c *tokensource.ClientConfig) { c.Request.Scopes = []string{"write", "read"} }, false},
		"audience":                {func(c *tokensource.ClientConfig) { c.Request.Audience = "b" }, false},
		"resources":               {func(c *tokensource.ClientConfig) { c.Request.Resources = []string{"urn:a"} }, false},
		"parameters":              {func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("a", "1", "b", "3") }, false},
		"parameters, swapped":     {func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("a", "2", "b", "1") }, false},
		"headers":                 {func(c *tokensource.ClientConfig) { c.Request.Headers = secrets("X-A", "1") }, false},
		"parameters_in":           {func(c *tokensource.ClientConfig) { c.Request.ParametersIn = oauth2.InJSON }, false},
		"HTTP method":             {func(c *tokensource.ClientConfig) { c.Request.Method = http.MethodPut }, false},
		"response_fields":         {func(c *tokensource.ClientConfig) { c.Request.Fields = nil }, false},
		"default_expires_in":      {func(c *tokensource.ClientConfig) { c.Request.DefaultLifetime = time.Minute }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			processes := newFleet()
			tokenFor(t, processes.process(""), wellKnown(t))
			config, want := wellKnown(t), "t2"
			test.change(&config)
			if test.shared {
				want = "t1"
			}
			if got := tokenFor(t, processes.process(""), config); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestKeyOfAssertion: what an assertion says, and who the client is besides, can
// change the response too.
func TestKeyOfAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*clientauth.SignedAssertion){
		"key_id":    func(a *clientauth.SignedAssertion) { a.KeyID = "another" },
		"algorithm": func(a *clientauth.SignedAssertion) { a.Algorithm = "HS512" },
		"audience":  func(a *clientauth.SignedAssertion) { a.Audience = "another" },
		"type":      func(a *clientauth.SignedAssertion) { a.Type = "client-authentication+jwt" },
		"claims":    func(a *clientauth.SignedAssertion) { a.Claims = `{"tenant":"b"}` },
		"lifetime":  func(a *clientauth.SignedAssertion) { a.Lifetime = time.Minute },
	}
	signing := func(assertion clientauth.SignedAssertion) tokensource.ClientConfig {
		config := client()
		config.ClientSecret = secret.New(strings.Repeat("gX1fBat3bV", 7)) // long enough for HS512
		config.SignedAssertion = &assertion
		return config
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			processes, assertion := newFleet(), clientauth.SignedAssertion{Claims: `{"tenant":"a"}`}
			tokenFor(t, processes.process(""), signing(assertion))
			if got := tokenFor(t, processes.process(""), signing(assertion)); got != "t1" {
				t.Errorf("the same got %s", got)
			}
			change(&assertion)
			if got := tokenFor(t, processes.process(""), signing(assertion)); got != "t2" {
				t.Errorf("another got %s", got)
			}
		})
	}
}

// TestKeyOfClientCertificate: tokens may be bound to it, and its key seals those
// of a client that authenticates with nothing else.
func TestKeyOfClientCertificate(t *testing.T) {
	t.Parallel()
	processes := newFleet()
	process := func(certificate, key string) *tokensource.Source {
		return tokensource.New(tokensource.Config{
			HTTP: processes.network, Now: processes.network.now,
			ClientCertificate: &x509.Certificate{Raw: []byte(certificate), NotAfter: processes.network.now().Add(time.Hour)},
			Cache:             tokensource.Cache{Store: processes.store, ClientKey: secret.New(key)},
		})
	}
	showing := client()
	showing.ClientSecret, showing.TokenEndpointAuthMethod = secret.String{}, clientauth.TLSClientAuth
	for i, test := range []struct {
		config                 tokensource.ClientConfig
		certificate, key, want string
	}{
		{showing, "a", "key", "t1"}, {showing, "a", "key", "t1"}, {showing, "b", "key", "t2"}, {showing, "a", "another", "t3"},
		{client(), "a", "key", "t4"}, {client(), "a", "another", "t4"}, {client(), "b", "key", "t5"},
	} {
		if got := tokenFor(t, process(test.certificate, test.key), test.config); got != test.want {
			t.Errorf("process %d got %s, want %s", i, got, test.want)
		}
	}
}

// TestUnverifiedTokensStayApart: a token that was fetched without verifying the
// server is not handed to a process that does.
func TestUnverifiedTokensStayApart(t *testing.T) {
	t.Parallel()
	processes := newFleet()
	process := func(insecure bool) *tokensource.Source {
		return tokensource.New(tokensource.Config{
			HTTP: processes.network, Now: processes.network.now, InsecureSkipVerify: insecure,
			Cache: tokensource.Cache{Store: processes.store},
		})
	}
	for i, test := range []struct {
		insecure bool
		want     string
	}{{true, "t1"}, {true, "t1"}, {false, "t2"}, {false, "t2"}} {
		if got := tokenFor(t, process(test.insecure), client()); got != test.want {
			t.Errorf("process %d got %s, want %s", i, got, test.want)
		}
	}
}

// TestKeyOfPrivateKey: the line breaks around a key differ between machines, as
// some read it from a file and others from a variable.
func TestKeyOfPrivateKey(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	another := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	signing := func(text string) tokensource.ClientConfig {
		config := client()
		config.ClientSecret = secret.String{}
		config.SignedAssertion = &clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(text)}}
		return config
	}
	processes := newFleet()
	for i, test := range []struct{ key, want string }{{key, "t1"}, {key + "\n\n", "t1"}, {another, "t2"}} {
		if got := tokenFor(t, processes.process(""), signing(test.key)); got != test.want {
			t.Errorf("process %d got %s, want %s", i, got, test.want)
		}
	}
}

// TestKeyOfEncryptedKey: tokens are sealed under the key, not under the text of its file, which
// is often committed. One key in two files shares tokens; the file of another key does not.
func TestKeyOfEncryptedKey(t *testing.T) {
	t.Parallel()
	key, another := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	processes := newFleet()
	for i, test := range []struct {
		source keys.Source
		want   string
	}{
		{keys.Source{PrivateKey: secret.New(authservertest.PKCS8(t, key))}, "t1"},
		{keys.Source{PrivateKey: secret.New(authservertest.SEC1(t, key))}, "t1"},
		{encryptedPEM(t, key, "one"), "t1"},
		{encryptedPEM(t, key, "another"), "t1"},
		{encryptedPEM(t, another, "one"), "t2"},
	} {
		config := client()
		config.ClientSecret, config.SignedAssertion = secret.String{}, &clientauth.SignedAssertion{Key: test.source}
		if got := tokenFor(t, processes.process(""), config); got != test.want {
			t.Errorf("process %d got %s, want %s", i, got, test.want)
		}
	}
}

// encryptedPEM is an EC key, encrypted with a passphrase in OpenSSL's own format.
func encryptedPEM(t testing.TB, key crypto.Signer, passphrase string) keys.Source {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey)) //nolint:forcetypeassert // the caller made it
	if err != nil {
		t.Fatal(err)
	}
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(passphrase), x509.PEMCipherAES256) //nolint:staticcheck // such keys are accepted
	if err != nil {
		t.Fatal(err)
	}
	return keys.Source{PrivateKey: secret.New(string(pem.EncodeToMemory(block))), Passphrase: secret.New(passphrase)}
}

// TestEncryptionKey is needed by those who have no secret, and parts those who
// have different ones.
func TestEncryptionKey(t *testing.T) {
	t.Parallel()
	processes := newFleet()
	public := client()
	public.ClientSecret, public.TokenEndpointAuthMethod = secret.String{}, clientauth.None
	_, err := processes.process("").Open(t.Context(), public, false)
	if config, ok := errors.AsType[*tokensource.ConfigError](err); !ok || config.Attribute != "cache.encryption_key" {
		t.Errorf("without a key: %v", err)
	}
	if got := processes.network.count("/token"); got != 0 {
		t.Errorf("%d requests", got)
	}
	for i, test := range []struct{ key, want string }{{"one", "t1"}, {"one\n", "t1"}, {"another", "t2"}} {
		if got := tokenFor(t, processes.process(test.key), public); got != test.want {
			t.Errorf("process %d got %s, want %s", i, got, test.want)
		}
	}
}

// unsigned is a JWT without a signature.
func unsigned(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

// TestJobsAreToldApart: two jobs of one configuration share a token only if the
// platform says that they are the same.
func TestJobsAreToldApart(t *testing.T) {
	t.Parallel()
	job := func(claims string) tokensource.ClientConfig {
		config := client()
		config.ClientSecret = secret.String{}
		config.FederatedAssertion = &clientauth.FederatedAssertion{
			Variable: "ID_TOKEN",
			Getenv:   func(string) string { return unsigned(claims) },
		}
		return config
	}
	processes := newFleet()
	for i, test := range []struct{ claims, want string }{
		{`{"sub":"repo:a","iat":1300815000,"exp":1300819000,"jti":"1"}`, "t1"},
		{`{"jti":"2","exp":1300819999,"nbf":1300815001,"sub":"repo:a"}`, "t1"},
		{`{"sub":"repo:b","iat":1300815000,"exp":1300819000,"jti":"1"}`, "t2"},
		{`{"sub":"repo:a","environment":"production","exp":1300819000}`, "t3"},
		{`{"sub":"repo:a","aud":"another","exp":1300819000}`, "t4"},
	} {
		if got := tokenFor(t, processes.process("key"), job(test.claims)); got != test.want {
			t.Errorf("job %d got %s, want %s", i, got, test.want)
		}
	}
	_, err := processes.process("key").Open(t.Context(), job(`{"exp":1300815779}`), false)
	if _, ok := errors.AsType[*tokensource.FetchError](err); !ok {
		t.Errorf("with an expired assertion: %v", err)
	}
}

// TestJobsWithTheirAssertionsByValue: each run of a job has another JWT.
func TestJobsWithTheirAssertionsByValue(t *testing.T) {
	t.Parallel()
	job := func(claims string) tokensource.ClientConfig {
		config := client()
		config.ClientSecret = secret.String{}
		config.FederatedAssertion = &clientauth.FederatedAssertion{Value: secret.New(unsigned(claims))}
		return config
	}
	processes := newFleet()
	process := processes.process("key")
	for i, test := range []struct {
		source       *tokensource.Source
		claims, want string
	}{
		{processes.process("key"), `{"sub":"repo:a","exp":1300819000,"jti":"1"}`, "t1"},
		{processes.process("key"), `{"sub":"repo:a","exp":1300819999,"jti":"2"}`, "t1"},
		{process, `{"sub":"repo:b","exp":1300819000}`, "t2"},
		{process, `{"sub":"repo:a","exp":1300819000}`, "t1"},
	} {
		if got := tokenFor(t, test.source, job(test.claims)); got != test.want {
			t.Errorf("job %d got %s, want %s", i, got, test.want)
		}
	}
}

// TestJobOutlivesItsAssertion: a token that is cached is had without a new one.
func TestJobOutlivesItsAssertion(t *testing.T) {
	t.Parallel()
	processes := newFleet()
	source, config := processes.process("key"), client()
	config.ClientSecret = secret.String{}
	config.FederatedAssertion = &clientauth.FederatedAssertion{
		Variable: "ID_TOKEN",
		Getenv:   func(string) string { return unsigned(`{"sub":"repo:a","exp":1300816080}`) }, // in five minutes
	}
	tokenFor(t, source, config)
	processes.network.pass(30 * time.Minute)
	if got := tokenFor(t, source, config); got != "t1" {
		t.Errorf("got %s", got)
	}
}

// TestRefusedTokenIsDroppedEverywhere.
func TestRefusedTokenIsDroppedEverywhere(t *testing.T) {
	t.Parallel()
	processes := newFleet()
	one, other := processes.process(""), processes.process("")
	tokenFor(t, one, client())
	tokenFor(t, other, client())
	processes.network.next("/orders", reply{http.StatusUnauthorized, ""})
	if _, err := one.DoWithToken(t.Context(), client(), tokensource.TokenHeader{}, orders(t, nil)); err != nil {
		t.Fatal(err)
	}
	if got := tokenFor(t, other, client()); got != "t2" {
		t.Errorf("the other process got %s", got)
	}
}

// TestNeverStored: what is not to be shared does not reach the store.
func TestNeverStored(t *testing.T) {
	t.Parallel()
	get := func(config tokensource.ClientConfig) func(context.Context, *tokensource.Source) error {
		return func(ctx context.Context, source *tokensource.Source) error {
			_, err := source.Open(ctx, config, false)
			return err
		}
	}
	verbatim := client()
	verbatim.Request.Body = secret.New("grant_type=client_credentials")
	tests := map[string]struct {
		members string
		get     func(context.Context, *tokensource.Source) error
	}{
		"unknown lifetime": {``, get(client())},
		"request_body":     {`,"expires_in":3600`, get(verbatim)},
		"revoke_on_close": {`,"expires_in":3600`, func(ctx context.Context, source *tokensource.Source) error {
			config := client()
			config.RevocationEndpoint = revocationURL
			_, err := source.Open(ctx, config, true)
			return err
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			processes := newFleet()
			processes.network.members = test.members
			if err := test.get(t.Context(), processes.process("")); err != nil {
				t.Fatal(err)
			}
			processes.network.members = `,"expires_in":3600`
			if got := tokenFor(t, processes.process(""), client()); got != "t2" {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestCacheOff(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := tokensource.New(tokensource.Config{HTTP: network, Now: network.now, Cache: tokensource.Cache{Off: true}})
	tokenFor(t, source, client())
	if got := tokenFor(t, source, client()); got != "t2" {
		t.Errorf("got %s", got)
	}
}
