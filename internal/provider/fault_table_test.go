// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// faults are all faults by name.
func faults(secrets secrets) map[string]fault {
	all := map[string]fault{}
	for _, some := range []map[string]fault{
		connectionFaults(), silentFaults(secrets), redirects(), refusals(), transientFaults(), unusableAnswers(secrets),
	} {
		maps.Copy(all, some)
	}
	return all
}

// connectionFaults end before there is a request on the server's side.
func connectionFaults() map[string]fault {
	return map[string]fault{
		"connection refused":       {connection: refusing},
		"name unknown":             {connection: unnamed},
		"no TLS":                   {connection: withoutTLS},
		"TLS, unknown authority":   {connection: wrongTLS(unknownAuthority)},
		"TLS, expired":             {connection: wrongTLS(expiredCertificate)},
		"TLS, wrong name":          {connection: wrongTLS(wrongName)},
		"TLS, wants a certificate": {connection: wrongTLS(clientCertificateWanted)},
	}
}

// silentFaults are requests that arrive and get no whole answer.
func silentFaults(secrets secrets) map[string]fault {
	// With one retry or none, not to take too long.
	silent, slow := attributes{"timeout": "1s", "max_retries": 1}, attributes{"timeout": "1s", "max_retries": 0}
	return map[string]fault{
		"dropped":     {answer: authserver.Drop()},
		"cut short":   {answer: authserver.Truncated(`{"access_token":"` + secrets.token.Value)},
		"no answer":   {answer: authserver.Hang(), block: silent},
		"slow answer": {answer: authserver.Drip(time.Minute, `{"access_token":"`), block: slow},
		"not HTTP":    {answer: authserver.Raw("SSH-2.0-OpenSSH_9.2\r\n")},
	}
}

// redirects are followed within the origin alone, five times.
func redirects() map[string]fault {
	const elsewhere = "https://login.example.com/oauth2?secret=" + repeatedHere
	around := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authserver.Redirect(307, r.URL.Path)(w, r)
	})
	return map[string]fault{
		"302 elsewhere": {answer: authserver.Redirect(302, elsewhere)},
		"307 elsewhere": {answer: authserver.Redirect(307, elsewhere)},
		"307 in a loop": {answer: around},
	}
}

// refusals are answers that the same request would get again.
func refusals() map[string]fault {
	page := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	return map[string]fault{
		"invalid_request":        {answer: authserver.OAuthError(400, "invalid_request", "Missing parameter: audience "+repeatedHere)},
		"invalid_client":         {answer: authserver.OAuthError(401, "invalid_client", "Client authentication failed "+repeatedHere)},
		"invalid_grant":          {answer: authserver.OAuthError(400, "invalid_grant", "Token is not active "+repeatedHere)},
		"invalid_scope":          {answer: authserver.OAuthError(400, "invalid_scope", "Invalid scopes "+repeatedHere)},
		"unauthorized_client":    {answer: authserver.OAuthError(400, "unauthorized_client", "Not enabled "+repeatedHere)},
		"unsupported_grant_type": {answer: authserver.OAuthError(400, "unsupported_grant_type", "Unsupported "+repeatedHere)},
		// RFC 7009 section 2.2.1
		"unsupported_token_type": {answer: authserver.OAuthError(400, "unsupported_token_type", "JWTs cannot be revoked "+repeatedHere)},
		"400 in JSON":            {answer: answerJSON(400, `{"message":"tenant unknown `+repeatedHere+`"}`)},
		"401 without body":       {answer: authserver.Respond(401, nil, "")},
		"403 in JSON":            {answer: answerJSON(403, `{"message":"not allowed `+repeatedHere+`"}`)},
		"403 by a proxy":         {answer: authserver.Respond(403, page, "<html><head><title>Blocked</title></head><body>Policy 17 "+repeatedHere+"</body></html>")},
		"404":                    {answer: authserver.Respond(404, nil, "")},
		"405":                    {answer: authserver.Respond(405, nil, "")},
		"407":                    {answer: authserver.Respond(407, nil, "")},
		"429 with an hour":       {answer: later(429, "3600")},
		"429 with a date":        {answer: authserver.Respond(429, inAnHour, "")},
		"501":                    {answer: authserver.Respond(501, nil, "")},
		"503 for an hour":        {answer: later(503, "3600")},
		"500, invalid_client":    {answer: authserver.OAuthError(500, "invalid_client", "unknown "+repeatedHere)},
	}
}

