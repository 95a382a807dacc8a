// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// callKinds are the kinds of oauth2cc_request. Each sends a request and returns its
// outputs, if it has any.
var callKinds = map[string]func(*session, attributes) (attributes, diagnostics){
	"ephemeral": func(s *session, config attributes) (attributes, diagnostics) {
		resource := s.open(requestType, config)
		return resource.result, resource.diagnostics
	},
	"data": func(s *session, config attributes) (attributes, diagnostics) { return s.read(requestType, config) },
	"action": func(s *session, config attributes) (attributes, diagnostics) {
		return nil, s.invoke(requestType, config)
	},
}

// TestTokenHeader holds that the token arrives where token_header says, byte for
// byte, that it is renewed there after a 401, and that it is in no other field.
func TestTokenHeader(t *testing.T) {
	t.Parallel()
	const token = `v^1.1#i/+=~.-_"\`
	tests := map[string]struct {
		block       attributes // token_header
		name, value string
	}{
		"none":    {nil, "Authorization", "Bearer " + token},
		"empty":   {attributes{}, "Authorization", "Bearer " + token},
		"nulls":   {attributes{"name": nil, "scheme": nil}, "Authorization", "Bearer " + token},
		"name":    {attributes{"name": "X-Auth"}, "X-Auth", "Bearer " + token},
		"scheme":  {attributes{"scheme": "Zoho-oauthtoken"}, "Authorization", "Zoho-oauthtoken " + token},
		"bare":    {attributes{"scheme": ""}, "Authorization", token},
		"Shopify": {attributes{"name": "x-shopify-access-token", "scheme": ""}, "X-Shopify-Access-Token", token},
		"Citrix":  {attributes{"scheme": "CwsAuth Bearer="}, "Authorization", "CwsAuth Bearer=" + token},
	}
	for name, row := range tests {
		for kind, send := range callKinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t, answering(authserver.Set("access_token", token)))
				srv.Fail(authserver.API, 1, answerJSON(401, `{}`))
				srv.Fail(authserver.API, 1, answerJSON(200, `{}`))
				config := attributes{"url": srv.APIURL + "/orders"}
				if row.block != nil {
					config["token_header"] = row.block
				}
				_, found := send(newSession(t).mustConfigure(providerBlock(srv)), config)
				found.mustBeEmpty(t)
				mustCount(t, srv, 2) // token requests
				calls := srv.Requests(authserver.API)
				if len(calls) != 2 {
					t.Errorf("%d calls, want 2", len(calls))
				}
				for _, call := range calls {
					if got := call.Header[row.name]; !slices.Equal(got, []string{row.value}) {
						t.Errorf("%s is %q, want %q", row.name, got, row.value)
					}
					call.Header.Del(row.name)
					if rest := fmt.Sprint(call.Header); strings.Contains(rest, token) {
						t.Errorf("the token is also in %s", rest)
					}
				}
			})
		}
	}
}

// TestTokenHeaderConflicts holds that two values for one header field are refused,
// as far as they are known, and that the diagnostic quotes none of them.
func TestTokenHeaderConflicts(t *testing.T) {
	t.Parallel()
	headers := func(name string) attributes { return attributes{name: "very-secret"} }
	tests := map[string]struct {
		config attributes
		about  string // "" for no finding
		says   string
	}{
		"default":               {attributes{"request_headers": headers("authorization")}, "request_headers", "in the Authorization header"},
		"scheme alone":          {attributes{"request_headers": headers("Authorization"), "token_header": attributes{"scheme": ""}}, "request_headers", "in the Authorization header"},
		"name, other case":      {attributes{"request_headers": headers("x-TOKEN"), "token_header": attributes{"name": "X-Token"}}, "request_headers", "in the X-Token header"},
		"elsewhere":             {attributes{"request_headers": headers("Authorization"), "token_header": attributes{"name": "X-Token"}}, "", ""},
		"no token":              {attributes{"request_headers": headers("Authorization"), "authenticate": false}, "", ""},
		"authenticate unknown":  {attributes{"request_headers": headers("Authorization"), "authenticate": unknown}, "", ""},
		"token_header unknown":  {attributes{"request_headers": headers("Authorization"), "token_header": unknown}, "", ""},
		"name unknown":          {attributes{"request_headers": headers("Authorization"), "token_header": attributes{"name": unknown}}, "", ""},
		"headers unknown":       {attributes{"request_headers": unknown, "token_header": attributes{"name": "X-Token"}}, "", ""},
		"value unknown":         {attributes{"request_headers": attributes{"X-Token": unknown}, "token_header": attributes{"name": "X-Token"}}, "request_headers", "in the X-Token header"},
		"no token, unknown":     {attributes{"authenticate": false, "token_header": unknown, "token": unknown}, "", ""},
		"no token, null inside": {attributes{"authenticate": false, "token_header": attributes{}}, "token_header", "Remove token_header"},
	}
	kinds := map[string]func(*session, attributes) diagnostics{
		"ephemeral": func(s *session, config attributes) diagnostics { return s.validateEphemeral(requestType, config) },
		"data":      func(s *session, config attributes) diagnostics { return s.validateDataSource(requestType, config) },
		"action":    func(s *session, config attributes) diagnostics { return s.validateAction(requestType, config) },
	}
	for name, row := range tests {
		for kind, validate := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				found := validate(newSession(t), merged(attributes{"url": endpoint}, row.config))
				if row.about == "" {
					found.mustBeEmpty(t)
				} else {
					invalid{path: row.about, says: row.says}.mustBeFound(t, found)
				}
			})
		}
	}
}

// utf16LE writes text as Windows does.
func utf16LE(text string) string {
	bytes := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		bytes = append(bytes, byte(unit), byte(unit>>8)) //nolint:gosec // the halves of a unit
	}
	return string(bytes)
}

// TestResponseBodyBase64 holds that response_body_base64 has every byte of a body,
// text or not.
func TestResponseBodyBase64(t *testing.T) {
	t.Parallel()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	tests := map[string]struct {
		body string
		text any // response_body
	}{
		"empty":      {"", ""},
		"text":       {"a\r\nb", "a\r\nb"},
		"characters": {"größe €", "größe €"},
		"JSON":       {`{"a":1}`, `{"a":1}`},
		"PNG":        {"\x89PNG\r\n\x1a\n\x00", nil},
		"every byte": {string(every), nil},
		"Latin-1":    {"gr\xf6\xdfe", nil},
		"UTF-16":     {utf16LE("größe"), nil},
		"one byte":   {"\xff", nil},
	}
	for name, row := range tests {
		for _, kind := range []string{"ephemeral", "data"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.API, 1, authserver.Respond(200, nil, row.body))
				got, found := callKinds[kind](newSession(t).mustConfigure(providerBlock(srv)), attributes{"url": srv.APIURL + "/file"})
				found.mustBeEmpty(t)
				mustShow(t, kind, got, attributes{
					"response_body_base64": base64.StdEncoding.EncodeToString([]byte(row.body)), "response_body": row.text,
				})
			})
		}
	}
}

// TestTokenIsNotStored holds that whatever header field has the token, an API that
// repeats it does not bring it into the state: neither in text nor in what is not.
func TestTokenIsNotStored(t *testing.T) {
	t.Parallel()
	forms := maps.Clone(spellings)
	forms["UTF-16"] = utf16LE
	headers := map[string]attributes{
		"default": {}, "bare": {"name": "X-Token", "scheme": ""}, "Citrix": {"scheme": "CwsAuth Bearer="},
	}
	const begin = "\x89PNG\xff"
	for name, header := range headers {
		for form, spell := range forms {
			t.Run(name+"/"+form, func(t *testing.T) {
				t.Parallel()
				token := acctest.NewCanary("token", "-._~+/")
				srv := startServer(t, answering(authserver.Set("access_token", token.Value)))
				srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
					w.Header().Set("Set-Cookie", "sid="+url.QueryEscape(spell(everything(r))))
					_, _ = w.Write([]byte(begin + spell(everything(r)) + "\xff"))
					return true
				})
				s := newSession(t).mustConfigure(providerBlock(srv))
				state := s.mustRead(requestType, attributes{"url": srv.APIURL + "/orders", "token_header": header})
				acctest.Search(t, "the state", fmt.Sprint(state), token)
				body, err := base64.StdEncoding.DecodeString(fmt.Sprint(state["response_body_base64"]))
				if err != nil || !strings.HasPrefix(string(body), begin) {
					t.Errorf("the body is %q, error %v", body, err)
				}
				acctest.Search(t, "the body", strings.ReplaceAll(string(body), "\x00", ""), token)
			})
		}
	}
}

// TestRequestSensitive holds that everything an API sends is hidden in plans, and
// everything that may carry a credential to it.
func TestRequestSensitive(t *testing.T) {
	t.Parallel()
	want := []string{"request_body", "request_headers", "response", "response_body", "response_body_base64", "response_headers"}
	s := newSession(t)
	for kind, schema := range map[string]*tfprotov6.Schema{
		"ephemeral": s.schema.EphemeralResourceSchemas[requestType], "data": s.schema.DataSourceSchemas[requestType],
	} {
		var got []string
		for _, attribute := range schema.Block.Attributes {
			if attribute.Sensitive {
				got = append(got, attribute.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: sensitive are %q, want %q", kind, got, want)
		}
	}
}

// TestSharedWithRequests holds that calls of an API use the token that others of
// the same provider block have.
func TestSharedWithRequests(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Scopes = []string{"api:read"} })
	s := newSession(t).mustConfigure(providerBlock(srv))
	s.mustOpen(tokenType, nil)
	orders := attributes{"url": srv.APIURL + "/orders"}
	mustShow(t, "ephemeral", s.mustOpen(requestType, orders), attributes{"status_code": json.Number("200")})
	mustShow(t, "data", s.mustRead(requestType, orders), attributes{"status_code": json.Number("200")})
	if n := srv.Count(authserver.TokenEndpoint); n != 1 {
		t.Errorf("%d token requests, want one", n)
	}
}

// TestNoTokenForRefusedRequest holds that no token is asked for where the request
// that it is for is not sent.
func TestNoTokenForRefusedRequest(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv))
	got := s.open(requestType, attributes{"url": "http://api.example.com/orders"})
	matchGolden(t, "request, plaintext", got.diagnostics)
	mustCount(t, srv, 0)
}

// TestCostlyAnswers holds that an answer of bounded size is of bounded cost, as its
// type goes over the wire beside its value, and numbers are decimal: what would cost
// more than a moment is not given decoded.
func TestCostlyAnswers(t *testing.T) {
	t.Parallel()
	const size = 1 << 18
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	nested := strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60)
	tests := map[string]struct {
		value string
		given bool // decoded, too
	}{
		"numbers":          {`[` + fill(`1,`) + `1]`, false},
		"exponents":        {`[` + fill(`1e308,`) + `1e999999999]`, false},
		"one number":       {fill(`9`), true},
		"empty objects":    {`[` + fill(`{},`) + `{}]`, false},
		"nested lists":     {`[` + fill(nested+`,`) + `1]`, false},
		"19,997 values":    {`[` + strings.Repeat(`1,`, 19_996) + `1]`, true}, // with the token, the list and the whole 20,000
		"19,998 values":    {`[` + strings.Repeat(`1,`, 19_997) + `1]`, false},
		"300 nested lists": {`[` + strings.Repeat(nested+`,`, 300) + `1]`, true},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Respond(200, nil, `{"access_token":"abc","x":`+row.value+`}`))
			result := newSession(t).mustConfigure(providerBlock(srv)).mustOpen(tokenType, nil)
			if result["access_token"] != "abc" || (result["response"] != nil) != row.given {
				t.Errorf("access_token is %v; the response is given: %t", result["access_token"], result["response"] != nil)
			}
		})
	}
}
