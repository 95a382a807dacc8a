// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// rfcResponse is the example of RFC 6749 section 5.1.
const rfcResponse = `{
  "access_token":"2YotnFZFEjr1zCsicMWpAA",
  "token_type":"example",
  "expires_in":3600,
  "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",
  "example_parameter":"example_value"
}`

func TestResponseOfTheRFC(t *testing.T) {
	t.Parallel()
	token := issued(t, rfcResponse)
	if got := token.AccessToken.Reveal(); got != "2YotnFZFEjr1zCsicMWpAA" {
		t.Errorf("access_token %q", got)
	}
	if got := token.RefreshToken.Reveal(); got != "tGzv3JOkF0XG5Qx2TlKWIA" {
		t.Errorf("refresh_token %q", got)
	}
	if token.TokenType != "example" || token.ExpiresIn != 3600 || token.Scopes != nil || token.RefreshExpiresIn != 0 {
		t.Errorf("got type %q, %d s, scopes %q, refresh %d s", token.TokenType, token.ExpiresIn, token.Scopes, token.RefreshExpiresIn)
	}
	want := map[string]any{
		"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "example", "expires_in": json.Number("3600"),
		"refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA", "example_parameter": "example_value",
	}
	if !reflect.DeepEqual(token.Response, want) {
		t.Errorf("response %v", token.Response)
	}
}

