// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// site answers whatever it is asked, and remembers what that was.
type site struct {
	*httptest.Server
	mu       sync.Mutex
	requests []received
}

// siteToken is the token that a site issues: that of RFC 6749 section 5.1.
const siteToken = "2YotnFZFEjr1zCsicMWpAA"

// received is a request as it arrived.
type received struct {
	*http.Request
	body string
}

func startSite(t testing.TB) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(s)
	return s
}

// ServeHTTP implements [http.Handler].
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, received{r, string(body)})
	w.Header().Set("Content-Type", "application/json")
	issuer, found := strings.CutSuffix(r.URL.Path, "/.well-known/openid-configuration")
	switch {
	case found:
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": s.URL + issuer, "token_endpoint": s.URL + "/token"})
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		http.NotFound(w, r)
	default:
		kind := "Bearer"
		if r.Header.Get("DPoP") != "" {
			kind = "DPoP"
		}
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":%q,"expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","value":%q}`, siteToken, kind, jwtOf(`{"sub":"x"}`))
	}
}

// received lists what arrived, decoded, by its place.
func (s *site) received() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string][]string{}
	for _, request := range s.requests {
		all["path"] = append(all["path"], request.URL.Path)
		all["target"] = append(all["target"], request.RequestURI)
		all["body"] = append(all["body"], request.body)
		for name, values := range request.Header {
			all["header "+name] = append(all["header "+name], values...)
		}
		for name, values := range request.URL.Query() {
			all["query "+name] = append(all["query "+name], values...)
		}
		if id, secret, ok := request.BasicAuth(); ok {
			all["id"], all["secret"] = append(all["id"], unescaped(id)), append(all["secret"], unescaped(secret))
		}
		if scheme, ok := strings.CutSuffix(request.Header.Get("Authorization"), " "+siteToken); ok {
			all["scheme"] = append(all["scheme"], scheme)
		}
		form, _ := url.ParseQuery(request.body)
		for name, values := range form {
			all["form "+name] = append(all["form "+name], values...)
		}
		for name, value := range assertionIn(form) {
			all["assertion "+name] = append(all["assertion "+name], value)
		}
	}
	return all
}

// unescaped undoes the form encoding of RFC 6749 section 2.3.1.
func unescaped(text string) string {
	decoded, err := url.QueryUnescape(text)
	if err != nil {
		return "not form-encoded: " + text
	}
	return decoded
}

// assertionIn returns the header and the claims of a client assertion.
func assertionIn(form url.Values) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(form.Get("client_assertion"), ".") {
		text, err := base64.RawURLEncoding.DecodeString(part)
		members := map[string]any{}
		if err != nil || json.Unmarshal(text, &members) != nil {
			continue // the signature
		}
		for name, value := range members {
			all[name] = fmt.Sprint(value)
		}
	}
	return all
}

// siteClient is a provider block for the site.
func siteClient(site string) attributes {
	return attributes{"token_endpoint": site + "/token", "client_id": clientID, "client_secret": clientSecret}
}

// needed are the attributes without which a block of this type has nothing to do.
func needed(typeName string) func(site string) attributes {
	return func(site string) attributes {
		switch typeName {
		case requestType, proxyType:
			return attributes{"url": site + "/orders"}
		case metadataType:
			return attributes{"issuer": site}
		case jwtType:
			return attributes{"private_key": inputKey}
		default:
			return nil
		}
	}
}

// inputKey is the key of RFC 8037 appendix A.1.
const inputKey = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`

// companions are the attributes without which another one has no effect.
func companions(site, attribute string) attributes {
	switch {
	case strings.HasPrefix(attribute, "signed_assertion."):
		return attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": inputKey}}
	case attribute == "dpop_private_key":
		return attributes{"dpop_bound_access_tokens": true}
	case attribute == "secret", attribute == "pkcs12":
		return attributes{"private_key": nil}
	case attribute == "secret_encoding":
		return attributes{"private_key": nil, "secret": clientSecret + clientSecret}
	case strings.HasPrefix(attribute, "federated_assertion.request.url"):
		return attributes{"client_secret": nil}
	case strings.HasPrefix(attribute, "federated_assertion.request."):
		return attributes{"client_secret": nil, "federated_assertion": attributes{"request": attributes{"url": site + "/platform"}}}
	case attribute == "federated_assertion.pointer":
		return attributes{"client_secret": nil, "federated_assertion": attributes{"command": []string{"echo", `{"x":1}`}}}
	case strings.HasPrefix(attribute, "federated_assertion."):
		return attributes{"client_secret": nil}
	default:
		return nil
	}
}

// spelled writes a text as the attribute wants to have it.
func spelled(attribute, text string) string {
	switch attribute {
	case "path": // of a file that must not be written here
		return "/no/such/folder/" + text
	case "signed_assertion.claims", "claims":
	default:
		return text
	}
	if !utf8.ValidString(text) {
		return `{"x_test":"` + text + `"}` // which is no JSON, and which package json would mend
	}
	encoded, _ := json.Marshal(map[string]string{"x_test": text}) // text is always JSON
	return string(encoded)
}

// memberOf is the name under which a map of this name takes something.
func memberOf(attribute string) string {
	switch attribute {
	case "headers", "request_headers":
		return "X-Test"
	case "response_fields":
		return "access_token"
	default:
		return "x_test"
	}
}

// arrivals say where the site finds what an attribute holds.
var arrivals = map[string]string{
	"client_id":                         "id",
	"client_secret":                     "secret",
	"grant_type":                        "form grant_type",
	"scopes":                            "form scope",
	"audience":                          "form audience",
	"resources":                         "form resource",
	"parameters":                        "form x_test",
	"headers":                           "header X-Test",
	"request_body":                      "body",
	"request_headers":                   "header X-Test",
	"token.grant_type":                  "form grant_type",
	"token.scopes":                      "form scope",
	"token.audience":                    "form audience",
	"token.resources":                   "form resource",
	"token.parameters":                  "form x_test",
	"token_header.scheme":               "scheme",
	"signed_assertion.key_id":           "assertion kid",
	"signed_assertion.audience":         "assertion aud",
	"signed_assertion.type":             "assertion typ",
	"signed_assertion.claims":           "assertion x_test",
	"federated_assertion.request.query": "query x_test",
	"key_id":                            "assertion kid",
	"type":                              "assertion typ",
	"claims":                            "assertion x_test",
	"secret":                            "form verified_with",
}

// refusedLater are attributes whose texts may turn out to be of no use only when
// they are used: names of what is not there.
var refusedLater = []string{
	"federated_assertion.env",
	"federated_assertion.file",
	"federated_assertion.command",
	"federated_assertion.request.url_env",
	"federated_assertion.request.token_env",
	"federated_assertion.request.pointer",
	"federated_assertion.pointer",
	"response_fields",
	"path",
}
