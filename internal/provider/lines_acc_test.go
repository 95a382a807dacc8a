// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// lines is a configuration with canaries in its literals, which Terraform prints if
// a diagnostic points at their line.
type lines struct {
	text     strings.Builder
	canaries map[string]acctest.Canary
	// planted lists the attributes that have canaries, by the name of the block.
	planted map[string][]string
	// attributes are all of these kinds of blocks.
	attributes []string
}

func newLines() *lines {
	l := &lines{canaries: map[string]acctest.Canary{}, planted: map[string][]string{}}
	l.text.WriteString(hclBlock("provider", []string{providerName}, attributes{"max_retries": 0, "client_id": clientID}))
	return l
}

// canary is the same for the same name.
func (l *lines) canary(name string) string {
	if _, ok := l.canaries[name]; !ok {
		l.canaries[name] = acctest.NewCanary(name, "-._~+/+.")
	}
	return l.canaries[name].Value
}

// add adds a block of a kind that blocks lists. A provider block needs another that uses it.
func (l *lines) add(in string, content attributes, planted ...string) {
	id := "block" + strconv.Itoa(len(l.planted))
	l.planted[id] = planted
	kind, name, _ := strings.Cut(in, " ")
	if kind == "provider" {
		l.text.WriteString(hclBlock(kind, []string{providerName}, merged(content, attributes{"alias": id})))
		kind, name, content = "ephemeral", tokenType, attributes{"provider": reference(providerName + "." + id)}
	}
	if kind == "action" {
		fmt.Fprintf(&l.text, "action %q %q {\n%s}\n", name, id, hclBlock("config", nil, content))
		return
	}
	l.text.WriteString(hclBlock(kind, []string{name, id}, content))
}

// all lists the canaries.
func (l *lines) all() []acctest.Canary { return slices.Collect(maps.Values(l.canaries)) }

// wrong are the ways in which a text that holds a canary can be wrong.
var wrong = map[string]func(canary string) string{
	"word":       func(canary string) string { return canary },
	"line break": func(canary string) string { return canary + "\n" },
	"control":    func(canary string) string { return canary + "\u0085" },
	"too long":   func(canary string) string { return canary + strings.Repeat("x", 70_000) },
	"URL":        func(canary string) string { return "https://user:" + canary + "@example.com/?key=" + canary + "#x" },
	"JWT": func(canary string) string {
		return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+canary+`"}`)) + "."
	},
	"PEM": func(canary string) string {
		return "-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----\n"
	},
}

// addWrong adds, for each way to be wrong, one block of each kind in which all
// attributes are wrong that may hold a secret, be it in the query of a URL.
func (l *lines) addWrong(t *testing.T) {
	t.Helper()
	all := blocks(t)
	for _, in := range slices.Sorted(maps.Keys(all)) {
		if kind, name, _ := strings.Cut(in, " "); acctest.Lacks(hclBlock(kind, []string{name}, nil)) != "" {
			continue // TestInput holds that nothing is pointed at
		}
		fields := textFields(all[in].schema.Block.Attributes)
		for attribute := range fields {
			l.attributes = append(l.attributes, attribute, root(attribute))
		}
		for _, way := range slices.Sorted(maps.Keys(wrong)) {
			content, planted := all[in].base("https://example.com"), []string{}
			for _, attribute := range slices.Sorted(maps.Keys(fields)) {
				takesURL := slices.Contains([]string{"issuer", "token_endpoint", "revocation_endpoint", "url"}, attribute)
				if slices.Contains(secretLines, root(attribute)) || takesURL && way == "URL" {
					text := wrong[way](l.canary(in + " " + attribute))
					content = merged(content, fields[attribute].set(content, text))
					planted = append(planted, attribute)
				}
			}
			if len(planted) > 0 {
				l.add(in, content, planted...)
			}
		}
	}
}