// TestResponsesWithToken holds what servers send that the RFC has otherwise.
func TestResponsesWithToken(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	deep := `{"access_token":"abc","x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`
	tests := map[string]struct {
		status      int
		contentType string
		body        string
		want        string
	}{
		"201, CrowdStrike":           {status: http.StatusCreated},
		"203, behind a proxy":        {status: http.StatusNonAuthoritativeInfo},
		"no content type":            {},
		"HTML by its label":          {contentType: "text/html"},
		"text by its label":          {contentType: "text/plain; charset=utf-8"},
		"JSON labelled as a form":    {contentType: form},
		"content type is garbage":    {contentType: ";;;"},
		"byte order mark":            {body: "\uFEFF" + `{"access_token":"abc"}`},
		"white space around":         {body: "\r\n\t {\"access_token\":\"abc\"}\n\n"},
		"form":                       {contentType: form, body: "access_token=abc&token_type=bearer"},
		"form, in capitals":          {contentType: "Application/X-WWW-Form-Urlencoded; charset=UTF-8", body: "access_token=abc"},
		"form, encoded":              {contentType: form, body: "access_token=a%2Bb%2F%3D", want: "a+b/="},
		"form, the same twice":       {contentType: form, body: "access_token=abc&access_token=abc"},
		"form, labelled as text":     {contentType: "text/plain", body: "access_token=abc&expires=5183943"},
		"the same twice":             {body: `{"access_token":"abc","access_token":"abc"}`},
		"another name twice":         {body: `{"access_token":"abc","x":1,"x":2}`},
		"another object has one":     {body: `{"access_token":"abc","previous":{"access_token":"old"}}`},
		"names in other case beside": {body: `{"Access_Token":"x","ACCESS_TOKEN":"y","access_token":"abc"}`},
		"nested 100 levels deep":     {body: deep},
		"brackets within a text":     {body: `{"access_token":"abc","x":"` + strings.Repeat(`[\"{`, 200) + `"}`},
		"eBay's characters":          {body: `{"access_token":"v^1.1#i^1#f^0#p^1="}`, want: "v^1.1#i^1#f^0#p^1="},
		"escaped":                    {body: `{"access_token":"a\u0062\/c"}`, want: "ab/c"},
		"long":                       {body: `{"access_token":"` + strings.Repeat("a", 100_000) + `"}`, want: strings.Repeat("a", 100_000)},
		"error is false":             {body: `{"access_token":"abc","error":false}`},
		"error is 0":                 {body: `{"access_token":"abc","error":0}`},
		"error is 0.0":               {body: `{"access_token":"abc","error":0.0}`},
		"error is null":              {body: `{"access_token":"abc","error":null}`},
		"error is empty":             {body: `{"access_token":"abc","error":""}`},
		"error is an empty object":   {body: `{"access_token":"abc","error":{}}`},
		"error is an empty list":     {body: `{"access_token":"abc","error":[]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusOK, `{"access_token":"abc"}`)
			server.response.Header = http.Header{"Content-Type": {test.contentType}}
			if test.contentType == "" {
				server.response.Header = nil
			}
			if test.status != 0 {
				server.response.StatusCode = test.status
			}
			if test.body != "" {
				server.response.Body = []byte(test.body)
			}
			if test.want == "" {
				test.want = "abc"
			}
			token, err := server.ask(t.Context(), oauth2.TokenRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if got := token.AccessToken.Reveal(); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestResponsesWithoutToken: an unusable response says why, and shows nothing of
// the body, which may hold a token where none is looked for.
func TestResponsesWithoutToken(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry-0123456789"
	tests := map[string]struct {
		body string
		want error
	}{
		"empty":                    {"", oauth2.ErrNotJSON},
		"white space":              {" \n", oauth2.ErrNotJSON},
		"truncated":                {`{"access_token":"` + canary, oauth2.ErrNotJSON},
		"truncated behind it":      {`{"access_token":"` + canary + `"`, oauth2.ErrNotJSON},
		"two values":               {`{"access_token":"` + canary + `"}{}`, oauth2.ErrNotJSON},
		"text behind it":           {`{"access_token":"` + canary + `"} x`, oauth2.ErrNotJSON},
		"a form labelled as JSON":  {"access_token=" + canary, oauth2.ErrNotJSON},
		"HTML":                     {"<html><title>" + canary + "</title></html>", oauth2.ErrNotJSON},
		"XML":                      {"<token>" + canary + "</token>", oauth2.ErrNotJSON},
		"the token alone":          {canary, oauth2.ErrNotJSON},
		"nested too deeply":        {`{"access_token":"` + canary + `","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, oauth2.ErrTooDeep},
		"nested 10,000 deep":       {strings.Repeat(`{"a":`, 10_000) + `"` + canary + `"` + strings.Repeat("}", 10_000), oauth2.ErrTooDeep},
		"nested without an end":    {strings.Repeat("[", 500_000) + canary, oauth2.ErrTooDeep},
		"UTF-16, little end first": {utf16(binary.LittleEndian, `{"access_token":"`+canary+`"}`), oauth2.ErrNotJSON},
		"UTF-16, big end first":    {utf16(binary.BigEndian, `{"access_token":"`+canary+`"}`), oauth2.ErrNotJSON},
		"gzip that nobody unpacks": {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00", oauth2.ErrNotJSON},
		"two tokens":               {`{"access_token":"` + canary + `","access_token":"abc"}`, oauth2.ErrGivenTwice},
		"two tokens, one escaped":  {`{"access_token":"` + canary + `","access\u005ftoken":"abc"}`, oauth2.ErrGivenTwice},
		"token and null":           {`{"access_token":"` + canary + `","access_token":null}`, oauth2.ErrGivenTwice},
		"two tokens, further in":   {`{"data":[{"access_token":"` + canary + `","access_token":"abc"}],"access_token":"abc"}`, oauth2.ErrGivenTwice},
		"a string":                 {`"` + canary + `"`, oauth2.ErrNoAccessToken},
		"a number":                 {"1", oauth2.ErrNoAccessToken},
		"null":                     {"null", oauth2.ErrNoAccessToken},
		"an array":                 {`[{"access_token":"` + canary + `"}]`, oauth2.ErrNoAccessToken},
		"an empty object":          {"{}", oauth2.ErrNoAccessToken},
		"elsewhere":                {`{"data":{"token":"` + canary + `"}}`, oauth2.ErrNoAccessToken},
		"in other case":            {`{"Access_Token":"` + canary + `"}`, oauth2.ErrNoAccessToken},
		"empty token":              {`{"access_token":"","id_token":"` + canary + `"}`, oauth2.ErrNoAccessToken},
		"token is null":            {`{"access_token":null,"id_token":"` + canary + `"}`, oauth2.ErrNoAccessToken},
		"token is a number":        {`{"access_token":12345678901}`, oauth2.ErrNoAccessToken},
		"token is a bool":          {`{"access_token":true}`, oauth2.ErrNoAccessToken},
		"token is an object":       {`{"access_token":{"value":"` + canary + `"}}`, oauth2.ErrNoAccessToken},
		"token is a list":          {`{"access_token":["` + canary + `"]}`, oauth2.ErrNoAccessToken},
		"token with CR LF":         {`{"access_token":"` + canary + `\r\nX-Injected: 1"}`, oauth2.ErrUnsafeToken},
		"token with LF at the end": {`{"access_token":"` + canary + `\n"}`, oauth2.ErrUnsafeToken},
		"token with a space":       {`{"access_token":"` + canary + ` x"}`, oauth2.ErrUnsafeToken},
		"token with a tab":         {`{"access_token":"` + canary + `\t"}`, oauth2.ErrUnsafeToken},
		"token with NUL":           {`{"access_token":"` + canary + `\u0000"}`, oauth2.ErrUnsafeToken},
		"token with ESC":           {`{"access_token":"\u001b[2J` + canary + `"}`, oauth2.ErrUnsafeToken},
		"token with DEL":           {`{"access_token":"` + canary + `\u007f"}`, oauth2.ErrUnsafeToken},
		"token with C1 control":    {`{"access_token":"` + canary + `\u009b"}`, oauth2.ErrUnsafeToken},
		"token not ASCII":          {`{"access_token":"` + canary + `é"}`, oauth2.ErrUnsafeToken},
		"token not UTF-8":          {`{"access_token":"` + canary + "\xff" + `"}`, oauth2.ErrUnsafeToken},
		"token, half a surrogate":  {`{"access_token":"` + canary + `\ud800"}`, oauth2.ErrUnsafeToken},
		"token, line separator":    {`{"access_token":"` + canary + `\u2028"}`, oauth2.ErrUnsafeToken},
		"token with scheme":        {`{"access_token":"Bearer ` + canary + `"}`, oauth2.ErrUnsafeToken},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(http.StatusOK, test.body).refused(t, oauth2.TokenRequest{})
			if !errors.Is(failure, test.want) {
				t.Errorf("got %v, want %v", failure.Err, test.want)
			}
			if failure.Excerpt != "" || strings.Contains(failure.Error(), canary) {
				t.Errorf("shows the body: %+v", failure)
			}
		})
	}
}

// TestTokenThatIsNoText: JSON is UTF-8, a form can be anything. Whatever stores or
// hands on such a token as text would change it in silence.
func TestTokenThatIsNoText(t *testing.T) {
	t.Parallel()
	server := responding(http.StatusOK, "access_token=abc%ff")
	server.response.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if failure := server.refused(t, oauth2.TokenRequest{}); !errors.Is(failure, oauth2.ErrUnsafeToken) {
		t.Errorf("got %v", failure)
	}
}

// TestUnusableResponseSaysWhatItIs helps with finding the place of the token.
func TestUnusableResponseSaysWhatItIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ contentType, body, want string }{
		"members":    {"application/json", `{"expires":1,"data":{"token":"x","meta":{}},"List":[1]}`, "List, data {meta, token}, expires"},
		"no object":  {"application/json", `[]`, "not a JSON object"},
		"empty":      {"application/json", `{}`, "empty JSON object"},
		"media type": {"text/html; charset=utf-8", "<p>", "text/html"},
		"length":     {"text/html", "<p>", "3 bytes"},
		"no type":    {"", "x", "no content type"},
		"other case": {"application/json", `{"Access_Token":"x"}`, "Access_Token differs in case"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusOK, test.body)
			server.response.Header = http.Header{"Content-Type": {test.contentType}}
			failure := server.refused(t, oauth2.TokenRequest{})
			if got := failure.Error(); !strings.Contains(got, test.want) {
				t.Errorf("%q does not say %q", got, test.want)
			}
			if got := failure.Error(); !strings.Contains(got, "token endpoint https://server.example.com/token") || !strings.Contains(got, "200 OK") {
				t.Errorf("%q does not say who answered what", got)
			}
		})
	}
}

// TestUnusableResponseIsBounded: names and labels are the server's to choose too.
func TestUnusableResponseIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	members := responding(http.StatusOK, `{"`+long+`":{"`+long+`":1}}`)
	label := responding(http.StatusOK, "")
	label.response.Header = http.Header{"Content-Type": {"text/" + long}}
	for name, server := range map[string]*endpoint{"members": members, "media type": label} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := server.refused(t, oauth2.TokenRequest{})
			if got := len(failure.Error()) + len(failure.ContentType); got > 2048 {
				t.Errorf("the error is %d bytes long", got)
			}
		})
	}
}

func TestTokenType(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ json, want, header string }{
		"absent, Neucron":     {"", "", "Bearer abc"},
		"null":                {`null`, "", "Bearer abc"},
		"number":              {`1`, "", "Bearer abc"},
		"Bearer":              {`"Bearer"`, "Bearer", "Bearer abc"},
		"lower, Neonomics":    {`"bearer"`, "bearer", "Bearer abc"},
		"upper":               {`"BEARER"`, "BEARER", "Bearer abc"},
		"one word":            {`"BearerToken"`, "BearerToken", "Bearer abc"},
		"eBay":                {`"Application Access Token"`, "Application Access Token", "Bearer abc"},
		"token exchange, N_A": {`"N_A"`, "N_A", "Bearer abc"},
		"DPoP":                {`"DPoP"`, "DPoP", "DPoP abc"},
		"dpop":                {`"dpop"`, "dpop", "DPoP abc"},
		"control characters":  {`"Bear\u001b[31mer\r\n"`, "Bear [31mer", "Bearer abc"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			member := ""
			if test.json != "" {
				member = `,"token_type":` + test.json
			}
			token := issued(t, `{"access_token":"abc"`+member+`}`)
			if token.TokenType != test.want {
				t.Errorf("type %q, want %q", token.TokenType, test.want)
			}
			if got := token.AuthorizationHeader().Reveal(); got != test.header {
				t.Errorf("header %q, want %q", got, test.header)
			}
			if token.DPoPBound() != strings.HasPrefix(test.header, "DPoP") {
				t.Errorf("bound to proof: %t", token.DPoPBound())
			}
		})
	}
}

func TestGrantedScopes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json string
		want []string
	}{
		"absent":              {"", nil},
		"null":                {`null`, nil},
		"empty":               {`""`, nil},
		"empty list":          {`[]`, nil},
		"number":              {`7`, nil},
		"one":                 {`"orders:read"`, []string{"orders:read"}},
		"order is kept":       {`"b a c"`, []string{"b", "a", "c"}},
		"wide spaces":         {`"  a   b "`, []string{"a", "b"}},
		"broken line":         {`"openid\n  email\r\nprofile"`, []string{"openid", "email", "profile"}},
		"unescaped line":      {"\"core \n  admin\\\"x\tread\"", []string{"core", "admin\"x", "read"}}, // which is not JSON
		"comma is no space":   {`"a,b c"`, []string{"a,b", "c"}},                                       // RFC 6749 section 3.3 allows it inside
		"list":                {`["b","a"]`, []string{"b", "a"}},
		"list of lists":       {`["a b","c"]`, []string{"a", "b", "c"}},
		"list of other types": {`["a",1,null,["b"],"c"]`, []string{"a", "c"}},
		"punctuation":         {`"https://www.googleapis.com/auth/cloud-platform urn:x:y"`, []string{"https://www.googleapis.com/auth/cloud-platform", "urn:x:y"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			member := ""
			if test.json != "" {
				member = `,"scope":` + test.json
			}
			if got := issued(t, `{"access_token":"abc"`+member+`}`).Scopes; !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRefreshTokenInTheResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members string
		want    string
		seconds int64
	}{
		"none":             {``, "", 0},
		"null":             {`,"refresh_token":null`, "", 0},
		"no string":        {`,"refresh_token":1`, "", 0},
		"IBM's words":      {`,"refresh_token":"not_supported"`, "", 0},
		"of unknown end":   {`,"refresh_token":"r"`, "r", 0},
		"Keycloak":         {`,"refresh_token":"r","refresh_expires_in":1800`, "r", 1800},
		"unlimited":        {`,"refresh_token":"r","refresh_expires_in":0`, "r", 0},
		"negative":         {`,"refresh_token":"r","refresh_expires_in":-1`, "r", 0},
		"lifetime, quoted": {`,"refresh_token":"r","refresh_expires_in":"60"`, "r", 60},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issued(t, `{"access_token":"abc"`+test.members+`}`)
			if got := token.RefreshToken.Reveal(); got != test.want || token.RefreshExpiresIn != test.seconds {
				t.Errorf("got %q, %d s", got, token.RefreshExpiresIn)
			}
		})
	}
}

// fields parses response_fields.
func fields(pointers map[string]string) oauth2.Fields {
	parsed := oauth2.Fields{}
	for name, pointer := range pointers {
		parsed[name] = jsonpointer.MustParse(pointer)
	}
	return parsed
}

func TestResponseFields(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields map[string]string
		body   string
		token  string
		life   int64
	}{
		"Check Point": {
			map[string]string{"access_token": "/data/token", "expires_in": "/data/expiresIn"},
			`{"success":true,"data":{"token":"abc","expiresIn":1800}}`, "abc", 1800,
		},
		"OneLogin v1": {
			map[string]string{"access_token": "/data/0/access_token", "expires_in": "/data/0/expires_in", "error": "/status/error"},
			`{"status":{"error":false,"code":200},"data":[{"access_token":"abc","expires_in":36000}]}`, "abc", 36000,
		},
		"Lark": {
			map[string]string{"access_token": "/tenant_access_token", "expires_in": "/expire", "error": "/code"},
			`{"code":0,"msg":"ok","tenant_access_token":"t-abc","expire":7200}`, "t-abc", 7200,
		},
		"GitHub": {
			map[string]string{"access_token": "/token", "expires_at": "/expires_at"},
			`{"token":"ghs_abc","expires_at":"2011-03-22T17:53:00Z"}`, "ghs_abc", 600,
		},
		"list at the top":    {map[string]string{"access_token": "/0"}, `["abc"]`, "abc", 0},
		"the whole document": {map[string]string{"access_token": ""}, `"abc"`, "abc", 0},
		"others stay where they are": {
			map[string]string{"access_token": "/token"}, `{"token":"abc","expires_in":60}`, "abc", 60,
		},
		"error elsewhere frees the name": {
			map[string]string{"error": "/failure"}, `{"access_token":"abc","error":"this is text for people"}`, "abc", 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := responding(http.StatusOK, test.body).ask(t.Context(), oauth2.TokenRequest{Fields: fields(test.fields)})
			if err != nil {
				t.Fatal(err)
			}
			if got := token.AccessToken.Reveal(); got != test.token || token.ExpiresIn != test.life {
				t.Errorf("got %q, %d s", got, token.ExpiresIn)
			}
		})
	}
}

// TestNoAccessTokenSaysWhatIsThere: the kind of it and the place, never the value.
func TestNoAccessTokenSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, pointer, says string }{
		"nothing":             {`{"a":"c4n4ry"}`, "", `under "access_token" there is nothing`},
		"null":                {`{"access_token":null}`, "", `under "access_token" there is null`},
		"empty":               {`{"access_token":"","a":"c4n4ry"}`, "", `there is an empty string`},
		"number":              {`{"access_token":1234567}`, "", `there is a number`},
		"boolean":             {`{"access_token":true}`, "", `there is a boolean`},
		"list":                {`{"access_token":["c4n4ry"]}`, "", `there is an array`},
		"object":              {`{"access_token":{"value":"c4n4ry"}}`, "", `there is an object, and the members of the response are access_token {value}`},
		"nothing at a place":  {`{"data":{}}`, "/data/token", `at "/data/token" there is nothing`},
		"object at a place":   {`{"data":{"token":{"x":"c4n4ry"}}}`, "/data/token", `at "/data/token" there is an object`},
		"the whole, a number": {`1234567`, "", `there is nothing, and the response is not a JSON object`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := oauth2.TokenRequest{}
			if test.pointer != "" {
				request.Fields = fields(map[string]string{"access_token": test.pointer})
			}
			text := responding(http.StatusOK, test.body).refused(t, request).Error()
			if !strings.Contains(text, test.says) || strings.Contains(text, "c4n4ry") || strings.Contains(text, "1234567") {
				t.Errorf("says %q", text)
			}
		})
	}
}

func TestResponseFieldThatPointsNowhere(t *testing.T) {
	t.Parallel()
	request := oauth2.TokenRequest{Fields: fields(map[string]string{"access_token": "/data/token"})}
	failure := responding(http.StatusOK, `{"access_token":"c4n4ry"}`).refused(t, request)
	if !errors.Is(failure, oauth2.ErrNoAccessToken) || strings.Contains(failure.Error(), "c4n4ry") {
		t.Errorf("got %v", failure)
	}
}

// TestDoerErrorsPassThrough: what did not get a response is not dressed up as one.
func TestDoerErrorsPassThrough(t *testing.T) {
	t.Parallel()
	client := oauth2.Client{HTTP: failing{}, Auth: post(clientID, clientSecret)}
	_, err := client.Token(t.Context(), oauth2.TokenRequest{Endpoint: tokenURL})
	failure, ok := errors.AsType[*httpstack.Error](err)
	if !ok || failure.Kind != httpstack.DNS {
		t.Errorf("got %v", err)
	}
}

// utf16 writes ASCII text in UTF-16 with its byte order mark, which RFC 8259
// section 8.1 does not allow.
func utf16(order binary.AppendByteOrder, text string) string {
	written := order.AppendUint16(nil, 0xFEFF)
	for _, char := range text {
		written = order.AppendUint16(written, uint16(char)) //nolint:gosec // it is ASCII
	}
	return string(written)
}

func TestTwoTokensInAForm(t *testing.T) {
	t.Parallel()
	server := responding(http.StatusOK, "access_token=c4n4ry&access_token=abc")
	server.response.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if failure := server.refused(t, oauth2.TokenRequest{}); !errors.Is(failure, oauth2.ErrGivenTwice) || strings.Contains(failure.Error(), "c4n4ry") {
		t.Errorf("got %v", failure)
	}
}

func TestTwoTokensWhereFieldsPoint(t *testing.T) {
	t.Parallel()
	request := oauth2.TokenRequest{Fields: fields(map[string]string{"access_token": "/data/token"})}
	failure := responding(http.StatusOK, `{"data":{"token":"c4n4ry","token":"abc"}}`).refused(t, request)
	if !errors.Is(failure, oauth2.ErrGivenTwice) {
		t.Errorf("got %v", failure)
	}
	for name, body := range map[string]string{
		"way":            `{"data":{"token":"c4n4ry"},"data":{"token":"abc"}}`,
		"way, one empty": `{"data":{"token":"c4n4ry"},"data":null}`,
		"way, nested":    `{"data":{"data":{"token":"x"},"data":1,"token":"abc"}}`,
	} {
		if failure := responding(http.StatusOK, body).refused(t, request); !errors.Is(failure, oauth2.ErrGivenTwice) {
			t.Errorf("%s: got %v", name, failure)
		}
	}
	if _, err := responding(http.StatusOK, `{"data":{"token":"abc"},"data":{"token":"abc"}}`).ask(t.Context(), request); err != nil {
		t.Errorf("the same twice: got %v", err)
	}
	if _, err := responding(http.StatusOK, `{"access_token":"a","access_token":"b","data":{"token":"abc"}}`).ask(t.Context(), request); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestMembersGivenTwice: a member that is mapped must be unambiguous too.
func TestMembersGivenTwice(t *testing.T) {
	t.Parallel()
	request := oauth2.TokenRequest{Fields: fields(map[string]string{"expires_in": "/d/e"})}
	failure := responding(http.StatusOK, `{"access_token":"abc","d":{"e":10},"d":{"e":99999}}`).refused(t, request)
	if !errors.Is(failure, oauth2.ErrGivenTwice) {
		t.Errorf("got %v", failure)
	}
}

// An encoding that was not asked for is named, as the body says nothing.
func TestEncodingThatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"br", "deflate", "zstd"} {
		server := responding(http.StatusOK, "\x8b\x01\x80")
		server.response.Header.Set("Content-Encoding", coding)
		if failure := server.refused(t, oauth2.TokenRequest{}); !strings.Contains(failure.Error(), "content encoding "+coding) {
			t.Errorf("got %v", failure)
		}
	}
	plain := responding(http.StatusOK, `{"access_token":"abc"}`)
	plain.response.Header.Set("Content-Encoding", "utf-8") // as some write who mean the charset
	if _, err := plain.ask(t.Context(), oauth2.TokenRequest{}); err != nil {
		t.Error(err)
	}
}
