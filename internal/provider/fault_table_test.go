// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// faults are all faults by name, with how many requests each operation sends:
//
//   - 4 where the same request may get an answer a moment later: max_retries is 3;
//   - 1 where it will not, and for refresh also where the refresh token may have been
//     used up: that is sent again only where it did not arrive, or 429 or 503 says so;
//   - twice that for discovery, which has two addresses, unless there is no server
//     to answer at the other either, or none that has the time.
func faults(secrets secrets) map[string]fault {
	all := map[string]fault{}
	for _, some := range []map[string]fault{
		connectionFaults(), silentFaults(secrets), redirects(), refusals(), transientFaults(), unusableAnswers(secrets),
	} {
		maps.Copy(all, some)
	}
	return all
}

// once and always are the counts of faults that befall every operation alike.
var (
	once   = counts{discovery: 1, token: 1, refresh: 1, revocation: 1, request: 1, platform: 1}
	always = counts{discovery: 4, token: 4, refresh: 4, revocation: 4, request: 4, platform: 4}
	// perAddress is once, where the second address of metadata is tried as well.
	perAddress = counts{discovery: 2, token: 1, refresh: 1, revocation: 1, request: 1, platform: 1}
	// failing is for failures of a server, which may have happened after it had
	// used the refresh token up.
	failing = counts{discovery: 8, token: 4, refresh: 1, revocation: 4, request: 4, platform: 4}
	// unavailable is failing, where the server itself may be as busy at its other
	// address.
	unavailable = counts{discovery: 4, token: 4, refresh: 1, revocation: 4, request: 4, platform: 4}
)

// connectionFaults end before there is a request on the server's side.
func connectionFaults() map[string]fault {
	return map[string]fault{
		"connection refused": {connection: refusing, requests: always},
		// What a session is refreshed at was reached before, so that neither its name nor
		// its scheme is wrong.
		"name unknown":             {connection: unnamed, requests: counts{discovery: 1, token: 1, refresh: none, revocation: 1, request: 1, platform: 1}},
		"no TLS":                   {connection: withoutTLS, requests: counts{discovery: 1, token: 1, refresh: none, revocation: 1, request: 1, platform: 1}},
		"TLS, unknown authority":   {connection: wrongTLS(unknownAuthority), requests: once},
		"TLS, expired":             {connection: wrongTLS(expiredCertificate), requests: once},
		"TLS, wrong name":          {connection: wrongTLS(wrongName), requests: once},
		"TLS, wants a certificate": {connection: wrongTLS(clientCertificateWanted), requests: once},
	}
}

// silentFaults are requests that arrive and get no whole answer.
func silentFaults(secrets secrets) map[string]fault {
	// With one retry or none, not to take too long.
	silent, slow := attributes{"timeout": "1s", "max_retries": 1}, attributes{"timeout": "1s", "max_retries": 0}
	twice := counts{discovery: 2, token: 2, refresh: 1, revocation: 2, request: 2, platform: 2}
	broken := counts{discovery: 4, token: 4, refresh: 1, revocation: 4, request: 4, platform: 4}
	return map[string]fault{
		"dropped":     {answer: authserver.Drop(), requests: broken},
		"cut short":   {answer: authserver.Truncated(`{"access_token":"` + secrets.token.Value), requests: broken},
		"no answer":   {answer: authserver.Hang(), block: silent, requests: twice},
		"slow answer": {answer: authserver.Drip(time.Minute, `{"access_token":"`), block: slow, requests: once},
		"not HTTP":    {answer: authserver.Raw("SSH-2.0-OpenSSH_9.2\r\n"), requests: once},
	}
}

// redirects are followed within the origin alone, five times.
func redirects() map[string]fault {
	const elsewhere = "https://login.example.com/oauth2?secret=" + repeatedHere
	around := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authserver.Redirect(307, r.URL.Path)(w, r)
	})
	return map[string]fault{
		"302 elsewhere": {answer: authserver.Redirect(302, elsewhere), requests: perAddress},
		"307 elsewhere": {answer: authserver.Redirect(307, elsewhere), requests: perAddress},
		"307 in a loop": {answer: around, requests: counts{discovery: 12, token: 6, refresh: 6, revocation: 6, request: 6, platform: 6}},
	}
}

