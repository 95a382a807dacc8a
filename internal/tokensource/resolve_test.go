// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// TestInference: the method follows from what is configured and from the list in
// the metadata (RFC 8414 section 2), never from the server's responses.
func TestInference(t *testing.T) {
	t.Parallel()
	const (
		absent   = ""
		standard = `["client_secret_basic","client_secret_post"]`
	)
	noSecret := func(c *tokensource.ClientConfig) { c.ClientSecret = secret.String{} }
	unnamed := func(c *tokensource.ClientConfig) { noSecret(c); c.ClientID = "" }
	tests := map[string]struct {
		supported string
		change    func(*tokensource.ClientConfig)
		want      string // the method, or else
		attribute string
		cause     error
	}{
		"id and secret":                 {absent, nil, "client_secret_basic", "", nil},
		"both supported":                {standard, nil, "client_secret_basic", "", nil},
		"both supported, the other way": {`["client_secret_post","client_secret_basic"]`, nil, "client_secret_basic", "", nil},
		"post alone":                    {`["client_secret_post"]`, nil, "client_secret_post", "", nil},
		"post beside unknown ones":      {`["private_key_jwt","x","client_secret_post"]`, nil, "client_secret_post", "", nil},
		"an empty list is none":         {`[]`, nil, "client_secret_basic", "", nil},
		"a list of garbage is none":     {`[1,null]`, nil, "client_secret_basic", "", nil},
		"nothing in common":             {`["private_key_jwt","tls_client_auth"]`, nil, "", "token_endpoint_auth_method", tokensource.ErrNoCommonMethod},
		"set, and not in the list":      {`["client_secret_basic"]`, func(c *tokensource.ClientConfig) { c.TokenEndpointAuthMethod = "client_secret_post" }, "client_secret_post", "", nil},
		"set to none":                   {standard, func(c *tokensource.ClientConfig) { c.TokenEndpointAuthMethod = "none" }, "none", "", nil},
		"set to what there is not":      {absent, func(c *tokensource.ClientConfig) { c.TokenEndpointAuthMethod = "magic" }, "", "token_endpoint_auth_method", tokensource.ErrUnsupportedMethod},
		"no secret":                     {absent, noSecret, "", "client_secret", tokensource.ErrMissing},
		"no secret, basic set":          {absent, func(c *tokensource.ClientConfig) { noSecret(c); c.TokenEndpointAuthMethod = "client_secret_basic" }, "", "client_secret", tokensource.ErrMissing},
		"no secret, post supported":     {`["client_secret_post"]`, noSecret, "", "client_secret", tokensource.ErrMissing},
		"no id":                         {absent, func(c *tokensource.ClientConfig) { c.ClientID = "" }, "", "client_id", tokensource.ErrMissing},
		"neither":                       {absent, unnamed, "", "client_id", tokensource.ErrMissing},
		"neither, other grant": {absent, func(c *tokensource.ClientConfig) {
			unnamed(c)
			c.Request.GrantType = "urn:ibm:params:oauth:grant-type:apikey"
		}, "none, unnamed", "", nil},
		"no secret, other grant":      {standard, func(c *tokensource.ClientConfig) { noSecret(c); c.Request.GrantType = "password" }, "none", "", nil},
		"no secret, no grant":         {absent, func(c *tokensource.ClientConfig) { noSecret(c); c.Request.GrantType = "" }, "none", "", nil},
		"secret, other grant":         {absent, func(c *tokensource.ClientConfig) { c.Request.GrantType = "password" }, "client_secret_basic", "", nil},
		"secret among the parameters": {absent, func(c *tokensource.ClientConfig) { noSecret(c); c.Request.Parameters = secrets("client_secret", "x") }, "client_secret_post", "", nil},
		"assertion among the parameters": {absent, func(c *tokensource.ClientConfig) {
			noSecret(c)
			c.Request.Parameters = secrets("client_assertion", "x")
		}, "none", "", nil},
		"credentials of other names": {absent, func(c *tokensource.ClientConfig) {
			unnamed(c)
			c.Request.Parameters = secrets("appid", "x", "apikey", "y")
		}, "none, unnamed", "", nil},
		"other parameters, no secret":    {absent, func(c *tokensource.ClientConfig) { noSecret(c); c.Request.Parameters = secrets("tenant", "x") }, "", "client_secret", tokensource.ErrMissing},
		"credentials in a header":        {absent, func(c *tokensource.ClientConfig) { unnamed(c); c.Request.Headers = secrets("authorization", "x") }, "none, unnamed", "", nil},
		"another header, no credentials": {absent, func(c *tokensource.ClientConfig) { unnamed(c); c.Request.Headers = secrets("X-Tenant", "x") }, "", "client_id", tokensource.ErrMissing},
		"credentials in a body":          {absent, func(c *tokensource.ClientConfig) { unnamed(c); c.Request.Body = secret.New("user=x") }, "none, unnamed", "", nil},
		"header beside Basic":            {absent, func(c *tokensource.ClientConfig) { c.Request.Headers = secrets("authorization", "x") }, "", "token_endpoint_auth_method", tokensource.ErrTwoMethods},
		"assertion beside Basic":         {absent, func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("client_assertion", "x") }, "", "token_endpoint_auth_method", tokensource.ErrTwoMethods},
		"secret beside Basic":            {absent, func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("client_secret", "x") }, "", "token_endpoint_auth_method", tokensource.ErrTwoMethods},
		"raw Basic with a colon":         {absent, func(c *tokensource.ClientConfig) { c.ClientSecretBasicEncoding = "raw"; c.ClientID = "a:b" }, "", "client_id", tokensource.ErrColonInID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = map[string]string{"token_endpoint": `"` + tokenURL + `"`}
			if test.supported != absent {
				network.metadata["token_endpoint_auth_methods_supported"] = test.supported
			}
			config := client()
			config.Issuer, config.TokenEndpoint = issuer, ""
			if test.change != nil {
				test.change(&config)
			}
			_, err := network.source().Open(t.Context(), config, false)
			if test.want == "" {
				checkConfigError(t, err, test.attribute, test.cause)
				if network.count("/token") > 0 {
					t.Error("a token was requested")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := methodOf(t, network.requests("/token")[0]); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func checkConfigError(t *testing.T, err error, attribute string, cause error) {
	t.Helper()
	config, ok := errors.AsType[*tokensource.ConfigError](err)
	if !ok {
		t.Fatalf("got %T: %v", err, err)
	}
	if config.Attribute != attribute || !errors.Is(err, cause) {
		t.Errorf("got %v, want %s: %v", err, attribute, cause)
	}
	if !strings.Contains(err.Error(), attribute) || strings.Contains(err.Error(), "gX1fBat3bV") {
		t.Errorf("the error says %q", err)
	}
}

// TestMissingAttributesAreReportedAtOnce: a user should not need a run for each.
func TestMissingAttributesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		client tokensource.ClientConfig
		want   []string
	}{
		"everything":                  {tokensource.ClientConfig{}, []string{"token_endpoint", "client_id", "client_secret"}},
		"all but the issuer":          {tokensource.ClientConfig{Server: tokensource.Server{Issuer: issuer}}, []string{"client_id", "client_secret"}},
		"all but the id":              {tokensource.ClientConfig{Credentials: tokensource.Credentials{ClientID: "a"}}, []string{"token_endpoint", "client_secret"}},
		"all but the secret":          {tokensource.ClientConfig{Credentials: tokensource.Credentials{ClientSecret: secret.New("s")}}, []string{"token_endpoint", "client_id"}},
		"all but the method":          {tokensource.ClientConfig{Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "client_secret_post"}}, []string{"token_endpoint", "client_id", "client_secret"}},
		"certificate and id":          {tokensource.ClientConfig{Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "tls_client_auth"}}, []string{"token_endpoint", "client_id", "tls.client_certificate"}},
		"certificate":                 {tokensource.ClientConfig{Server: tokensource.Server{TokenEndpoint: tokenURL}, Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "tls_client_auth", ClientID: "a"}}, []string{"tls.client_certificate"}},
		"assertion":                   {tokensource.ClientConfig{Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "private_key_jwt"}}, []string{"token_endpoint", "signed_assertion"}},
		"key and id":                  {tokensource.ClientConfig{Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "private_key_jwt", SignedAssertion: &clientauth.SignedAssertion{}}}, []string{"token_endpoint", "signed_assertion.private_key", "client_id"}},
		"grant":                       {tokensource.ClientConfig{Request: oauth2.TokenRequest{GrantType: oauth2.GrantJWTBearer}}, []string{"token_endpoint", "signed_assertion"}},
		"endpoint of a public client": {tokensource.ClientConfig{Credentials: tokensource.Credentials{TokenEndpointAuthMethod: "none"}}, []string{"token_endpoint"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			test.client.Request.GrantType = cmp.Or(test.client.Request.GrantType, tokensource.GrantClientCredentials)
			_, err := network.source().Open(t.Context(), test.client, false)
			config, ok := errors.AsType[*tokensource.ConfigError](err)
			if !ok || !errors.Is(err, tokensource.ErrMissing) {
				t.Fatalf("got %v", err)
			}
			if got := append([]string{config.Attribute}, config.Also...); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestRefusedMethodIsNotTriedOtherwise: a second method after the first would
// hide the real error, and lock clients out.
func TestRefusedMethodIsNotTriedOtherwise(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized} {
		network := newServer()
		network.next("/token", reply{status, `{"error":"invalid_client"}`})
		_, err := network.source().Open(t.Context(), client(), false)
		if refused, ok := errors.AsType[*oauth2.Error](err); !ok || refused.Code != oauth2.InvalidClient {
			t.Errorf("got %v", err)
		}
		if got := network.count("/token"); got != 1 {
			t.Errorf("%d requests", got)
		}
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change    func(*tokensource.ClientConfig)
		metadata  map[string]string
		want      string // the path of the request, or else
		attribute string
		cause     error
	}{
		"configured":             {nil, nil, "/token", "", nil},
		"neither":                {func(c *tokensource.ClientConfig) { c.TokenEndpoint = "" }, nil, "", "token_endpoint", tokensource.ErrMissing},
		"from the issuer":        {func(c *tokensource.ClientConfig) { c.TokenEndpoint, c.Issuer = "", issuer }, map[string]string{"token_endpoint": `"` + tokenURL + `"`}, "/token", "", nil},
		"configured wins":        {func(c *tokensource.ClientConfig) { c.Issuer = issuer }, map[string]string{"token_endpoint": `"` + issuer + `/other"`}, "/token", "", nil},
		"not in the metadata":    {func(c *tokensource.ClientConfig) { c.TokenEndpoint, c.Issuer = "", issuer }, map[string]string{}, "", "issuer", oauth2.ErrNoEndpoint},
		"metadata without https": {func(c *tokensource.ClientConfig) { c.TokenEndpoint, c.Issuer = "", issuer }, map[string]string{"token_endpoint": `"http://server.example.com/token"`}, "", "issuer", oauth2.ErrDowngrade},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = test.metadata
			config := client()
			if test.change != nil {
				test.change(&config)
			}
			_, err := network.source().Open(t.Context(), config, false)
			if test.want == "" {
				checkConfigError(t, err, test.attribute, test.cause)
				return
			}
			if err != nil || network.count(test.want) != 1 {
				t.Errorf("%d requests to %s, %v", network.count(test.want), test.want, err)
			}
		})
	}
}

