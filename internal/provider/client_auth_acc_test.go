// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// proofVariables hand the provider what must not be written anywhere.
const proofVariables = `
variable "client_secret" {
  type      = string
  ephemeral = true
  default   = null
}

variable "private_key" {
  type      = string
  ephemeral = true
  default   = null
}

variable "claims" {
  type      = string
  ephemeral = true
  default   = null
}
`

// proven is a client that proves itself in one way to a server of its own.
type proven struct {
	srv *authservertest.Server
	// block is what its provider block has beside the endpoint, env what its
	// environment has.
	block string
	env   []string
	// secrets and the private key, in PEM, must be nowhere.
	secrets    []acctest.Canary
	privateKey string
}

// marked makes a canary that an assertion carries in its claims: where the
// assertion is, the canary is, in base64.
func marked() acctest.Canary { return acctest.NewCanary("assertion", "") }

// startProven starts a server whose tokens are a canary.
func startProven(t *testing.T, config authserver.Config, change ...func(*authserver.Client)) (*authservertest.Server, acctest.Canary) {
	t.Helper()
	access := acctest.NewCanary("access token", "-._~+/=")
	config.Clients = []authserver.Client{exampleClient(append(change, answering(authserver.Set("access_token", access.Value)))...)}
	return authservertest.Start(t, config), access
}

func provenBySecret(t *testing.T) proven {
	t.Helper()
	secret, claim := acctest.NewCanary("client secret", special), marked()
	srv, access := startProven(t, authserver.Config{}, func(client *authserver.Client) {
		client.Secret, client.AuthMethod = secret.Value, authserver.ClientSecretJWT
	})
	return proven{
		srv:     srv,
		block:   `client_secret = var.client_secret` + "\n" + `signed_assertion = { claims = var.claims }`,
		env:     []string{"TF_VAR_client_secret=" + secret.Value, `TF_VAR_claims={"mark":"` + claim.Value + `"}`},
		secrets: []acctest.Canary{secret, claim, access},
	}
}

func provenByKey(t *testing.T, place string) proven {
	t.Helper()
	key, claim := authservertest.NewKey(t, authservertest.RSA), marked()
	srv, access := startProven(t, authserver.Config{}, withKey(key, "k1"), at(place))
	text := authservertest.PKCS1(t, key)
	return proven{
		srv:        srv,
		block:      fmt.Sprintf("parameters_in = %q\n", place) + `signed_assertion = { private_key = var.private_key, key_id = "k1", claims = var.claims }`,
		env:        []string{"TF_VAR_private_key=" + text, `TF_VAR_claims={"mark":"` + claim.Value + `"}`},
		secrets:    []acctest.Canary{claim, access},
		privateKey: text,
	}
}

func provenByGrant(t *testing.T) proven {
	t.Helper()
	key, subject := authservertest.NewKey(t, authservertest.P256), marked()
	srv, access := startProven(t, authserver.Config{
		TrustedIssuers: []authserver.TrustedIssuer{{Issuer: clientID, Keys: []authserver.Key{{Public: key.Public()}}}},
	}, granting(authserver.JWTBearer, authserver.None, authserver.Trust{Issuer: clientID, Subject: subject.Value}))
	text := authservertest.SEC1(t, key)
	return proven{
		srv:        srv,
		block:      fmt.Sprintf("grant_type = %q\n", authserver.JWTBearer) + `signed_assertion = { private_key = var.private_key, claims = var.claims }`,
		env:        []string{"TF_VAR_private_key=" + text, `TF_VAR_claims={"sub":"` + subject.Value + `"}`},
		secrets:    []acctest.Canary{subject, access},
		privateKey: text,
	}
}

// provenByEncryptedKey has the client sign with a key in PEM, and a passphrase.
func provenByEncryptedKey(t *testing.T) proven {
	t.Helper()
	key, passphrase := authservertest.NewKey(t, authservertest.P256), acctest.NewCanary("passphrase", special)
	srv, access := startProven(t, authserver.Config{}, withKey(key, ""))
	return proven{
		srv:        srv,
		block:      `signed_assertion = { private_key = var.private_key, private_key_passphrase = var.client_secret }`,
		env:        []string{"TF_VAR_private_key=" + encryptedPEM(t, key, passphrase.Value), "TF_VAR_client_secret=" + passphrase.Value},
		secrets:    []acctest.Canary{passphrase, access},
		privateKey: authservertest.PKCS8(t, key),
	}
}

