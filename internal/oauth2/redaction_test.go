// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// spelled is how a secret may look in a text. Each is written with an encoder
// that servers use, so that a spelling that slips through is seen.
var spelled = map[string]func(string) string{
	"raw":             func(s string) string { return s },
	"form":            url.QueryEscape,
	"percent":         url.PathEscape,
	"percent, but /":  func(s string) string { return (&url.URL{Path: s}).EscapedPath() },
	"percent, twice":  func(s string) string { return url.PathEscape(url.QueryEscape(s)) },
	"percent, lower":  func(s string) string { return lowerPercent(url.QueryEscape(s)) },
	"HTML":            html.EscapeString,
	"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url":       func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 of id:it": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(clientID + ":" + s)) },
	"base64 of JSON":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(quoted(s))) },
	"JSON":            func(s string) string { return `{"client_secret":` + quoted(s) + `}` },
	"JSON in JSON":    func(s string) string { return quoted(`{"client_secret":` + quoted(s) + `}`) },
}

// quoted writes a JSON string.
func quoted(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(written)
}

// lowerPercent writes percent-escapes with lower-case digits.
func lowerPercent(text string) string {
	parts := strings.Split(text, "%")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToLower(part[:2]) + part[2:]
	}
	return strings.Join(parts, "%")
}

// traces are what must not be left of a secret: its spellings and its parts of
// letters and digits.
func traces(value string) []string {
	found := strings.FieldsFunc(value, func(char rune) bool {
		return char < '0' || char > 'z' || char > '9' && char < 'A' || char > 'Z' && char < 'a'
	})
	for _, spell := range spelled {
		found = append(found, strings.Trim(spell(value), `="`))
	}
	return slices.DeleteFunc(found, func(trace string) bool { return len(trace) < 6 })
}

// checkSilent checks that no secret is in any text of an error.
func checkSilent(t *testing.T, spelling string, failure *oauth2.Error, values ...string) {
	t.Helper()
	shown := strings.Join([]string{
		failure.Error(), failure.Code, failure.Description, failure.URI, failure.Excerpt, failure.ContentType,
		fmt.Sprintf("%+v", failure),
	}, "\n")
	for _, value := range values {
		for _, trace := range traces(value) {
			if strings.Contains(shown, trace) {
				t.Errorf("%s: %q of a secret is shown: %s | %s", spelling, trace, failure, failure.Excerpt)
				return
			}
		}
	}
}

// echoes are the places of a response where a server may repeat what it was sent.
var echoes = map[string]func(string) string{
	"description": func(s string) string {
		return `{"error":"invalid_client","error_description":` + quoted("no: "+s) + `}`
	},
	"code": func(s string) string { return `{"error":` + quoted(s) + `}` },
	"uri": func(s string) string {
		return `{"error":"e","error_description":"d","error_uri":` + quoted("https://x/?q="+s) + `}`
	},
	"member":      func(s string) string { return `{"message":"no","request":` + quoted(s) + `}` },
	"member name": func(s string) string { return `{"message":"no",` + quoted(s) + `:1}` },
	"list":        func(s string) string { return `["no",[` + quoted(s) + `]]` },
	"text":        func(s string) string { return "You sent: " + s + "." },
	"title":       func(s string) string { return "<html><title>no: " + s + "</title></html>" },
	"page":        func(s string) string { return "<html><body>no: <b>" + s + "</b></body></html>" },
	"late":        func(s string) string { return strings.Repeat("x", 500) + s },
}

// TestEchoedSecretIsRedacted sends secrets in every way there is to a server that
// repeats them in every spelling and place.
func TestEchoedSecretIsRedacted(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"plain":    "gX1fBat3bV7Fjfp0ZBr1Kt",
		"reserved": `gX1f/Bat3bV+7Fjfp0=ZBr1Kt&DRbnf%VdmIw`,
		"quotes":   `gX1fBat3"7Fjfp0\ZBr1Kt<DRbnfVdm>`,
	}
	for kind, value := range values {
		for how, sent := range sentSecrets(value) {
			for place, echo := range echoes {
				t.Run(kind+"/"+how+"/"+place, func(t *testing.T) {
					t.Parallel()
					for spelling, spell := range spelled {
						server := responding(http.StatusBadRequest, echo(spell(value)))
						checkSilent(t, spelling, sent(t, server), value)
					}
				})
			}
		}
	}
}