// addContradictions adds blocks with values that are right, each on its own, and with
// what is only wrong beside a secret on the same line.
func (l *lines) addContradictions(t *testing.T) {
	t.Helper()
	secret := func(name string) string { return l.canary("contradiction " + name) }
	object := func(name, member string, others attributes) attributes {
		return attributes{name: merged(others, attributes{member: secret(name)})}
	}
	basic := attributes{"token_endpoint_auth_method": "client_secret_basic", "client_id": "id"}
	broken := attributes{secret("key") + "\n": "x", secret("Key: x"): secret("value")}
	in := "ephemeral " + tokenType // a provider block has the same rules
	l.add(in, attributes{"client_secret": secret("client_secret"), "token_endpoint_auth_method": "none"}, "client_secret")
	l.add(in, merged(basic, attributes{"headers": attributes{"Authorization": secret("headers")}}), "headers")
	l.add(in, merged(basic, attributes{"parameters": attributes{"client_secret": secret("parameters")}}), "parameters")
	l.add(in, attributes{"parameters": attributes{"a": secret("parameters")}, "token_endpoint": "https://example.com/?a=" + secret("query")}, "parameters")
	l.add(in, attributes{"parameters": attributes{"a": secret("parameters")}, "request_body": secret("request_body")}, "parameters", "request_body")
	l.add(in, attributes{"request_body": secret("request_body"), "method": "GET"}, "request_body")
	l.add(in, attributes{"request_body": ""}, "request_body")
	l.add(in, attributes{"request_body": secret("request_body") + strings.Repeat("x", 1<<20)}, "request_body")
	l.add(in, attributes{"parameters": attributes{"a": secret("parameters") + strings.Repeat("x", 1<<20)}}, "parameters")
	l.add(in, attributes{"headers": broken, "parameters": broken}, "headers", "parameters")
	l.add(in, attributes{"headers": attributes{"a": secret("a"), "A": secret("A")}}, "headers")
	l.add(in, attributes{"client_secret": secret("client_secret"), "signed_assertion": attributes{"algorithm": "HS512"}}, "signed_assertion.algorithm")
	l.add(in, object("signed_assertion", "private_key", nil), "signed_assertion.private_key")
	l.add(in, object("signed_assertion", "private_key", attributes{"lifetime": "", "algorithm": "none", "claims": "["}), "signed_assertion.lifetime")
	l.add(in, object("federated_assertion", "env", attributes{"file": secret("file")}), "federated_assertion")
	l.add(in, merged(object("federated_assertion", "env", nil), object("signed_assertion", "private_key", nil)), "federated_assertion")
	l.add(in, attributes{"dpop_private_key": secret("dpop_private_key")}, "dpop_private_key")
	l.add(in, attributes{"dpop_private_key": inputKey + secret("dpop_private_key"), "dpop_bound_access_tokens": false}, "dpop_private_key")
	l.add(in, attributes{"federated_assertion": attributes{"request": object("query", "audience", attributes{"pointer": "x"})}}, "federated_assertion.request")
	certificate := authservertest.CertificatePEM(authservertest.SelfSigned(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("c")))
	l.add("provider", object("tls", "client_key", attributes{"client_certificate": certificate}), "tls.client_key")
	l.add("provider", object("tls", "client_key", nil), "tls.client_certificate")
	l.add("provider", object("tls", "client_key_passphrase", nil), "tls.client_key_passphrase")
	l.add("provider", object("tls", "client_pkcs12_password", nil), "tls.client_pkcs12_password")
	l.add("provider", object("tls", "client_pkcs12_password", attributes{"client_pkcs12": "AAAA"}), "tls.client_pkcs12")
	l.add(in, object("signed_assertion", "private_key_passphrase", nil), "signed_assertion.private_key_passphrase")
	l.add(in, object("signed_assertion", "private_key", attributes{"private_key_passphrase": secret("private_key_passphrase")}), "signed_assertion.private_key")
	l.add(in, object("signed_assertion", "pkcs12_password", nil), "signed_assertion.pkcs12_password")
	l.add(in, object("signed_assertion", "pkcs12_password", attributes{"pkcs12": "AAAA"}), "signed_assertion.pkcs12")
	l.add("provider", object("tls", "client_key", attributes{"server_name": "https://x", "ca_certificate": ""}), "tls.server_name", "tls.ca_certificate")
	l.add("provider", object("cache", "url", attributes{"type": "file"}), "cache.url")
	l.add("provider", object("cache", "encryption_key", nil), "cache.encryption_key")
	l.add("provider", object("cache", "encryption_key", attributes{"type": "disk"}), "cache.type")
	l.add("provider", attributes{"proxy_url": "ftp://" + secret("proxy_url")}, "proxy_url")
	in = "ephemeral " + jwtType
	l.add(in, attributes{"private_key": secret("private_key"), "secret": secret("secret")}, "private_key", "secret")
	l.add(in, attributes{"private_key": inputKey, "private_key_passphrase": secret("private_key_passphrase")}, "private_key_passphrase")
	l.add(in, attributes{"pkcs12": secret("pkcs12")}, "pkcs12")
	l.add(in, attributes{"secret": secret("secret"), "pkcs12_password": secret("pkcs12_password")}, "pkcs12_password")
	l.add(in, attributes{"secret": secret("secret"), "secret_encoding": "hex"}, "secret")
	l.add(in, attributes{"secret": secret("secret"), "algorithm": "HS512"}, "algorithm")
	for _, in := range []string{"ephemeral " + requestType, "data " + requestType} {
		api := attributes{"url": "https://example.com/"}
		l.add(in, merged(api, attributes{"request_headers": attributes{"Authorization": secret("request_headers")}}), "request_headers")
		l.add(in, merged(api, attributes{"request_headers": broken}), "request_headers")
		l.add(in, merged(api, attributes{"request_body": secret("request_body") + strings.Repeat("x", 1<<20)}), "request_body")
		l.add(in, merged(api, object("token", "grant_type", attributes{"scopes": []string{"a b"}, "parameters": broken})), "token.scopes", "token.parameters")
		l.add(in, merged(api, attributes{"authenticate": false}, object("token", "audience", nil)), "token")
	}
}

