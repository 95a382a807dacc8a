// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// registered are the clients of the authentication tests. The id and the secret
// of "reserved" were encoded by hand from RFC 6749 appendix B's table of
// characters: SP % & + £ €.
func registered() []authserver.Client {
	return []authserver.Client{
		rfcClient(),
		{ID: "poster", Secret: "7Fjfp0ZBr1KtDRbnfVdmIw", AuthMethod: authserver.ClientSecretPost},
		{ID: "reserved", Secret: " %&+£€"},
		{ID: "a:b", Secret: "c:d"},
		{ID: "sb-x|app", Secret: "s"},
		{ID: "sb-x|app!t1", Secret: "p%40ss:w+rd", BasicEncoding: authserver.RawEncoding},
		{ID: "open", AuthMethod: authserver.None, Grants: []string{authserver.ClientCredentials}},
		{ID: "shy", AuthMethod: authserver.None},
		{ID: "asker", Secret: "s", AuthMethod: authserver.ClientSecretPost, ParametersIn: authserver.InQuery},
		{ID: "jason", Secret: "s", AuthMethod: authserver.ClientSecretPost, ParametersIn: authserver.InJSON},
	}
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	const form = "Content-Type: application/x-www-form-urlencoded\n"
	post := func(headers, body string) string {
		return "POST /token HTTP/1.1\nHost: server.example.com\n" + form + headers + "\n" + body
	}
	basic := func(base64 string) string {
		return post("Authorization: Basic "+base64+"\n", "grant_type=client_credentials")
	}
	for name, row := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"RFC 6749 §4.4.2": {rfcRequest(""), 200, ""},
		"scheme in lower case": {
			strings.Replace(rfcRequest(""), "Basic", "basic", 1), 200, "",
		},
		// §2.3.1's body: authenticated, so the next error is about the token.
		"RFC 6749 §2.3.1": {post("", "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA"+
			"&client_id=poster&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"), 400, "unauthorized_client"},
		"post": {post("", "grant_type=client_credentials&client_id=poster&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"), 200, ""},

		// base64("s6BhdRkqt3:wrong"), ("nobody:x"), ("s6BhdRkqt3")
		"wrong secret":   {basic("czZCaGRSa3F0Mzp3cm9uZw=="), 401, "invalid_client"},
		"unknown client": {basic("bm9ib2R5Ong="), 401, "invalid_client"},
		"no colon":       {basic("czZCaGRSa3F0Mw=="), 401, "invalid_client"},
		"not base64":     {basic("czZCaGRSa3F0Mzp*"), 401, "invalid_client"},
		"unpadded":       {basic("czZCaGRSa3F0Mzp3cm9uZw"), 401, "invalid_client"},
		// As "form-encoded" below, with a bit set that must be zero (RFC 4648 §3.5).
		"stray bit":    {basic("cmVzZXJ2ZWQ6KyUyNSUyNiUyQiVDMiVBMyVFMiU4MiVBQx=="), 401, "invalid_client"},
		"other scheme": {post("Authorization: Bearer abc\n", "grant_type=client_credentials"), 401, "invalid_client"},
		"Basic twice": {post("Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n"+
			"Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n", "grant_type=client_credentials"), 400, "invalid_request"},
		"no authentication": {post("", "grant_type=client_credentials"), 401, "invalid_client"},
		"post, unknown":     {post("", "grant_type=client_credentials&client_id=nobody&client_secret=x"), 401, "invalid_client"},
		"post, wrong":       {post("", "grant_type=client_credentials&client_id=poster&client_secret=x"), 401, "invalid_client"},
		"post, no secret":   {post("", "grant_type=client_credentials&client_id=poster"), 401, "invalid_client"},
		"post, empty":       {post("", "grant_type=client_credentials&client_id=poster&client_secret="), 401, "invalid_client"},

		// base64("reserved:+%25%26%2B%C2%A3%E2%82%AC"), ("reserved: %&+£€"), ("a%3Ab:c%3Ad"), ("a:b:c:d")
		"form-encoded":     {basic("cmVzZXJ2ZWQ6KyUyNSUyNiUyQiVDMiVBMyVFMiU4MiVBQw=="), 200, ""},
		"not form-encoded": {basic("cmVzZXJ2ZWQ6ICUmK8Kj4oKs"), 401, "invalid_client"},
		"colons encoded":   {basic("YSUzQWI6YyUzQWQ="), 200, ""},
		"colons as such":   {basic("YTpiOmM6ZA=="), 401, "invalid_client"},

		// base64("sb-x%7Capp:s"), ("sb-x|app:s"): a lenient decoder takes the second too.
		"bar encoded": {basic("c2IteCU3Q2FwcDpz"), 200, ""},
		"bar as such": {basic("c2IteHxhcHA6cw=="), 401, "invalid_client"},

		// base64("sb-x|app!t1:p%40ss:w+rd"), ("sb-x%7Capp%21t1:p%2540ss%3Aw%2Brd")
		"raw":              {basic("c2IteHxhcHAhdDE6cCU0MHNzOncrcmQ="), 200, ""},
		"raw, but encoded": {basic("c2IteCU3Q2FwcCUyMXQxOnAlMjU0MHNzJTNBdyUyQnJk"), 401, "invalid_client"},

		"two methods":            {rfcRequest("&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"), 400, "invalid_request"},
		"Basic and empty secret": {rfcRequest("&client_secret="), 400, "invalid_request"},
		"Basic and its id":       {rfcRequest("&client_id=s6BhdRkqt3"), 200, ""},
		"Basic and another id":   {rfcRequest("&client_id=poster"), 400, "invalid_request"},
		"post, registered for Basic": {
			post("", "grant_type=client_credentials&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"), 401, "invalid_client",
		},
		// base64("poster:7Fjfp0ZBr1KtDRbnfVdmIw")
		"Basic, registered for post": {basic("cG9zdGVyOjdGamZwMFpCcjFLdERSYm5mVmRtSXc="), 401, "invalid_client"},

		"none, with the grant":    {post("", "grant_type=client_credentials&client_id=open"), 200, ""},
		"none, without the grant": {post("", "grant_type=client_credentials&client_id=shy"), 400, "unauthorized_client"},
		"none, with a secret":     {post("", "grant_type=client_credentials&client_id=open&client_secret=x"), 401, "invalid_client"},

		"query, registered": {"POST /token?grant_type=client_credentials&client_id=asker&client_secret=s HTTP/1.1\nHost: h\n\n", 200, ""},
		"query, not registered": {
			"POST /token?grant_type=client_credentials&client_id=poster&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw HTTP/1.1\nHost: h\n\n",
			400, "invalid_request",
		},
		"form, registered for query": {post("", "grant_type=client_credentials&client_id=asker&client_secret=s"), 400, "invalid_request"},
		"JSON, registered": {"POST /token HTTP/1.1\nHost: h\nContent-Type: application/json\n\n" +
			`{"grant_type":"client_credentials","client_id":"jason","client_secret":"s"}`, 200, ""},
		"JSON, not registered": {"POST /token HTTP/1.1\nHost: h\nContent-Type: application/json\n\n" +
			`{"grant_type":"client_credentials","client_id":"poster","client_secret":"7Fjfp0ZBr1KtDRbnfVdmIw"}`, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, newServer(t, authserver.Config{Clients: registered()}), row.request)
			got.want(t, row.status, row.code)
			challenged := strings.HasPrefix(got.Header().Get("WWW-Authenticate"), "Basic ")
			if challenged != (row.status == 401) {
				t.Errorf("status %d with WWW-Authenticate %q", got.Code, got.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestRegisterReplaces(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	rotated := rfcClient()
	rotated.Secret = "another"
	if err := srv.Register(rotated); err != nil {
		t.Fatal(err)
	}
	send(t, srv, rfcRequest("")).want(t, 401, "invalid_client")
}