// sentSecrets are the roads by which a secret reaches a server.
func sentSecrets(value string) map[string]func(*testing.T, oauth2.Doer) *oauth2.Error {
	with := func(auth oauth2.ClientAuth, request oauth2.TokenRequest) func(*testing.T, oauth2.Doer) *oauth2.Error {
		request.Endpoint = tokenURL
		return func(t *testing.T, server oauth2.Doer) *oauth2.Error {
			t.Helper()
			return failureOf(t, oauth2.Client{HTTP: server, Auth: auth}, request)
		}
	}
	public := clientauth.IDOnly{ClientID: clientID}
	parameters := secrets(map[string]string{"apikey": value})
	return map[string]func(*testing.T, oauth2.Doer) *oauth2.Error{
		"basic, form": with(basic(clientID, value, "form"), oauth2.TokenRequest{}),
		"basic, raw":  with(basic(clientID, value, "raw"), oauth2.TokenRequest{}),
		"post":        with(post(clientID, value), oauth2.TokenRequest{}),
		"parameter":   with(public, oauth2.TokenRequest{Parameters: parameters}),
		"query":       with(public, oauth2.TokenRequest{Parameters: parameters, ParametersIn: oauth2.InQuery}),
		"header":      with(public, oauth2.TokenRequest{Headers: secrets(map[string]string{"X-Api-Key": value})}),
		"body":        with(public, oauth2.TokenRequest{Body: secret.New(value)}),
	}
}

// failureOf returns the error of a response, which must be the only one.
func failureOf(t *testing.T, client oauth2.Client, request oauth2.TokenRequest) *oauth2.Error {
	t.Helper()
	_, err := client.Token(t.Context(), request)
	failure, ok := err.(*oauth2.Error) //nolint:errorlint // what wraps it could show more
	if !ok {
		t.Fatalf("got %T: %v", err, err)
	}
	return failure
}

// TestCredentialsOfBasicAreRedacted: the header field's value is a secret whole,
// and its base64 can be undone.
func TestCredentialsOfBasicAreRedacted(t *testing.T) {
	t.Parallel()
	// RFC 6749 appendix B's string twice, as in testdata.
	headers := map[string]string{
		"form": "KyUyNSUyNiUyQiVDMiVBMyVFMiU4MiVBQzorJTI1JTI2JTJCJUMyJUEzJUUyJTgyJUFD",
		"raw":  "ICUmK8Kj4oKsOiAlJivCo+KCrA==",
	}
	for encoding, credentials := range headers {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusUnauthorized, "got Authorization: Basic "+credentials+"!")
			client := oauth2.Client{HTTP: server, Auth: basic(formVector, formVector, encoding)}
			failure := failureOf(t, client, oauth2.TokenRequest{Endpoint: tokenURL})
			if want := "got Authorization: Basic [redacted]!"; failure.Excerpt != want {
				t.Errorf("got %q, want %q", failure.Excerpt, want)
			}
		})
	}
}

// TestPartOfWhatWasSentIsRedacted: a server may repeat the secret alone that was
// inside a header field, a body or the endpoint's query.
func TestPartOfWhatWasSentIsRedacted(t *testing.T) {
	t.Parallel()
	const value = "DRbnfVdmIw7Fjfp0ZBr1Kt"
	tests := map[string]oauth2.TokenRequest{
		"behind a scheme":       {Headers: secrets(map[string]string{"Authorization": "ApiKey " + value})},
		"OneLogin's header":     {Headers: secrets(map[string]string{"Authorization": "client_id:abc, client_secret:" + value})},
		"in a form of the user": {Body: secret.New("user=abc&password=" + value)},
		"in JSON of the user":   {Body: secret.New(`{"user":"abc","keys":{"password":"` + value + `"}}`)},
		"endpoint's query":      {Endpoint: tokenURL + "?code=" + value},
	}
	for name, request := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusUnauthorized, `{"error":"invalid_client","error_description":"no client has `+value+`"}`)
			checkSilent(t, "raw", server.refused(t, request), value)
		})
	}
}

