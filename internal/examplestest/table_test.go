// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// example says how an example is run and what must come of it.
type example struct {
	// client is registered at the server, with the environment's id and secret
	// where it has none.
	client authserver.Client
	// others are registered beside it.
	others []authserver.Client
	// variables are those of the configuration.
	variables config.Variables
	// prepare makes the variables where they are of something that has to be started.
	prepare func(*testing.T) config.Variables
	// settings are the server's, beside its clients.
	settings authserver.Config
	// encrypted has the server speak TLS behind a proxy, mutual has it want client
	// certificates.
	encrypted, mutual bool
	// alone has no client in the environment.
	alone bool
	// files are beside the configuration, by name.
	files map[string]string
	// forms are the token requests that differ from each other, as parameters. A
	// JWT is written as anyJWT: the server has verified it.
	forms []url.Values
	// wire are the requests to other addresses of the server that differ from each
	// other: method, target and body.
	wire []string
	// calls are the calls of the API that differ from each other.
	calls []string
	// script has the servers answer otherwise than they would; nil for nothing.
	script func(*authservertest.Server)
	// fails is the error that must end the run; nil where it succeeds.
	fails *regexp.Regexp
	// check looks at what else matters.
	check func(*testing.T, *authservertest.Server)
}

// clientCredentials is a token request with further parameters.
func clientCredentials(parameters url.Values) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}}
	maps.Copy(form, parameters)
	return form
}

// examples is the table of all that are run, by their paths.
func examples(t *testing.T) map[string]example {
	t.Helper()
	all := map[string]example{}
	for _, table := range []map[string]example{
		kinds(), jwts(t), recipes(), clientAuthentication(t), pipelineIdentity(), oddServers(), sharing(),
	} {
		maps.Copy(all, table)
	}
	return all
}

// kinds are the examples of the pages of the provider and of what it exposes.
func kinds() map[string]example {
	return map[string]example{
		"provider/provider.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
		},
		"ephemeral-resources/oauth2cc_token/ephemeral-resource.tf": {
			forms: []url.Values{clientCredentials(url.Values{"audience": {"kubernetes"}})},
			calls: []string{"GET /api/v1/namespaces/team 200", "POST /api/v1/namespaces 200"},
		},
		"ephemeral-resources/oauth2cc_proxy/ephemeral-resource.tf": {
			forms: []url.Values{clientCredentials(url.Values{"audience": {"kubernetes"}})},
			calls: []string{"GET /api/v1/namespaces/team 200", "POST /api/v1/namespaces 200"},
		},
		"ephemeral-resources/oauth2cc_proxy/capability.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(nil)},
			calls:  []string{"GET /orders 200"},
		},
		"ephemeral-resources/oauth2cc_token/provisioner.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls:  []string{"GET /orders 200"},
		},
		"ephemeral-resources/oauth2cc_token_file/ephemeral-resource.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls:  []string{"GET /orders/1 200", "GET /orders/2 200", "GET /orders/3 200"},
		},
		"ephemeral-resources/oauth2cc_token_file/assertion.tf": {
			files: map[string]string{"deploy.sh": `grep -E '^eyJ[^.]+[.][^.]+[.][^.]+$' "$AZURE_FEDERATED_TOKEN_FILE"`},
		},
		"data-sources/oauth2cc_token/data-source.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls:  []string{"GET /orders 200"},
		},
		"data-sources/oauth2cc_request/data-source.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls:  []string{"GET /orders 200"},
		},
		"data-sources/oauth2cc_request/search.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls:  []string{"POST /orders 200"},
		},
		"actions/oauth2cc_request/action.tf": {
			client: authserver.Client{Scopes: []string{"deploy:announce"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"deploy:announce"}})},
			calls:  []string{"POST /announcements 200"},
		},
		"ephemeral-resources/oauth2cc_token/session.tf": {
			client: authserver.Client{RefreshLifetime: time.Hour},
			forms:  []url.Values{clientCredentials(nil)},
			calls:  []string{"POST /baskets 200"},
			check:  checkRevoked,
		},
		"ephemeral-resources/oauth2cc_request/once.tf": {
			forms: []url.Values{clientCredentials(nil)},
			calls: []string{"GET /keys/deploy 200", "POST /keys/deploy 200"}[:1+acctest.UnneededAtApply()],
		},
		"ephemeral-resources/oauth2cc_request/after.tf": {
			forms: []url.Values{clientCredentials(nil)},
			calls: []string{"PUT /machines/" + uuid + "/join 200"},
		},
		"ephemeral-resources/oauth2cc_request/token_header.tf": {
			forms:  []url.Values{clientCredentials(nil)},
			calls:  []string{"GET /admin/api/2026-01/shop.json 200"},
			script: readBareToken,
		},
		"ephemeral-resources/oauth2cc_request/ephemeral-resource.tf": {
			client: authserver.Client{Scopes: []string{"api:read"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"api:read"}})},
			calls: []string{
				"GET /api/v1/namespaces/team 200", "GET /clusters/blue 200", "POST /api/v1/namespaces 200",
			},
			script: answerWithToken,
		},
		"data-sources/oauth2cc_server_metadata/data-source.tf": {},
		"functions/jwt_decode/function.tf": {
			// RFC 7519 section 3.1, with a sub for its iss.
			variables: config.Variables{"token": config.StringVariable("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.c2ln")},
		},
	}
}