// refusals are answers that the same request would get again.
func refusals() map[string]fault {
	// Metadata, APIs and platforms have no OAuth errors.
	oauth := counts{discovery: none, token: 1, refresh: 1, revocation: 1, request: none, platform: none}
	page := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	return map[string]fault{
		"invalid_request": {answer: authserver.OAuthError(400, "invalid_request", "Missing parameter: audience "+repeatedHere), requests: oauth},
		"invalid_client":  {answer: authserver.OAuthError(401, "invalid_client", "Client authentication failed "+repeatedHere), requests: oauth},
		// Without its refresh token a client asks anew.
		"invalid_grant": {
			answer:   authserver.OAuthError(400, "invalid_grant", "Token is not active "+repeatedHere),
			requests: counts{discovery: none, token: 1, refresh: 2, revocation: 1, request: none, platform: none},
		},
		"invalid_scope":          {answer: authserver.OAuthError(400, "invalid_scope", "Invalid scopes "+repeatedHere), requests: oauth},
		"unauthorized_client":    {answer: authserver.OAuthError(400, "unauthorized_client", "Not enabled "+repeatedHere), requests: oauth},
		"unsupported_grant_type": {answer: authserver.OAuthError(400, "unsupported_grant_type", "Unsupported "+repeatedHere), requests: oauth},
		"unsupported_token_type": {
			answer:   authserver.OAuthError(400, "unsupported_token_type", "JWTs cannot be revoked "+repeatedHere), // RFC 7009 section 2.2.1
			requests: counts{discovery: none, token: none, refresh: none, revocation: 1, request: none, platform: none},
		},
		"400 in JSON": {answer: answerJSON(400, `{"message":"tenant unknown `+repeatedHere+`"}`), requests: perAddress},
		// An API is asked once more with another token.
		"401 without body": {answer: authserver.Answer(401, nil, ""), requests: counts{discovery: 2, token: 1, refresh: 1, revocation: 1, request: 2, platform: 1}},
		"403 in JSON":      {answer: answerJSON(403, `{"message":"not allowed `+repeatedHere+`"}`), requests: perAddress},
		"403 by a proxy": {
			answer:   authserver.Answer(403, page, "<html><head><title>Blocked</title></head><body>Policy 17 "+repeatedHere+"</body></html>"),
			requests: perAddress,
		},
		"404":                 {answer: authserver.Answer(404, nil, ""), requests: perAddress},
		"405":                 {answer: authserver.Answer(405, nil, ""), requests: perAddress},
		"407":                 {answer: authserver.Answer(407, nil, ""), requests: perAddress},
		"429 with an hour":    {answer: later(429, "3600"), requests: once},
		"429 with a date":     {answer: authserver.Answer(429, inAnHour, ""), requests: once},
		"501":                 {answer: authserver.Answer(501, nil, ""), requests: perAddress},
		"503 for an hour":     {answer: later(503, "3600"), requests: once},
		"500, invalid_client": {answer: authserver.OAuthError(500, "invalid_client", "unknown "+repeatedHere), requests: oauth},
	}
}

// inAnHour is by the clock of the server.
var inAnHour = http.Header{"Date": {"Sat, 01 Jan 2050 00:00:00 GMT"}, "Retry-After": {"Sat, 01 Jan 2050 01:00:00 GMT"}}