// provenByPKCS12 has the client sign with the key of a PKCS#12 file, whose certificate the
// server knows, or show that certificate.
func provenByPKCS12(t *testing.T, block string, mutual bool) proven {
	t.Helper()
	key, password := authservertest.NewKey(t, authservertest.RSA), acctest.NewCanary("password", "-._~+/=")
	access := acctest.NewCanary("access token", "-._~+/=")
	answer := answering(authserver.Set("access_token", access.Value))
	text := pkcs12Of(t, key, password.Value)
	certificate := certificateOf(t, text, password.Value)
	var srv *authservertest.Server
	if mutual {
		srv = startSelfSigned(t, certificate, answer)
		block = fmt.Sprintf(block, srv.CAPEM)
	} else {
		srv = startServer(t, withKey(key, ""), answer, func(client *authserver.Client) {
			client.Keys = []authserver.Key{{Certificate: certificate.Leaf}}
		})
	}
	return proven{
		srv:        srv,
		block:      block,
		env:        []string{"TF_VAR_private_key=" + text, "TF_VAR_client_secret=" + password.Value},
		secrets:    []acctest.Canary{password, access},
		privateKey: authservertest.PKCS8(t, key) + text,
	}
}

// provenByCertificate has the client show a certificate: one of its own, or one of
// an authority.
func provenByCertificate(t *testing.T, method string) proven {
	t.Helper()
	key, ca := authservertest.NewKey(t, authservertest.P256), authservertest.NewAuthority(t)
	access := acctest.NewCanary("access token", "-._~+/=")
	answer := answering(authserver.Set("access_token", access.Value))
	certificate := selfSigned(t, key)
	var srv *authservertest.Server
	if method == authserver.TLSClientAuth {
		certificate = ca.Issue(t, key, authservertest.ClientTemplate("client"))
		srv = startCA(t, ca, answer)
	} else {
		srv = startSelfSigned(t, certificate, answer)
	}
	text := authservertest.PKCS8(t, key)
	return proven{
		srv: srv,
		block: fmt.Sprintf("tls = { ca_certificate = %q, client_certificate = %q, client_key = var.private_key }",
			srv.CAPEM, authservertest.CertificatePEM(certificate)),
		env:        []string{"TF_VAR_private_key=" + text},
		secrets:    []acctest.Canary{access},
		privateKey: text,
	}
}

// provenByPlatform has the client show the JWT of the platform. No secret exists
// anywhere: the client has none, and the server knows none.
func provenByPlatform(t *testing.T, block string, env func(*authservertest.Platform) []string) proven {
	t.Helper()
	subject := marked()
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Subject: subject.Value})
	trusted := platform.TrustedIssuer()
	trusted.Reusable = true // plan and apply may show the same
	srv, access := startProven(t, authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{trusted}}, func(client *authserver.Client) {
		client.Secret, client.AuthMethod = "", authserver.PrivateKeyJWT
		client.Federated = []authserver.Trust{{Issuer: trusted.Issuer, Subject: subject.Value, Audience: "api://as"}}
	})
	return proven{srv: srv, block: block, env: env(platform), secrets: []acctest.Canary{subject, access}}
}

func provenByVariable(t *testing.T) proven {
	t.Helper()
	return provenByPlatform(t, `federated_assertion = { env = "TFC_WORKLOAD_IDENTITY_TOKEN" }`, func(platform *authservertest.Platform) []string {
		return []string{"TFC_WORKLOAD_IDENTITY_TOKEN=" + token(t, platform, "api://as")}
	})
}