// TestWholeRequestEchoed: error pages of some frameworks show all of a request.
func TestWholeRequestEchoed(t *testing.T) {
	t.Parallel()
	const first, second, third = "gX1fBat3bV7Fjfp0ZBr1Kt", "DRbnfVdmIw+czZCaGRSa3", "F0MzpnWDFmQmF0M2JW/"
	for _, place := range []oauth2.ParametersIn{oauth2.InForm, oauth2.InJSON, oauth2.InQuery} {
		for _, status := range []int{http.StatusOK, http.StatusUnauthorized} {
			t.Run(fmt.Sprint(place, status), func(t *testing.T) {
				t.Parallel()
				client := oauth2.Client{HTTP: echoing(status), Auth: basic(clientID, first, "")}
				failure := failureOf(t, client, oauth2.TokenRequest{
					Endpoint: tokenURL, GrantType: "client_credentials", ParametersIn: place,
					Parameters: secrets(map[string]string{"apikey": second}), Headers: secrets(map[string]string{"X-Api-Key": third}),
				})
				checkSilent(t, "HTML", failure, first, second, third)
			})
		}
	}
}

// TestSuccessIsNotShown: a body that came with success may be a token by another
// name, also where it is an error as well.
func TestSuccessIsNotShown(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry0123456789"
	tests := map[string]string{
		"text":               canary,
		"token elsewhere":    `{"data":{"token":"` + canary + `"}}`,
		"called otherwise":   `{"sessid":"` + canary + `"}`,
		"error, and a token": `{"error":{"level":"warning"},"access_token":"` + canary + `","refresh_token":"` + canary + `"}`,
		"nested":             `{"error":true,"data":[{"id_token":"` + canary + `"}]}`,
		"error, and a JWT":   `{"error":{"level":"warning"},"note":"` + rfcJWT + `"}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(http.StatusOK, body).refused(t, oauth2.TokenRequest{})
			checkSilent(t, "raw", failure, canary, rfcJWT)
		})
	}
}

// TestPartOfAParameterIsRedacted: the value of a parameter may hold several secrets.
func TestPartOfAParameterIsRedacted(t *testing.T) {
	t.Parallel()
	const value = "DRbnfVdmIw7Fjfp0ZBr1Kt"
	for name, compound := range map[string]string{
		"user and secret":  "tenant|" + value,
		"JSON":             `{"user":"abc","password":"` + value + `"}`,
		"XML":              "<login><password>" + value + "</password></login>",
		"base64 of a pair": base64.StdEncoding.EncodeToString([]byte("user:" + value)),
		"form":             "user=abc&password=" + value,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusUnauthorized, `{"error":"invalid_client","error_description":"no client has `+value+`"}`)
			failure := server.refused(t, oauth2.TokenRequest{Parameters: secrets(map[string]string{"credentials": compound})})
			checkSilent(t, "raw", failure, value)
		})
	}
}

// TestTokenOfAResponseIsNotRepeated: what a response holds under a token's name is
// a secret wherever else it is.
func TestTokenOfAResponseIsNotRepeated(t *testing.T) {
	t.Parallel()
	const token = "2YotnFZFEjr1zCsicMWpAA"
	tests := map[string]struct {
		status int
		body   string
	}{
		"description":        {400, `{"error":"x","error_description":"replaced ` + token + `","access_token":"` + token + `"}`},
		"message":            {400, `{"code":1,"msg":"replaced ` + token + `","session_token":"` + token + `"}`},
		"beside an error":    {200, `{"error":{"level":"warning","text":"` + token + `"},"id_token":"` + token + `"}`},
		"member's name":      {400, `{"msg":"no","` + token + `":1,"refreshToken":"` + token + `"}`},
		"name in a success":  {200, `{"sid":"` + token + `","` + token + `":{"` + token + `":1}}`},
		"where fields point": {400, `{"msg":"replaced ` + token + `","data":{"value":"` + token + `"}}`},
		"nested":             {400, `{"msg":"replaced ` + token + `","token":{"value":"` + token + `"}}`},
		"in base64":          {400, `{"msg":"replaced ` + base64.StdEncoding.EncodeToString([]byte("x:"+token)) + `","token":"` + token + `"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := oauth2.TokenRequest{}
			if name == "where fields point" {
				request.Fields = fields(map[string]string{"access_token": "/data/value"})
			}
			checkSilent(t, "raw", responding(test.status, test.body).refused(t, request), token)
		})
	}
	t.Run("bare, called a form", func(t *testing.T) {
		t.Parallel()
		server := responding(http.StatusOK, token+"==")
		server.response.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		checkSilent(t, "raw", server.refused(t, oauth2.TokenRequest{}), token)
	})
}

