// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

func TestTokenSurvivesStorage(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"least":   `{"access_token":"abc"}`,
		"the RFC": rfcResponse,
		"most": `{"access_token":"` + rfcJWT + `","token_type":"DPoP","expires_in":"3599.5","scope":["b","a"],"refresh_token":"r<>&\u2028",` +
			`"refresh_expires_in":60,"id":12345678901234567890,"x":1e400,"nested":{"list":[null,true,{"":""}]},"é":"\ud83d\ude00"}`,
		"not ASCII":     `{"access_token":"abc","scope":"größe"}`,
		"nested deeply": `{"access_token":"abc","x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := issued(t, body)
			data, err := want.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			got, err := oauth2.UnmarshalToken(data)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\ngot  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestStoredTokenThatIsNone(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "{", `{"access_token":1}`, `{"requested_at":"x"}`, `{} {}`, `"c4n4ry"`, `{"expires_in":"c4n4ry"}`} {
		if token, err := oauth2.UnmarshalToken([]byte(data)); err == nil {
			t.Errorf("%q was read as %+v", data, token)
		} else if strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("the error quotes what was stored: %v", err)
		}
	}
}

// TestTokenIsNotPrinted: a token that is logged by mistake shows no secret.
// Response is an exception, which whoever logs one has to know.
func TestTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	token := issued(t, rfcResponse)
	token.Response = nil
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, token) + fmt.Sprintf(verb, token.AuthorizationHeader())
		if strings.Contains(text, "2YotnFZF") || strings.Contains(text, "tGzv3JOk") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestRefreshable(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	tests := map[string]struct {
		members string
		at      time.Duration // after the request
		want    bool
		end     bool // whether an end is known
	}{
		"no refresh token":           {``, 0, false, false},
		"lifetime without a token":   {`,"refresh_expires_in":60`, 0, false, false},
		"no end":                     {`,"refresh_token":"r"`, 1000 * time.Hour, true, false},
		"unlimited":                  {`,"refresh_token":"r","refresh_expires_in":0`, 1000 * time.Hour, true, false},
		"before its end":             {`,"refresh_token":"r","refresh_expires_in":60`, minute - 1, true, true},
		"at its end":                 {`,"refresh_token":"r","refresh_expires_in":60`, minute, false, true},
		"the access token is no end": {`,"refresh_token":"r","expires_in":1`, minute, true, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issued(t, `{"access_token":"abc"`+test.members+`}`)
			if got := token.Refreshable(requestedAt.Add(test.at)); got != test.want {
				t.Errorf("got %t", got)
			}
			if end := token.RefreshExpiresAt(); end.IsZero() == test.end || test.end && !end.Equal(requestedAt.Add(minute)) {
				t.Errorf("ends %s", end)
			}
		})
	}
}

func TestRefreshKeepsTheRefreshToken(t *testing.T) {
	t.Parallel()
	// RFC 6749 section 6: the server MAY issue a new one, which replaces the old.
	for response, want := range map[string]string{`{"access_token":"abc"}`: "old", `{"access_token":"abc","refresh_token":"new"}`: "new"} {
		client := oauth2.Client{HTTP: responding(http.StatusOK, response), Auth: post(clientID, clientSecret)}
		token, err := client.Refresh(t.Context(), oauth2.TokenRequest{Endpoint: tokenURL}, &oauth2.Token{RefreshToken: secret.New("old")})
		if err != nil {
			t.Fatal(err)
		}
		if got := token.RefreshToken.Reveal(); got != want {
			t.Errorf("%s: the refresh token is %q", response, got)
		}
	}
}

func TestResponseWithoutTokens(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, token, want string
		fields            map[string]string
	}{
		"the three":           {body: `{"access_token":"a","refresh_token":"r","id_token":"i","x":"y"}`, want: `{"x":"y"}`},
		"however spelled":     {body: `{"access_token":"a","refreshToken":"r","ID-Token":"i","x":1}`, want: `{"x":1}`},
		"wherever they are":   {body: `{"access_token":"a","data":[{"id_token":"i","x":1}]}`, want: `{"data":[{"x":1}]}`},
		"under another name":  {body: `{"access_token":"abc","copy":"abc","list":["abc","x"]}`, want: `{"list":[null,"x"]}`},
		"from another place":  {body: `{"data":{"token":"abc","x":1}}`, fields: map[string]string{"access_token": "/data/token"}, want: `{"data":{"x":1}}`},
		"whatever they are":   {body: `{"access_token":"a","id_token":{"x":1},"y":2}`, want: `{"y":2}`},
		"a list of them":      {body: `["abc","x"]`, fields: map[string]string{"access_token": "/0"}, want: `[null,"x"]`},
		"the token alone":     {body: `"abc"`, fields: map[string]string{"access_token": ""}, want: `null`},
		"other spellings":     {body: `{"access_token":"a","refresh":"r","accessJwt":"b","refreshJwt":"r","idToken":"i","user.refresh token":"u","x":1}`, want: `{"x":1}`},
		"nested lists":        {body: `{"access_token":"a","data":[[{"refresh":{"token":"r"}},{"x":[{"idToken":"i"}]}]]}`, want: `{"data":[[{},{"x":[{}]}]]}`},
		"copies of them":      {body: `{"access_token":"a","id_token":"iii","x":"iii","y":["iii",{"z":"iii"}]}`, want: `{"y":[null,{}]}`},
		"a number at a place": {body: `{"access_token":"a","data":{"rt":12345,"x":1}}`, fields: map[string]string{"refresh_token": "/data/rt"}, want: `{"data":{"x":1}}`},
		"what is about them": {
			body: `{"access_token":"a","token_type":"b","expires_in":1,"refresh_expires_in":2,"refresh_token_expires_in":3,"refreshTokenExpiresIn":4,"has_refresh_token":true,"refresh_interval":5,"id":"x"}`,
			want: `{"expires_in":1,"has_refresh_token":true,"id":"x","refreshTokenExpiresIn":4,"refresh_expires_in":2,"refresh_interval":5,"refresh_token_expires_in":3,"token_type":"b"}`,
		},
		"nothing more":        {body: `{"access_token":"a"}`, want: `{}`},
		"no empty text is it": {body: `{"access_token":"a","x":""}`, want: `{"x":""}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := responding(http.StatusOK, test.body).ask(t.Context(), oauth2.TokenRequest{Fields: fields(test.fields)})
			if err != nil {
				t.Fatal(err)
			}
			before := fmt.Sprint(token.Response)
			got, err := json.Marshal(token.ResponseWithoutTokens(fields(test.fields)))
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
			if fmt.Sprint(token.Response) != before {
				t.Error("the response itself was changed")
			}
		})
	}
}
