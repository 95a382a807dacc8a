// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// nest is a workspace with canaries in it, and the servers that they are sent to.
type nest struct {
	*acctest.Workspace

	srv *authservertest.Server
	// secrets must be nowhere; token only where the data source puts it.
	secrets []acctest.Canary
	token   acctest.Canary
}

// leakVariables hand the secrets to the provider. Their values come from the
// environment and are ephemeral: Terraform itself writes every other value that a
// configuration holds into plan files.
const leakVariables = `
variable "client_secret" {
  type      = string
  ephemeral = true
}

variable "parameter" {
  type      = string
  ephemeral = true
}

variable "header" {
  type      = string
  ephemeral = true
}

variable "proxy_url" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  token_endpoint             = "TOKEN_ENDPOINT"
  token_endpoint_auth_method = "AUTH_METHOD"
  client_id                  = "CLIENT_ID"
  client_secret              = var.client_secret
  parameters                 = { api_key = var.parameter }
  headers                    = { X-Api-Key = var.header }
  proxy_url                  = var.proxy_url
  timeout                    = "TIMEOUT"
}
`

// ephemeralConsumers use the token of the ephemeral resource in another one and in
// a provisioner, which has it in its environment, in its command and from a file.
const ephemeralConsumers = `
ephemeral "oauth2cc_token" "test" {
}

ephemeral "oauth2cc_token" "second" {
  token_endpoint_auth_method = "client_secret_post"
  client_id                  = "second"
  client_secret              = ephemeral.oauth2cc_token.test.access_token
}

ephemeral "oauth2cc_token_file" "test" {
}

resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = <<-EOT
      test "$(cat $FILE)" = "$TOKEN" && test -n "$HEADER" && test -n ${base64encode(ephemeral.oauth2cc_token.test.access_token)}
    EOT
    environment = {
      FILE   = ephemeral.oauth2cc_token_file.test.path
      TOKEN  = ephemeral.oauth2cc_token.test.access_token
      HEADER = ephemeral.oauth2cc_token.second.authorization_header
    }
  }
}
`

// build makes a nest with a configuration.
func build(t *testing.T, method, config string) *nest {
	t.Helper()
	n := &nest{token: acctest.NewCanary("token", "-._~+/=&%<>\"'\\^=")}
	for _, name := range []string{"client_secret", "parameter", "header", "proxy password"} {
		n.secrets = append(n.secrets, acctest.NewCanary(name, special))
	}
	n.srv = startServer(t, answering(authserver.Set("access_token", n.token.Value)), func(client *authserver.Client) {
		client.Secret, client.AuthMethod = n.secrets[0].Value, method
	})
	second := authserver.Client{ID: "second", Secret: n.token.Value, AuthMethod: authserver.ClientSecretPost}
	second.TokenResponse = []authserver.Mutation{authserver.Set("access_token", n.token.Value)}
	if err := n.srv.Register(second); err != nil {
		t.Fatal(err)
	}
	proxy := authservertest.StartProxy(t, "user", n.secrets[3].Value)
	n.Workspace = acctest.New(t, strings.NewReplacer(
		"TOKEN_ENDPOINT", n.srv.TokenURL(), "AUTH_METHOD", method, "CLIENT_ID", clientID, "TIMEOUT", "5s",
	).Replace(leakVariables)+config,
		"OAUTH2CC_MAX_RETRIES=1", // for what is logged about it
		"TF_VAR_client_secret="+n.secrets[0].Value,
		"TF_VAR_parameter="+n.secrets[1].Value,
		"TF_VAR_header="+n.secrets[2].Value,
		"TF_VAR_proxy_url="+strings.Replace(proxy.URL, "//", "//"+url.UserPassword("user", n.secrets[3].Value).String()+"@", 1),
	)
	n.Trace()
	return n
}