func provenByFile(t *testing.T) proven {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	return provenByPlatform(t, fmt.Sprintf("federated_assertion = { file = %q }", path), func(platform *authservertest.Platform) []string {
		if err := os.WriteFile(path, []byte(token(t, platform, "api://as")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return nil
	})
}

func provenByRequest(t *testing.T) proven {
	t.Helper()
	return provenByPlatform(t, `federated_assertion = {
    request = {
      url_env   = "ACTIONS_ID_TOKEN_REQUEST_URL"
      token_env = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
      query     = { audience = "api://as" }
    }
  }`, func(platform *authservertest.Platform) []string {
		return []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + platform.GitHubActionsURL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-token"}
	})
}

// TestAccAuthentication holds that the real executable authenticates in each way,
// with one request for each walk, and that what proves the client and the token are
// in no plan, state, log or output.
func TestAccAuthentication(t *testing.T) {
	t.Parallel()
	for name, prove := range map[string]func(*testing.T) proven{
		"client_secret_jwt":      provenBySecret,
		"private_key_jwt":        func(t *testing.T) proven { t.Helper(); return provenByKey(t, authserver.InForm) },
		"private_key_jwt, query": func(t *testing.T) proven { t.Helper(); return provenByKey(t, authserver.InQuery) },
		"encrypted key":          provenByEncryptedKey,
		"PKCS#12": func(t *testing.T) proven {
			t.Helper()
			return provenByPKCS12(t, `signed_assertion = { pkcs12 = var.private_key, pkcs12_password = var.client_secret }`, false)
		},
		"PKCS#12, tls": func(t *testing.T) proven {
			t.Helper()
			return provenByPKCS12(t, `tls = { ca_certificate = %q, client_pkcs12 = var.private_key, client_pkcs12_password = var.client_secret }`, true)
		},
		"JWT bearer":      provenByGrant,
		"tls_client_auth": func(t *testing.T) proven { t.Helper(); return provenByCertificate(t, authserver.TLSClientAuth) },
		"self_signed_tls_client_auth": func(t *testing.T) proven {
			t.Helper()
			return provenByCertificate(t, authserver.SelfSignedTLSClientAuth)
		},
		"federated variable": provenByVariable,
		"federated file":     provenByFile,
		"federated request":  provenByRequest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := prove(t)
			n := &nest{srv: client.srv, Workspace: acctest.New(t, proofVariables+fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = %q
  client_id      = %q
  %s
}

ephemeral "oauth2cc_token" "test" {
}
`, client.srv.TokenURL(), clientID, client.block)+consumer, client.env...)}
			n.Trace()
			results := []acctest.Result{
				n.Plan("-out=plan.bin").MustExit(t, 2),
				n.Show("plan.bin").MustExit(t, 0),
				n.Apply("plan.bin").MustExit(t, 0),
			}
			mustCount(t, client.srv, 2)
			n.mustHaveTraced(t)
			client.mustHaveSent(t)
			n.mustKeep(t, client.secrets, results, "trace.log", "terraform.tfstate")
			client.mustKeepKey(t, n, results)
		})
	}
}

// mustHaveSent ends the test unless the assertions that the server received hold
// the canary: else nothing is proven by its absence elsewhere.
func (p proven) mustHaveSent(t *testing.T) {
	t.Helper()
	for _, request := range p.srv.Requests(authserver.TokenEndpoint) {
		sent := parameter(t, request, "client_assertion") + parameter(t, request, "assertion")
		if sent == "" && request.Certificate == nil {
			t.Fatal("neither an assertion nor a certificate was sent")
		}
		for _, canary := range p.secrets {
			if canary.Name == "assertion" && !slices.Contains(slices.Collect(maps.Values(readAssertion(t, sent).claims)), any(canary.Value)) {
				t.Fatal("the canary was never sent")
			}
		}
	}
}

// mustKeepKey searches for the lines of the private key in what commands have shown
// and in files of the workspace.
func (p proven) mustKeepKey(t *testing.T, n *nest, results []acctest.Result) {
	t.Helper()
	texts := map[string]string{"trace.log": n.Read("trace.log"), "terraform.tfstate": n.Read("terraform.tfstate")}
	for _, result := range results {
		texts["the output of terraform "+strings.Join(result.Args, " ")] = result.Output()
	}
	for line := range strings.Lines(p.privateKey) {
		line = strings.TrimSpace(line)
		if len(line) < 30 || strings.HasPrefix(line, "-----") {
			continue
		}
		for place, text := range texts {
			if strings.Contains(text, line) {
				t.Errorf("a line of the private key is in %s", place)
			}
		}
	}
}

// TestAccFederatedExpired holds that an assertion which has expired is reported
// with its exp, and is neither sent nor shown.
func TestAccFederatedExpired(t *testing.T) {
	t.Parallel()
	subject := marked()
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Subject: subject.Value, Lifetime: -1})
	srv := startServer(t)
	n := &nest{srv: srv, Workspace: acctest.New(t, fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint      = %q
  client_id           = %q
  federated_assertion = { env = "IDENTITY" }
}

ephemeral "oauth2cc_token" "test" {
}
`, srv.TokenURL(), clientID), "IDENTITY="+token(t, platform, "api://as"))}
	n.Trace()
	result := n.Plan().MustExit(t, 1).MustSay(t, "environment variable IDENTITY has expired: its exp is")
	mustCount(t, srv, 0)
	n.mustKeep(t, []acctest.Canary{subject}, []acctest.Result{result}, "trace.log")
}