// recipes are the examples of the guide of that name.
func recipes() map[string]example {
	return map[string]example{
		"recipes/token_endpoint.tf": {
			client:    authserver.Client{AuthMethod: "client_secret_post"},
			variables: config.Variables{"client_secret": config.StringVariable(environmentSecret)},
			forms:     []url.Values{clientCredentials(url.Values{"client_id": {environmentID}, "client_secret": {environmentSecret}})},
		},
		"recipes/raw_basic.tf": {
			client: authserver.Client{ID: "sb-orders|app!t1", BasicEncoding: authserver.RawEncoding},
			forms:  []url.Values{clientCredentials(nil)},
		},
		"recipes/request.tf": {
			client: authserver.Client{Scopes: []string{"orders:read", "orders:write"}},
			forms: []url.Values{
				clientCredentials(url.Values{
					"scope": {"orders:read"}, "tenant": {"green"},
					"resource": {"https://api.example.com/orders", "urn:example:invoices"},
				}),
				clientCredentials(url.Values{
					"scope": {"orders:read orders:write"}, "tenant": {"blue"}, "audience": {"https://api.example.com"},
					"resource": {"https://api.example.com/orders", "urn:example:invoices"},
				}),
			},
		},
		"recipes/several_clients.tf": {
			others: []authserver.Client{
				{ID: "billing", Secret: "b1", Scopes: []string{"invoices:read", "invoices:write"}},
				{ID: "reports", Secret: "r1", Scopes: []string{"orders:read"}},
			},
			variables: config.Variables{"client_secrets": config.MapVariable(map[string]config.Variable{
				"billing": config.StringVariable("b1"), "reports": config.StringVariable("r1"),
			})},
			forms: []url.Values{
				clientCredentials(url.Values{"scope": {"invoices:read invoices:write"}}),
				clientCredentials(url.Values{"scope": {"orders:read"}}),
			},
		},
		"recipes/tls_and_proxy.tf": {
			encrypted: true,
			forms:     []url.Values{clientCredentials(nil)},
		},
		"recipes/granted_scopes.tf": {
			client: authserver.Client{Scopes: []string{"orders:read", "orders:write"}},
			forms:  []url.Values{clientCredentials(url.Values{"scope": {"orders:read orders:write"}})},
			calls:  []string{"POST /baskets 200"},
		},
		"long-runs/min_validity.tf": {
			forms: []url.Values{clientCredentials(url.Values{"audience": {"kubernetes"}})},
			calls: []string{"GET /api/v1/namespaces/team 200", "POST /api/v1/namespaces 200"},
		},
		"recipes/triggers.tf": {
			forms: []url.Values{clientCredentials(nil)},
			check: checkRegisteredFirst,
		},
	}
}

// answerWithToken has the API answer with a token: the one that it is shown, which
// is good for the cluster only if it is good at all.
func answerWithToken(srv *authservertest.Server) {
	srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || r.URL.Path != "/clusters/blue" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"token":%q}`, token) //nolint:gosec // no browser reads it
		return true
	})
}

// readBareToken has the API read the token as Shopify's does, and from nowhere else.
func readBareToken(srv *authservertest.Server) {
	srv.Override(authserver.API, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Set("Authorization", "Bearer "+r.Header.Get("X-Shopify-Access-Token"))
		return false
	})
}

// checkRegisteredFirst holds triggers to its word: register-client.sh, see
// stage, has called the server before the first token was asked for.
func checkRegisteredFirst(t *testing.T, srv *authservertest.Server) {
	t.Helper()
	var seen []string
	for _, request := range srv.Requests(authserver.OtherPath, authserver.TokenEndpoint) {
		seen = append(seen, request.Target)
	}
	if len(seen) < 2 || seen[0] != "/register" {
		t.Errorf("the server was asked for %q in this order", seen)
	}
}

// checkRevoked holds revoke_on_close to its word: each token and each refresh token
// that was issued is revoked.
func checkRevoked(t *testing.T, srv *authservertest.Server) {
	t.Helper()
	issued, revoked := srv.Requests(authserver.TokenEndpoint), srv.Requests(authserver.RevocationEndpoint)
	hints := map[string]int{}
	for _, request := range revoked {
		hints[request.Form().Get("token_type_hint")]++
	}
	if want := (map[string]int{"access_token": len(issued), "refresh_token": len(issued)}); !maps.Equal(hints, want) {
		t.Errorf("revoked are %v, want %v", hints, want)
	}
}