// mustKeep searches for canaries in what commands have shown and in files of the
// workspace.
func (n *nest) mustKeep(t *testing.T, canaries []acctest.Canary, results []acctest.Result, files ...string) {
	t.Helper()
	for _, result := range results {
		acctest.Search(t, "the output of terraform "+result.Args[0], result.Output(), canaries...)
	}
	for _, file := range files {
		acctest.Search(t, file, n.Read(file), canaries...)
	}
}

// mustHaveTraced ends the test unless the log is that of the CLI and of the
// provider, down to the single requests: else nothing is proven by it.
func (n *nest) mustHaveTraced(t *testing.T) {
	t.Helper()
	log := n.Read("trace.log")
	for _, text := range []string{"[TRACE] vertex", "provider.terraform-provider-oauth2cc", "sending HTTP request", "Calling provider defined"} {
		if !strings.Contains(log, text) {
			t.Fatalf("the log has no %q", text)
		}
	}
}

// TestAccLeakEphemeral holds that neither the client's secrets nor the token are
// anywhere after a run that went well.
func TestAccLeakEphemeral(t *testing.T) {
	t.Parallel()
	for _, method := range []string{authserver.ClientSecretBasic, authserver.ClientSecretPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			n := build(t, method, ephemeralConsumers)
			results := []acctest.Result{
				n.Validate().MustExit(t, 0),
				n.Plan("-out=plan.bin").MustExit(t, 2),
				n.Show("plan.bin").MustExit(t, 0),
				n.Apply("plan.bin").MustExit(t, 0),
				n.Show("").MustExit(t, 0),
				n.Plan().MustExit(t, 0),
				n.Destroy().MustExit(t, 0),
			}
			n.mustHaveTraced(t)
			if sent := n.srv.Requests(authserver.TokenEndpoint)[0]; sent.Form().Get("api_key") != n.secrets[1].Value ||
				sent.Header.Get("X-Api-Key") != n.secrets[2].Value {
				t.Fatal("the canaries were never sent")
			}
			// The state before the destruction is the backup.
			n.mustKeep(t, append(n.secrets, n.token), results, "trace.log", "terraform.tfstate", "terraform.tfstate.backup")
		})
	}
}

// TestAccLeakData holds that of a data source the token is in the state, as its
// documentation says, but neither the secrets there nor the token in the log.
func TestAccLeakData(t *testing.T) {
	t.Parallel()
	n := build(t, authserver.ClientSecretBasic, `
data "oauth2cc_token" "test" {
}

output "length" {
  value = nonsensitive(length(data.oauth2cc_token.test.access_token))
}
`)
	plan := n.Plan("-out=plan.bin").MustExit(t, 2)
	shownPlan := n.Show("plan.bin").MustExit(t, 0)
	apply := n.Apply("plan.bin").MustExit(t, 0)
	shownState := n.Show("").MustExit(t, 0)
	again := n.Plan().MustExit(t, 0)
	n.mustHaveTraced(t)

	n.mustKeep(t, n.secrets, []acctest.Result{shownPlan, shownState}, "terraform.tfstate")
	n.mustKeep(t, append(n.secrets, n.token), []acctest.Result{plan, apply, again}, "trace.log")
	if got := tokenInState(t, n.Read("terraform.tfstate")); got != n.token.Value {
		t.Errorf("the token in the state is %q: the documentation of the data source is wrong", got)
	}
}

