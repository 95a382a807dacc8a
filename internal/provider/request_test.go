// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
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
				srv.Fail(authserver.API, 1, authserver.Answer(200, nil, row.body))
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

// TestActionProgress holds what the action shows while it waits and tries again, and
// that no secret is in it.
func TestActionProgress(t *testing.T) {
	t.Parallel()
	busy, refused := later(503, "2"), answerJSON(401, `{}`)
	const done = "The API responded with 200 OK."
	retrying := func(who string, attempt int) string {
		return fmt.Sprintf(`The %s responded with 503 Service Unavailable; retrying in 2s \(attempt %d of 4\).`, who, attempt)
	}
	tests := map[string]struct {
		api, token []http.Handler
		config     attributes
		want       []string // patterns
	}{
		"at once":        {want: []string{done}},
		"503 twice":      {api: []http.Handler{busy, busy}, want: []string{retrying("API", 2), retrying("API", 3), done}},
		"401":            {api: []http.Handler{refused}, want: []string{"The API responded with 401 Unauthorized; requesting a new token and retrying.", done}},
		"401 without":    {api: []http.Handler{refused}, config: attributes{"authenticate": false, "expected_status_codes": []any{401}}, want: []string{"The API responded with 401 Unauthorized."}},
		"token endpoint": {token: []http.Handler{busy}, want: []string{retrying(`token endpoint http://\S+/token`, 2), done}},
		"no response":    {api: []http.Handler{authserver.Drop()}, want: []string{`GET http://127.0.0.1:\d+/orders: .*; retrying in .*s \(attempt 2 of 4\).`, done}},
		"unknown status": {api: []http.Handler{answerJSON(299, `{}`)}, want: []string{"The API responded with 299."}},
		"fails":          {api: []http.Handler{answerJSON(404, `{}`)}, want: nil},
		"fails in the end": {
			api:  []http.Handler{busy, busy, later(503, "3600")},
			want: []string{retrying("API", 2), retrying("API", 3)},
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, token := acctest.NewCanary("client_secret", special), acctest.NewCanary("token", "-._~+/")
			srv := startServer(t, answering(authserver.Set("access_token", token.Value)), func(client *authserver.Client) { client.Secret = secret.Value })
			for _, fault := range row.api {
				srv.Fail(authserver.API, 1, fault)
			}
			srv.Fail(authserver.API, authserver.Always, answerJSON(200, `{}`))
			for _, fault := range row.token {
				srv.Fail(authserver.TokenEndpoint, 1, fault)
			}
			config := merged(attributes{"url": srv.APIURL + "/orders?key=" + token.Value}, row.config)
			got, _ := newSession(t).mustConfigure(providerBlock(srv, attributes{"client_secret": secret.Value})).invokeShowing(requestType, config)
			matched := slices.EqualFunc(got, row.want, func(message, pattern string) bool {
				return regexp.MustCompile("^" + pattern + "$").MatchString(message)
			})
			if !matched {
				t.Errorf("shown is\n%q, want\n%q", got, row.want)
			}
			acctest.Search(t, "the progress", strings.Join(got, "\n"), secret, token)
		})
	}
}
