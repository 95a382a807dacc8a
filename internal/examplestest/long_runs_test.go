// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// The server says that its tokens last two seconds, accepts them for three, as calls
// take time on a busy machine, and each example makes calls for four.
const (
	announcedLifetime = 2
	realLifetime      = 3 * time.Second
	runDuration       = "4s"
)

// longRun is an example of the guide of that name.
type longRun struct {
	// provider is the address of the other provider, and its calls go to target.
	provider, target string
	// client is registered at the server, with the environment's id and secret unless
	// it has its own.
	client authserver.Client
	// settings are the server's. encrypted makes it, and the API, use TLS.
	settings  authserver.Config
	encrypted bool
	// files are beside the configuration, and variables are the configuration's.
	files     func(*authservertest.Server) map[string]string
	variables values
}

// longRuns are the examples that run with another provider in a process of its own.
func longRuns(t *testing.T) map[string]longRun {
	t.Helper()
	signing := authservertest.NewKey(t, authservertest.RSA)
	certificate := authservertest.SelfSigned(t, signing, authservertest.ClientTemplate("deploy"))
	return map[string]longRun{
		"kubernetes.tf": {provider: "hashicorp/kubernetes", target: "/api/v1/namespaces/team"},
		"helm.tf":       {provider: "hashicorp/helm", target: "/api/v1/namespaces/default/secrets/sh.helm.release.v1.ingress.v1"},
		"restapi.tf":    {provider: "mastercard/restapi", target: "/orders/1", client: authserver.Client{Scopes: []string{"orders:write"}}},
		"grafana.tf":    {provider: "grafana/grafana", target: "/api/folders/team"},
		"kubeconfig.tf": {
			provider: "hashicorp/kubernetes", target: "/api/v1/namespaces/team", encrypted: true,
			files: func(srv *authservertest.Server) map[string]string {
				return map[string]string{
					"ca.pem":     srv.CAPEM,
					"kubeconfig": strings.ReplaceAll(source(t, "long-runs/kubeconfig"), "https://cluster.example.com", srv.APIURL),
				}
			},
		},
		"azurerm.tf": {
			provider: "hashicorp/azurerm", target: "/subscriptions/resourceGroups/team",
			client: authserver.Client{
				ID: entraClient, AuthMethod: authserver.PrivateKeyJWT, SigningAlgorithms: []string{"PS256"},
				Keys: []authserver.Key{{Certificate: certificate.Leaf}}, Scopes: []string{"https://management.azure.com/.default"},
			},
			settings: authserver.Config{ClientAssertion: authserver.AssertionRules{
				Audience: authserver.AudienceTokenEndpoint, MaxLifetime: 4 * time.Hour, Reusable: true,
			}},
			files: func(*authservertest.Server) map[string]string {
				return map[string]string{"client.pem": authservertest.CertificatePEM(certificate)}
			},
			variables: values{"private_key": authservertest.PKCS8(t, signing)},
		},
	}
}

// TestAccLongRuns applies each example with a provider that makes calls for longer
// than a token is valid. The API must refuse none of them.
func TestAccLongRuns(t *testing.T) {
	t.Parallel()
	for file, row := range longRuns(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			srv := startLongRun(t, row)
			workspace := stageLongRun(t, file, row, srv)
			workspace.Apply().MustExit(t, 0)
			tokens := map[string]bool{}
			for _, call := range srv.Requests(authserver.API) {
				tokens[call.Header.Get("Authorization")] = true
				if call.Status != http.StatusOK || call.Target != row.target {
					t.Errorf("%s %s: status %d", call.Method, call.Target, call.Status)
				}
			}
			if len(tokens) < 2 {
				t.Errorf("the API has seen %d tokens, want at least 2", len(tokens))
			}
			if left, err := filepath.Glob(workspace.Path("*.token")); err != nil || len(left) > 0 {
				t.Errorf("the run left %q", left)
			}
		})
	}
}

func startLongRun(t *testing.T, row longRun) *authservertest.Server {
	t.Helper()
	client := row.client
	if client.ID == "" {
		client.ID, client.Secret = environmentID, environmentSecret
	}
	client.Lifetime = realLifetime
	client.TokenResponse = []authserver.Mutation{authserver.Set("expires_in", announcedLifetime)}
	settings := row.settings
	settings.Clients, settings.Routes = []authserver.Client{client}, map[string]string{}
	if row.encrypted {
		return authservertest.StartTLS(t, settings, authservertest.Valid)
	}
	return authservertest.Start(t, settings)
}

// stageLongRun writes an example with the addresses of the servers that run.
func stageLongRun(t *testing.T, file string, row longRun, srv *authservertest.Server) *acctest.Workspace {
	t.Helper()
	environment := []string{
		"CONSUMER_DURATION=" + runDuration, "CONSUMER_LOGIN=" + srv.TokenURL(), "CONSUMER_API=" + srv.APIURL,
		"OAUTH2CC_CLIENT_ID=" + os.Getenv("OAUTH2CC_CLIENT_ID"), "OAUTH2CC_CLIENT_SECRET=" + os.Getenv("OAUTH2CC_CLIENT_SECRET"),
	}
	for name, value := range row.variables {
		environment = append(environment, "TF_VAR_"+name+"="+value)
	}
	workspace := acctest.New(t, "", environment...)
	workspace.StandIn(row.provider)
	issuer := `"` + srv.URL + `"`
	if row.encrypted { // the authority of a real server is a public one
		issuer += "\n  tls = { ca_certificate = file(\"ca.pem\") }"
	}
	files := map[string]string{"main.tf": strings.NewReplacer(
		`"https://auth.example.com"`, issuer,
		"https://cluster.example.com", srv.APIURL,
		"https://api.example.com", srv.APIURL,
		"https://grafana.example.com", srv.APIURL,
		"https://login.microsoftonline.com/${local.tenant_id}/oauth2/v2.0/token", srv.TokenURL(),
	).Replace(source(t, "long-runs/"+file))}
	if row.files != nil {
		maps.Copy(files, row.files(srv))
	}
	for name, content := range files {
		workspace.Write(name, content)
	}
	return workspace
}
