// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// TestReasons holds which members are taken for the reason why there is no token, in
// the dialects of real servers, and that no token is.
func TestReasons(t *testing.T) {
	t.Parallel()
	const token = "ya29A0ARrdaM9c4n4ryX1234567"
	tests := map[string]struct{ body, want string }{
		"WeChat":           {`{"errcode":40013,"errmsg":"invalid appid"}`, "/errcode=40013 /errmsg=invalid appid"},
		"DingTalk":         {`{"code":"invalidClientIdOrSecret","message":"no such client"}`, "/code=invalidClientIdOrSecret /message=no such client"},
		"Lark":             {`{"code":10003,"msg":"invalid param"}`, "/code=10003 /msg=invalid param"},
		"OneLogin v1":      {`{"status":{"error":true,"code":401,"message":"Authentication Failure"}}`, "/status/code=401 /status/message=Authentication Failure"},
		"FedEx":            {`{"errors":[{"code":"NOT.AUTHORIZED","message":"not valid"}]}`, "/errors/0/code=NOT.AUTHORIZED /errors/0/message=not valid"},
		"outermost first":  {`{"a":{"msg":"inner"},"message":"outer"}`, "/message=outer /a/msg=inner"},
		"escaped place":    {`{"a/b~c":{"msg":"x"}}`, "/a~1b~0c/msg=x"},
		"too deep":         {`{"a":{"b":{"c":{"d":{"msg":"x"}}}}}`, ""},
		"not a scalar":     {`{"message":{"x":1},"code":true,"msg":null}`, ""},
		"other names":      {`{"data":{"token":"` + token + `"},"passcode":"1234"}`, ""},
		"code that is one": {`{"code":"` + token + `"}`, "/code=[redacted]"},
		"token in a text":  {`{"message":"issued ` + token + ` for you"}`, "/message=issued [redacted] for you"},
		"JWT in a text":    {`{"message":"` + rfcJWT + `"}`, "/message=[redacted]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(http.StatusOK, test.body).refused(t, oauth2.TokenRequest{})
			var got []string
			for _, reason := range failure.Reasons {
				got = append(got, reason.Place+"="+reason.Value)
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

// TestChallenge reads the header fields of RFC 6750 section 3, RFC 9110 section
// 11.6.1, and such as no grammar has.
func TestChallenge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields []string
		want   oauth2.Challenge
	}{
		"RFC 6750": {
			[]string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			oauth2.Challenge{Scheme: "Bearer", Code: "invalid_token", Description: "The access token expired"},
		},
		"scope":             {[]string{`Bearer error="insufficient_scope",scope="a b"`}, oauth2.Challenge{Scheme: "Bearer", Code: "insufficient_scope", Scope: "a b"}},
		"token for a value": {[]string{`Bearer error = invalid_token`}, oauth2.Challenge{Scheme: "Bearer", Code: "invalid_token"}},
		"case of names":     {[]string{`bearer ERROR="invalid_token"`}, oauth2.Challenge{Scheme: "bearer", Code: "invalid_token"}},
		"several in one": {
			[]string{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple", DPoP error="use_dpop_nonce"`},
			oauth2.Challenge{Scheme: "DPoP", Code: "use_dpop_nonce"},
		},
		"several fields":       {[]string{`Negotiate oYG2==`, `Bearer error="invalid_token"`}, oauth2.Challenge{Scheme: "Bearer", Code: "invalid_token"}},
		"escapes":              {[]string{`Bearer error_description="a \"b\" \\ c"`}, oauth2.Challenge{Scheme: "Bearer", Description: `a "b" \ c`}},
		"quote that is open":   {[]string{`Bearer error="invalid_`}, oauth2.Challenge{Scheme: "Bearer", Code: "invalid_"}},
		"control characters":   {[]string{"Bearer error=\"a\x1b[2J\tb\""}, oauth2.Challenge{Scheme: "Bearer", Code: "a [2J b"}},
		"no reason":            {[]string{`Basic realm="x"`}, oauth2.Challenge{Scheme: "Basic"}},
		"no reason, two":       {[]string{`Negotiate, Bearer realm="x"`}, oauth2.Challenge{Scheme: "Bearer"}},
		"parameter, no scheme": {[]string{`error="invalid_token"`}, oauth2.Challenge{}},
		"no grammar":           {[]string{`{"error":"x"}`, `=,=;"`, ""}, oauth2.Challenge{}},
		"too long":             {[]string{`Bearer error="` + strings.Repeat("x", 9000) + `"`}, oauth2.Challenge{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusUnauthorized, "")
			server.response.Header = http.Header{"Www-Authenticate": test.fields}
			got := server.refused(t, oauth2.TokenRequest{}).Challenge
			if got == nil {
				got = &oauth2.Challenge{}
			}
			if *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}