// inAnHour is by the clock of the server.
var inAnHour = http.Header{"Date": {"Sat, 01 Jan 2050 00:00:00 GMT"}, "Retry-After": {"Sat, 01 Jan 2050 01:00:00 GMT"}}

// transientFaults are responses after which the same request may get another.
func transientFaults() map[string]fault {
	page := http.Header{"Content-Type": {"text/html"}}
	soon := http.Header{"Date": {"Sat, 01 Jan 2050 00:00:00 GMT"}, "Retry-After": {"Sat, 01 Jan 2050 00:00:01 GMT"}}
	return map[string]fault{
		"408":                         {answer: authserver.Respond(408, nil, "")},
		"429 with a second":           {answer: later(429, "1")},
		"429 with a near date":        {answer: authserver.Respond(429, soon, "")},
		"429 without a time":          {answer: answerJSON(429, `{"message":"slow down `+repeatedHere+`"}`)},
		"500 HTML":                    {answer: authserver.Respond(500, page, "<html><body>Stack trace "+repeatedHere+"</body></html>")},
		"502 HTML":                    {answer: authserver.Respond(502, page, badGateway+repeatedHere)},
		"503 without body":            {answer: authserver.Respond(503, nil, "")},
		"503 temporarily_unavailable": {answer: authserver.OAuthError(503, "temporarily_unavailable", "Maintenance "+repeatedHere)},
		"504":                         {answer: authserver.Respond(504, nil, "")},
	}
}

// unusableAnswers say that all is well and are not what was asked for. A
// revocation is told by its status alone (RFC 7009 section 2.2), and an API may
// answer what it wants, as long as it can be read.
func unusableAnswers(secrets secrets) map[string]fault {
	page, json := http.Header{"Content-Type": {"text/html"}}, http.Header{"Content-Type": {"application/json"}}
	compressed := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	token := secrets.token.Value
	return map[string]fault{
		"200 HTML":               {answer: authserver.Respond(200, page, loginPage+repeatedHere)},
		"200 empty":              {answer: authserver.Respond(200, nil, "")},
		"200 truncated JSON":     {answer: authserver.Respond(200, json, `{"access_token":"`+token+repeatedHere)},
		"200 other document":     {answer: authserver.Respond(200, json, `{"data":{"token":"`+token+`"},"echo":"`+repeatedHere+`"}`)},
		"200 with an error":      {answer: authserver.Respond(200, json, `{"error":"invalid_client","error_description":"`+repeatedHere+`","access_token":"`+token+`"}`)},
		"200 two tokens":         {answer: authserver.Respond(200, json, `{"access_token":"`+token+`","access_token":"`+repeatedHere+`"}`)},
		"200 token of lines":     {answer: authserver.Respond(200, json, `{"access_token":"`+token+`\r\nX-Injected: 1"}`)},
		"200 assertion of lines": {answer: authserver.Respond(200, json, `{"value":"`+token+`\r\nX-Injected: 1"}`)},
		"200 endless":            {answer: authserver.Endless()},
		"200 gzip bomb":          {answer: authserver.Respond(200, compressed, gzipBomb())},
		"200 no gzip":            {answer: authserver.Respond(200, compressed, `{"access_token":"`+token+`"}`)},
		"endless header":         {answer: authserver.Respond(200, http.Header{"X-Long": {strings.Repeat("x", 2<<20)}}, "")},
	}
}

// answerJSON is a fault that answers with a document.
func answerJSON(status int, document string) http.Handler {
	return authserver.Respond(status, http.Header{"Content-Type": {"application/json"}}, document)
}

// tokenAnswer issues a token together with a refresh token.
func tokenAnswer(secrets secrets) http.Handler {
	return answerJSON(200, `{"access_token":"`+secrets.token.Value+`","token_type":"Bearer","expires_in":3600,"refresh_token":"`+
		inJSON(secrets.refreshToken.Value)+`"}`)
}