// tokenInState is the access token of the first resource.
func tokenInState(t *testing.T, state string) string {
	t.Helper()
	var document struct {
		Resources []struct {
			Instances []struct {
				Attributes struct {
					AccessToken string `json:"access_token"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(state), &document); err != nil {
		t.Fatal(err)
	}
	return document.Resources[0].Instances[0].Attributes.AccessToken
}

// TestAccLeakFailure holds that no canary is shown or logged when something goes
// wrong, a server that sends back what it was sent included.
func TestAccLeakFailure(t *testing.T) {
	t.Parallel()
	stranger := startTLS(t, authservertest.Valid)
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://login.example.com/?echo="+url.QueryEscape(everything(r)), http.StatusTemporaryRedirect)
	}
	tests := map[string]struct {
		arrange func(*nest)
		says    string
	}{
		"echo in error_description": {fails(func(w http.ResponseWriter, r *http.Request) {
			authserver.OAuthError(http.StatusBadRequest, "invalid_request", everything(r))(w, r)
		}), "malformed"},
		"echo in a page": {fails(func(w http.ResponseWriter, r *http.Request) {
			page := "<html><body>" + html.EscapeString(everything(r)) + "</body></html>"
			authserver.Respond(http.StatusForbidden, http.Header{"Content-Type": {"text/html"}}, page)(w, r)
		}), "403 Forbidden"},
		"echo in header fields": {fails(func(w http.ResponseWriter, r *http.Request) {
			for _, name := range []string{"X-Request-Id", "X-Correlation-Id", "Www-Authenticate", "Set-Cookie", "Retry-After", "Content-Type"} {
				w.Header().Set(name, r.Header.Get("X-Api-Key"))
			}
			w.WriteHeader(http.StatusUnauthorized)
		}), "401 Unauthorized"},
		"invalid_client": {fails(authserver.OAuthError(http.StatusUnauthorized, "invalid_client", "no")), "invalid_client"},
		"redirect":       {fails(redirect), "Redirect refused"},
		"timeout": {func(n *nest) {
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Hang())
			n.Edit("5s", "200ms")
		}, "No response in time"},
		"no TLS": {func(n *nest) {
			n.Edit(n.srv.URL, strings.Replace(n.srv.URL, "http:", "https:", 1))
		}, "No TLS connection"},
		"unknown authority": {func(n *nest) {
			n.Edit(n.srv.URL, stranger.URL)
		}, "unknown authority"},
		"no server": {func(n *nest) {
			n.Edit(n.srv.URL, "https://127.0.0.1:1")
		}, "proxy did not forward the request"},
		"proxy refuses": {func(n *nest) {
			n.Edit("var.proxy_url", `replace(var.proxy_url, "user:", "other:")`)
		}, "proxy did not forward the request"},
		"token in another member": {func(n *nest) {
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always,
				authserver.Respond(http.StatusOK, nil, fmt.Sprintf(`{"data":{"token":%q}}`, n.token.Value)))
		}, "no access token"},
		"token that breaks a header": {func(n *nest) {
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always,
				authserver.Respond(http.StatusOK, nil, fmt.Sprintf(`{"access_token":%q}`, n.token.Value+"\r\n")))
		}, "contains spaces, control characters"},
		"token and an error": {func(n *nest) {
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always,
				authserver.Respond(http.StatusOK, nil, fmt.Sprintf(`{"error":"server_error","access_token":%q}`, n.token.Value)))
		}, "server_error"},
		"token cut short": {func(n *nest) {
			n.Edit("= var.proxy_url", "= null") // a proxy would answer for the server
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Truncated(fmt.Sprintf(`{"access_token":%q`, n.token.Value)))
		}, "The response cannot be read"},
		"token that is not HTTP": {func(n *nest) {
			n.Edit("= var.proxy_url", "= null")
			n.srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Raw(n.token.Value+"\r\n\r\n"))
		}, "The response cannot be read"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := build(t, authserver.ClientSecretPost, `
ephemeral "oauth2cc_token" "test" {
}

data "oauth2cc_token" "test" {
}
`)
			row.arrange(n)
			result := n.Plan("-out=plan.bin").MustExit(t, 1).MustSay(t, row.says)
			n.mustHaveTraced(t)
			n.mustKeep(t, append(n.secrets, n.token), []acctest.Result{result}, "trace.log")
		})
	}
}

// fails has the token endpoint answer with fault.
func fails(fault http.HandlerFunc) func(*nest) {
	return func(n *nest) { n.srv.Fail(authserver.TokenEndpoint, authserver.Always, fault) }
}
