// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// boundKind has the server refuse the client's token requests without a proof.
func boundKind(client *authserver.Client) {
	client.DPoPBound, client.Scopes = true, []string{"api:read"}
}

// startBound starts such a server, which asks for nonces everywhere.
func startBound(t *testing.T, change ...func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{exampleClient(append(change, boundKind)...)},
		DPoP:    authserver.DPoPRules{TokenNonce: true, APINonce: true},
	})
}

// TestDPoPKeyRefused holds what is said of a key that the server does not support.
func TestDPoPKeyRefused(t *testing.T) {
	t.Parallel()
	srv := authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{exampleClient(boundKind)}, DPoP: authserver.DPoPRules{Algorithms: []string{"PS256"}},
	})
	config := merged(providerBlock(srv), attributes{"token_endpoint": nil, "issuer": srv.Issuer(), "dpop_bound_access_tokens": true})
	found := newSession(t).mustConfigure(config).open(tokenType, nil).diagnostics
	if !found.isAbout("dpop_private_key") || !strings.Contains(found.String(), "The key signs with ES256, and the server takes proofs with PS256.") {
		t.Errorf("want one finding about the key:\n%s", found)
	}
	mustCount(t, srv, 0)
}

// boundBlocks are blocks of each kind that use a token which is bound to a key.
const boundBlocks = `
provider "oauth2cc" {
  token_endpoint           = "%[1]s?tenant=a"
  client_id                = "%[2]s"
  client_secret            = "%[3]s"
  dpop_bound_access_tokens = true
  %[4]s
}

ephemeral "oauth2cc_request" "test" {
  url = "%[5]s/orders?page=2"
}

data "oauth2cc_request" "test" {
  url          = "%[5]s/orders?page=3"
  method       = "POST"
  request_body = jsonencode({ find = "all" })
}

ephemeral "oauth2cc_token" "test" {
}

resource "terraform_data" "test" {
  input = data.oauth2cc_request.test.status_code

  provisioner "local-exec" {
    command     = "test \"$STATUS\" = 200 && case \"$HEADER\" in 'DPoP '*) ;; *) exit 1 ;; esac"
    environment = {
      STATUS = ephemeral.oauth2cc_request.test.status_code
      HEADER = ephemeral.oauth2cc_token.test.authorization_header
    }
  }
}
`

// TestAccDPoP holds that a server which verifies every proof, its nonce and that none
// comes twice, is satisfied by every kind of block, and that keys, proofs and nonces are in
// no plan, state, log or output.
func TestAccDPoP(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.RSA))
	for name, row := range map[string]struct{ attribute, key string }{
		"key of the process": {},
		"key of the user":    {"dpop_private_key = var.private_key", key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startBound(t)
			n := &nest{srv: srv, Workspace: acctest.New(t,
				proofVariables+fmt.Sprintf(boundBlocks, srv.TokenURL(), clientID, clientSecret, row.attribute, srv.APIURL), "TF_VAR_private_key="+row.key)}
			n.Trace()
			const warning = "For their calls use oauth2cc_proxy"
			results := []acctest.Result{
				n.Validate().MustExit(t, 0),
				n.Plan("-out=plan.bin").MustExit(t, 2).MustSay(t, "Warning: DPoP token", warning),
				n.Show("plan.bin").MustExit(t, 0),
				n.Apply("plan.bin").MustExit(t, 0).MustSay(t, warning),
				n.Show("").MustExit(t, 0),
			}
			mustCount(t, srv, 4) // one for each walk, and one for its nonce
			var hidden []string
			for _, request := range srv.Requests(authserver.TokenEndpoint, authserver.API) {
				proof := request.Header.Get("DPoP")
				nonce, _ := readAssertion(t, proof).claims["nonce"].(string)
				hidden = append(hidden, proof, nonce)
			}
			proven{privateKey: key + strings.Join(hidden, "\n")}.mustKeepKey(t, n, results)
			for _, secret := range hidden {
				for place, text := range map[string]string{"the log": n.Read("trace.log"), "the state": n.Read("terraform.tfstate")} {
					if secret != "" && strings.Contains(text, secret) {
						t.Errorf("a proof or a nonce is in %s", place)
					}
				}
			}
			n.mustHaveTraced(t)
		})
	}
}