// gzipBomb is 64 MiB of JSON, compressed as one member after the other (RFC 1952 section 2.2).
var gzipBomb = sync.OnceValue(func() string {
	member := func(text string) string {
		var compressed bytes.Buffer
		writer := gzip.NewWriter(&compressed)
		_, _ = writer.Write([]byte(text)) // to memory, which takes everything
		_ = writer.Close()
		return compressed.String()
	}
	return member(`{"access_token":"`) + strings.Repeat(member(strings.Repeat("a", 1<<20)), 64) + member(`"}`)
})

// front stands between the provider and a server, and is what breaks where the
// connection is at fault.
type front struct {
	url    string // origin
	ca     string // the certificate to trust, empty where there is none
	strike func() // lets the fault begin
}

// refusing is a front that is gone when the fault begins.
func refusing(t *testing.T, server http.Handler) *front {
	t.Helper()
	listener := startFront(t, server, nil)
	keepPort(t, listener.URL)
	return &front{url: listener.URL, strike: listener.Close}
}

// unnamed is a front that no name server knows, nor is asked for as a label is empty.
func unnamed(*testing.T, http.Handler) *front {
	return &front{url: "https://login..invalid", strike: func() {}}
}

// withoutTLS is a front on http at an address for https.
func withoutTLS(t *testing.T, server http.Handler) *front {
	t.Helper()
	listener := startFront(t, server, nil)
	return &front{url: strings.Replace(listener.URL, "http:", "https:", 1), strike: func() {}}
}

// wrongTLS returns a kind of front whose TLS settings are in order until the fault
// begins, and then are as change makes them.
func wrongTLS(change func(*testing.T, *authservertest.Authority, *tls.Config)) func(*testing.T, http.Handler) *front {
	return func(t *testing.T, server http.Handler) *front {
		t.Helper()
		ca := authservertest.NewAuthority(t)
		right := &tls.Config{Certificates: certificates(t, ca, func(*x509.Certificate) {})}
		wrong := right.Clone()
		change(t, ca, wrong)
		var struck atomic.Bool
		listener := startFront(t, server, func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if struck.Load() {
				return wrong, nil
			}
			return right, nil
		})
		return &front{url: listener.URL, ca: ca.PEM(), strike: func() { struck.Store(true) }}
	}
}

// unknownAuthority has a certificate that nobody trusts.
func unknownAuthority(t *testing.T, _ *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, authservertest.NewAuthority(t), func(*x509.Certificate) {})
}

// expiredCertificate has one that was valid.
func expiredCertificate(t *testing.T, ca *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, ca, func(template *x509.Certificate) {
		template.NotAfter = template.NotBefore.Add(time.Minute)
	})
}

// wrongName has one for another host.
func wrongName(t *testing.T, ca *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, ca, func(template *x509.Certificate) {
		template.DNSNames, template.IPAddresses = []string{"wrong.test"}, nil
	})
}

// clientCertificateWanted ends the handshake with an alert.
func clientCertificateWanted(_ *testing.T, _ *authservertest.Authority, config *tls.Config) {
	config.ClientAuth = tls.RequireAnyClientCert
}

// certificates are those of a server on loopback, with something changed.
func certificates(t *testing.T, ca *authservertest.Authority, change func(*x509.Certificate)) []tls.Certificate {
	t.Helper()
	template := authservertest.ClientTemplate("front")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	change(template)
	return []tls.Certificate{ca.Issue(t, authservertest.NewKey(t, authservertest.P256), template)}
}

// startFront serves on loopback, with TLS where there are settings for it. It keeps
// no connection, so that each request meets the settings of its time.
func startFront(t *testing.T, server http.Handler, settings func(*tls.ClientHelloInfo) (*tls.Config, error)) *httptest.Server {
	t.Helper()
	listener := httptest.NewUnstartedServer(server)
	listener.Config.SetKeepAlivesEnabled(false)
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that fail
	if settings != nil {
		listener.TLS = &tls.Config{GetConfigForClient: settings}
		listener.StartTLS()
	} else {
		listener.Start()
	}
	t.Cleanup(listener.Close)
	return listener
}