// transientFaults are responses after which the same request may get another.
func transientFaults() map[string]fault {
	page := http.Header{"Content-Type": {"text/html"}}
	soon := http.Header{"Date": {"Sat, 01 Jan 2050 00:00:00 GMT"}, "Retry-After": {"Sat, 01 Jan 2050 00:00:01 GMT"}}
	return map[string]fault{
		"408":                         {answer: authserver.Answer(408, nil, ""), requests: failing},
		"429 with a second":           {answer: later(429, "1"), requests: always},
		"429 with a near date":        {answer: authserver.Answer(429, soon, ""), requests: always},
		"429 without a time":          {answer: answerJSON(429, `{"message":"slow down `+repeatedHere+`"}`), requests: always},
		"500 HTML":                    {answer: authserver.Answer(500, page, "<html><body>Stack trace "+repeatedHere+"</body></html>"), requests: failing},
		"502 HTML":                    {answer: authserver.Answer(502, page, badGateway+repeatedHere), requests: failing},
		"503 without body":            {answer: authserver.Answer(503, nil, ""), requests: unavailable},
		"503 temporarily_unavailable": {answer: authserver.OAuthError(503, "temporarily_unavailable", "Maintenance "+repeatedHere), requests: unavailable},
		"504":                         {answer: authserver.Answer(504, nil, ""), requests: failing},
	}
}

// unusableAnswers say that all is well and are not what was asked for. A
// revocation is told by its status alone (RFC 7009 section 2.2), and an API may
// answer what it wants, as long as it can be read.
func unusableAnswers(secrets secrets) map[string]fault {
	page, json := http.Header{"Content-Type": {"text/html"}}, http.Header{"Content-Type": {"application/json"}}
	compressed := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	anyDocument := counts{discovery: 2, token: 1, refresh: 1, revocation: none, request: none, platform: 1}
	tokens := counts{discovery: none, token: 1, refresh: 1, revocation: none, request: none, platform: none}
	token := secrets.token.Value
	return map[string]fault{
		"200 HTML":           {answer: authserver.Answer(200, page, loginPage+repeatedHere), requests: anyDocument},
		"200 empty":          {answer: authserver.Answer(200, nil, ""), requests: anyDocument},
		"200 truncated JSON": {answer: authserver.Answer(200, json, `{"access_token":"`+token+repeatedHere), requests: anyDocument},
		"200 other document": {answer: authserver.Answer(200, json, `{"data":{"token":"`+token+`"},"echo":"`+repeatedHere+`"}`), requests: anyDocument},
		"200 with an error":  {answer: authserver.Answer(200, json, `{"error":"invalid_client","error_description":"`+repeatedHere+`","access_token":"`+token+`"}`), requests: tokens},
		"200 two tokens":     {answer: authserver.Answer(200, json, `{"access_token":"`+token+`","access_token":"`+repeatedHere+`"}`), requests: tokens},
		"200 token of lines": {answer: authserver.Answer(200, json, `{"access_token":"`+token+`\r\nX-Injected: 1"}`), requests: tokens},
		"200 assertion of lines": {
			answer:   authserver.Answer(200, json, `{"value":"`+token+`\r\nX-Injected: 1"}`),
			requests: counts{discovery: none, token: none, refresh: none, revocation: none, request: none, platform: 1},
		},
		"200 endless":    {answer: authserver.Endless(), requests: perAddress},
		"200 gzip bomb":  {answer: authserver.Answer(200, compressed, gzipBomb()), requests: perAddress},
		"200 no gzip":    {answer: authserver.Answer(200, compressed, `{"access_token":"`+token+`"}`), requests: once},
		"endless header": {answer: authserver.Answer(200, http.Header{"X-Long": {strings.Repeat("x", 2<<20)}}, ""), requests: perAddress},
	}
}

// answerJSON is a fault that answers with a document.
func answerJSON(status int, document string) http.Handler {
	return authserver.Answer(status, http.Header{"Content-Type": {"application/json"}}, document)
}

// tokenAnswer issues a token together with a refresh token.
func tokenAnswer(secrets secrets) http.Handler {
	return answerJSON(200, `{"access_token":"`+secrets.token.Value+`","token_type":"Bearer","expires_in":3600,"refresh_token":"`+
		inJSON(secrets.refreshToken.Value)+`"}`)
}

// gzipBomb is 64 MiB of JSON, compressed.
var gzipBomb = sync.OnceValue(func() string {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	for _, part := range [][]byte{[]byte(`{"access_token":"`), bytes.Repeat([]byte("a"), 64<<20), []byte(`"}`)} {
		_, _ = writer.Write(part) // to memory, which takes everything
	}
	_ = writer.Close()
	return compressed.String()
})