// TestSplitSecretIsRedacted: white space that a server puts into a secret does not
// bring it through.
func TestSplitSecretIsRedacted(t *testing.T) {
	t.Parallel()
	const value = "DRbnfVdm Iw7Fjfp0"
	for name, echo := range map[string]string{
		"line break": `{"error":"x","error_description":"no DRbnfVdm\r\n  Iw7Fjfp0"}`,
		"invisible":  `{"error":"x","error_description":"no DRbnfVdm\u200bIw7Fjfp0"}`,
		"page":       "<p>DRbnfVdm<br>Iw7Fjfp0</p>",
		"HTML":       "<html><p>no</p>DRbnfVdm&nbsp;Iw7Fjfp0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(http.StatusBadRequest, echo).refused(t, oauth2.TokenRequest{Parameters: secrets(map[string]string{"pin": value})})
			checkSilent(t, "raw", failure, value)
		})
	}
}

// TestTokenOfALongErrorIsNotShown: only the beginning of an error of many values is decoded.
func TestTokenOfALongErrorIsNotShown(t *testing.T) {
	t.Parallel()
	const token = "2YotnFZFEjr1zCsicMWpAA"
	long := "[" + strings.Repeat("0,", 30_000) + "0]"
	tests := map[string]struct{ body, want string }{
		"named":          {`{"access_token":"` + token + `","list":` + long + `}`, `{"access_token":"[redacted]","list":[0,`},
		"named, escaped": {`{"access_t\u006fken":"` + token + `","list":` + long + `}`, `{"access_token":"[redacted]","list":[0,`},
		"nested":         {`{"token":{"value":"` + token + `"},"list":` + long + `,"msg":"` + token + `"}`, `{"list":[0,`},
		"named later":    {`{"a":"no ` + token + `","list":` + long + long + `,"access_token":"` + token + `"}`, `{"a":"no [redacted]","list":[0,`},
		"then text":      {`{"access_token":"` + token + `","list":` + long + `} Bad Gateway`, `{"access_token":"[redacted]","list":[0,`},
		"as text":        {`error, see access_token=` + token + strings.Repeat(",", 30_000), `error, see [redacted],,,`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(http.StatusInternalServerError, test.body).refused(t, oauth2.TokenRequest{})
			checkSilent(t, "raw", failure, token)
			if !strings.HasPrefix(failure.Excerpt, test.want) {
				t.Errorf("got %q, want %q first", failure.Excerpt, test.want)
			}
		})
	}
	t.Run("code and description", func(t *testing.T) {
		t.Parallel()
		failure := responding(http.StatusBadRequest, `{"error":"invalid_client","error_description":"no","list":`+long+`}`).refused(t, oauth2.TokenRequest{})
		if failure.Code != oauth2.InvalidClient || failure.Description != "no" {
			t.Errorf("got %q, %q", failure.Code, failure.Description)
		}
	})
	t.Run("number at the cut", func(t *testing.T) {
		t.Parallel()
		const pin, read = "7391846250739184", 64 << 10
		start := `{"list":[` + strings.Repeat("0,", 30_000) + `0],"a":1,"b":"`
		body := start + strings.Repeat(" ", read-len(start)-len(`","a":`)-8) + `","a":` + pin + `}`
		failure := responding(http.StatusBadRequest, body).refused(t, oauth2.TokenRequest{Parameters: secrets(map[string]string{"pin": pin})})
		if !strings.HasPrefix(failure.Excerpt, `{"a":"…","b":"","list":[0,`) {
			t.Errorf("got %q", failure.Excerpt)
		}
	})
}