// finding is what terraform validate -json says.
type finding struct{ Address, Summary, Detail string }

// names reports whether the finding's text has the name of an attribute in it.
func (f finding) names(attribute string) bool {
	return strings.Contains(f.Summary+" "+f.Detail, attribute)
}

// TestAccLinesValidate holds that terraform validate shows no literal that may be a
// secret, whatever is wrong with it or beside it, and that the text of each finding
// names the attribute instead.
func TestAccLinesValidate(t *testing.T) {
	t.Parallel()
	config := newLines()
	config.addWrong(t)
	config.addContradictions(t)
	w := acctest.New(t, config.text.String())
	// The lines of the configuration are in JSON, too.
	shown := w.Run("validate", "-json").MustExit(t, 1).Stdout
	acctest.Search(t, "the output of validate -json", shown, config.all()...)
	var report struct{ Diagnostics []finding }
	if err := json.Unmarshal([]byte(shown), &report); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{} // attributes that some finding names
	for id, planted := range config.planted {
		found := slices.DeleteFunc(slices.Clone(report.Diagnostics), func(f finding) bool { return !strings.HasSuffix(f.Address, "."+id) })
		if len(found) == 0 && len(planted) == 1 {
			t.Errorf("nothing is found in %s, where %s is wrong", id, planted)
		}
		for _, one := range found {
			about := slices.DeleteFunc(slices.Clone(planted), func(attribute string) bool { return !one.names(attribute) })
			for _, attribute := range about {
				named[attribute] = true
			}
			if !slices.ContainsFunc(config.attributes, one.names) {
				t.Errorf("%s: the finding names no attribute:\n%s\n%s", id, one.Summary, one.Detail)
			}
		}
	}
	for id, planted := range config.planted {
		for _, attribute := range planted {
			if !named[attribute] {
				t.Errorf("no finding names %s, which is wrong in %s", attribute, id)
			}
		}
	}
}

// TestAccLinesPlan holds the same of terraform plan, with all that is said of a
// server's response.
func TestAccLinesPlan(t *testing.T) {
	t.Parallel()
	faults := map[string]http.Handler{
		"invalid_request": authserver.OAuthError(400, "invalid_request", "no"),
		"invalid_grant":   authserver.OAuthError(400, "invalid_grant", "no"),
		"invalid_client":  authserver.OAuthError(401, "invalid_client", "no"),
		"invalid_scope":   authserver.OAuthError(400, "invalid_scope", "no"),
		"403":             authserver.Respond(403, nil, "no"),
		"404":             authserver.Respond(404, nil, "no"),
		"406":             authserver.Respond(406, nil, "no"),
		"415":             authserver.Respond(415, nil, "no"),
		"500":             authserver.Respond(500, nil, "no"),
		"page":            authserver.Respond(200, http.Header{"Content-Type": {"text/html"}}, "<html>no</html>"),
		"no token":        authserver.Respond(200, nil, "{}"),
		"dropped":         authserver.Drop(),
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		faults[strings.ReplaceAll(strings.Split(r.URL.Path, "/")[1], "_token", " token")].ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	config := newLines()
	secret := config.canary
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		address := site.URL + "/" + strings.ReplaceAll(name, " ", "_") + "/x?key=" + secret("query")
		request := attributes{
			"grant_type": "password",
			"parameters": attributes{"password": secret("password")},
			"headers":    attributes{"X-Api-Key": secret("header")},
		}
		client := attributes{"token_endpoint": address, "client_id": name, "client_secret": secret("client_secret")}
		call := attributes{
			"url": address, "authenticate": false, "request_body": secret("request_body"), "method": "POST",
			"request_headers": attributes{"Authorization": secret("request_headers")},
		}
		config.add("ephemeral "+tokenType, merged(client, request))
		config.add("ephemeral "+tokenType, attributes{"token_endpoint": address, "client_id": name, "request_body": secret("request_body")})
		config.add("ephemeral "+tokenType, merged(client, attributes{"client_secret": nil, "federated_assertion": attributes{"env": secret("env")}}))
		if name != "page" && name != "no token" { // with which an API has nothing to say
			config.add("ephemeral "+requestType, call)
			config.add("data "+requestType, call)
		}
	}
	// Of the provider block for data sources, all is sent.
	config.add("provider", attributes{
		"token_endpoint": site.URL + "/invalid_request/x", "client_id": "provider", "client_secret": secret("client_secret"),
		"parameters": attributes{"password": secret("password")}, "headers": attributes{"X-Api-Key": secret("header")},
	})
	result := acctest.New(t, config.text.String()).Plan().MustExit(t, 1)
	acctest.Search(t, "the output of plan", result.Output(), config.all()...)
	if got, want := strings.Count(result.Output(), "Error: "), len(config.planted); got != want {
		t.Errorf("%d errors for %d blocks:\n%s", got, want, result.Output())
	}
}