// TestNoDiscoveryWithoutNeed: an issuer that is down, or has no metadata, does
// not matter to those who need nothing from it.
func TestNoDiscoveryWithoutNeed(t *testing.T) {
	t.Parallel()
	network := newServer()
	config := client()
	config.Issuer, config.TokenEndpointAuthMethod = issuer, "client_secret_post"
	tokenFor(t, network.source(), config)
	if got := len(network.received); got != 1 {
		t.Errorf("%d requests", got)
	}
}

func TestDiscoveryOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		network.metadata = map[string]string{"token_endpoint": `"` + tokenURL + `"`}
		network.gate = make(chan struct{})
		source := network.source()
		var group sync.WaitGroup
		for number := range 20 {
			group.Go(func() {
				config := scoped(fmt.Sprint(number))
				config.Issuer, config.TokenEndpoint = issuer, ""
				tokenFor(t, source, config)
			})
		}
		synctest.Wait()
		close(network.gate)
		group.Wait()
		if metadata, tokens := network.count("/.well-known/oauth-authorization-server"), network.count("/token"); metadata != 1 || tokens != 20 {
			t.Errorf("%d metadata requests, %d token requests", metadata, tokens)
		}
	})
}

func TestMetadataIsBelievedForAnHour(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.metadata = map[string]string{}
	source := network.source()
	for _, step := range []struct {
		passed time.Duration
		want   int
	}{{0, 1}, {time.Hour - 1, 1}, {1, 2}} {
		network.pass(step.passed)
		if _, err := source.Metadata(t.Context(), issuer); err != nil {
			t.Fatal(err)
		}
		if got := network.count("/.well-known/oauth-authorization-server"); got != step.want {
			t.Errorf("after %s: %d requests, want %d", step.passed, got, step.want)
		}
	}
}

func TestFailedDiscoveryIsTriedAgain(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := network.source()
	_, err := source.Metadata(t.Context(), issuer)
	if failure, ok := errors.AsType[*oauth2.Error](err); !ok || failure.StatusCode != http.StatusNotFound {
		t.Fatalf("got %v", err)
	}
	network.metadata = map[string]string{}
	if _, err := source.Metadata(t.Context(), issuer); err != nil {
		t.Error(err)
	}
}