// TestSecretAtTheCutIsRedacted: only the beginning of a long body is read, and it may end
// within a secret that tags or white space split.
func TestSecretAtTheCutIsRedacted(t *testing.T) {
	t.Parallel()
	const read = 64 << 10
	pieces := []string{"DRbnf", "VdmIw", "7Fjfp", "0ZBr1", "KtgX1", "fBat3", "bV7Fj"}
	for name, page := range map[string]struct{ start, fill, end, between string }{
		"tags":        {"<html><style>", " ", "</style>", "<wbr>"},
		"many tags":   {"<html><style>", " ", "</style>", strings.Repeat("<b></b>", 100)},
		"white space": {"", "\n", "", strings.Repeat(" ", 500)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			split := strings.Join(pieces, page.between)
			for kept := range len(pieces) {
				before := strings.Index(split, pieces[kept])
				start := page.start + strings.Repeat(page.fill, read-len(page.start+page.end)-before) + page.end
				server := responding(http.StatusBadRequest, start+split)
				parameters := secrets(map[string]string{"pin": strings.Join(pieces, "")})
				failure := server.refused(t, oauth2.TokenRequest{Parameters: parameters})
				if strings.Contains(failure.Excerpt, pieces[0]) {
					t.Errorf("%d pieces before the cut: got %q", kept, failure.Excerpt)
				}
			}
		})
	}
}

// TestCodeStaysReadable: a token that is called like an error code hides no code.
func TestCodeStaysReadable(t *testing.T) {
	t.Parallel()
	failure := responding(http.StatusBadRequest, `{"error":"invalid_grant","token_key":"invalid_grant","access_token":"none"}`).refused(t, oauth2.TokenRequest{})
	if failure.Code != oauth2.InvalidGrant {
		t.Errorf("got %q", failure.Code)
	}
}

// TestNamesStayReadable: redaction leaves what helps.
func TestNamesStayReadable(t *testing.T) {
	t.Parallel()
	request := oauth2.TokenRequest{Scopes: []string{"orders:read"}, Audience: "https://api.example.com"}
	const description = "the client s6BhdRkqt3 may not use orders:read at https://api.example.com"
	failure := responding(http.StatusBadRequest, `{"error":"invalid_scope","error_description":"`+description+`"}`).refused(t, request)
	if failure.Description != description {
		t.Errorf("got %q", failure.Description)
	}
}

// TestUnusableResponseIsRedacted: what describes a response is the server's choice
// too, and may repeat a secret.
func TestUnusableResponseIsRedacted(t *testing.T) {
	t.Parallel()
	named := responding(http.StatusOK, `{"no client has `+clientSecret+`":{"`+clientSecret+`":1}}`)
	form := responding(http.StatusOK, "no+client+has+"+clientSecret)
	form.response.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	label := responding(http.StatusOK, "")
	label.response.Header.Set("Content-Type", "text/"+clientSecret)
	for name, server := range map[string]*endpoint{"member names": named, "form": form, "media type": label} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A client authentication that is not among the parameters.
			client := oauth2.Client{HTTP: server, Auth: basic(clientID, clientSecret, "")}
			checkSilent(t, "raw", failureOf(t, client, oauth2.TokenRequest{Endpoint: tokenURL}), clientSecret)
		})
	}
}
