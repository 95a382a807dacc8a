// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// operation is one that sends requests.
type operation struct {
	name      string
	endpoints []authserver.Endpoint // to which it sends them
	// run runs the operation and returns its diagnostics. What comes before it must
	// succeed.
	run func(*cell) diagnostics
}

// dataSource is the operation whose diagnostics are kept in full, under
// testdata/faults. It differs from token in pointing at no attribute.
const dataSource = "data source"

var operations = []operation{
	{"discovery", []authserver.Endpoint{authserver.Metadata, authserver.OpenIDMetadata}, discover},
	{"token", []authserver.Endpoint{authserver.TokenEndpoint}, requestToken},
	{dataSource, []authserver.Endpoint{authserver.TokenEndpoint}, readToken},
	{"refresh", []authserver.Endpoint{authserver.TokenEndpoint}, refresh},
	{"revocation", []authserver.Endpoint{authserver.RevocationEndpoint}, revoke},
	{"request", []authserver.Endpoint{authserver.API}, requestOrders},
	{"platform", []authserver.Endpoint{authserver.OtherPath}, requestAssertion},
}

// client is the provider block of a client with secrets everywhere.
func (c *cell) client(more attributes) attributes {
	return providerBlock(c.srv, attributes{
		"client_secret": c.secrets.clientSecret.Value,
		"parameters":    attributes{"api_key": c.secrets.parameter.Value},
		"headers":       attributes{"X-Api-Key": c.secrets.header.Value},
	}, more)
}

func discover(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": nil, "issuer": c.address("", c.srv.Issuer())}))
	c.strike()
	return openToken(c.session)
}

func requestToken(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	c.strike()
	return openToken(c.session)
}

func readToken(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	c.strike()
	_, shown := c.session.read(tokenType, nil)
	return shown
}

func refresh(c *cell) diagnostics {
	c.srv.Fail(authserver.TokenEndpoint, 1, tokenAnswer(c.secrets))
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	token := c.session.open(tokenType, attributes{"keep_alive": true})
	token.diagnostics.mustBeEmpty(c.t)
	acctest.Search(c.t, "the private data", string(token.Private), c.secrets.all()...)
	c.strike()
	return renewToken(c.session, token)
}

func revoke(c *cell) diagnostics {
	c.configure(c.client(attributes{"revocation_endpoint": c.address("/revoke", c.srv.RevocationURL())}))
	token := c.session.open(tokenType, attributes{"revoke_on_close": true})
	token.diagnostics.mustBeEmpty(c.t)
	acctest.Search(c.t, "the private data", string(token.Private), c.secrets.all()...)
	c.strike()
	return closeToken(c.session, token)
}

func requestOrders(c *cell) diagnostics {
	c.configure(c.client(nil))
	c.strike()
	return c.session.open(requestType, attributes{
		"url":             c.address("/orders", c.srv.APIURL+"/orders") + "?key=" + c.secrets.apiQuery.Value,
		"request_headers": attributes{"X-Api-Key": c.secrets.apiHeader.Value},
	}).diagnostics
}

func requestAssertion(c *cell) diagnostics {
	c.configure(federated(c.srv, attributes{"request": attributes{
		"url":       c.address("/idtoken", c.srv.URL+"/idtoken"),
		"token_env": "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"query":     attributes{"audience": c.srv.TokenURL()},
	}}))
	c.strike()
	return openToken(c.session)
}

// secrets are all that an operation sends or receives and that nobody else must
// learn of.
type secrets struct {
	clientSecret, parameter, header, token, refreshToken, requestToken, apiHeader, apiQuery acctest.Canary
}

func newSecrets() secrets {
	const bearer = "-._~+/" // what a token may have beside letters and digits, RFC 6750 section 2.1
	return secrets{
		clientSecret: acctest.NewCanary("client_secret", special),
		parameter:    acctest.NewCanary("parameter", bearer),
		header:       acctest.NewCanary("header", bearer),
		token:        acctest.NewCanary("access token", bearer),
		refreshToken: acctest.NewCanary("refresh token", bearer),
		requestToken: acctest.NewCanary("request token", bearer),
		apiHeader:    acctest.NewCanary("request header", bearer),
		apiQuery:     acctest.NewCanary("query", bearer),
	}
}

func (s secrets) all() []acctest.Canary {
	return []acctest.Canary{
		s.clientSecret, s.parameter, s.header, s.token, s.refreshToken, s.requestToken, s.apiHeader, s.apiQuery,
	}
}

// spellings are how servers write what they repeat.
var spellings = map[string]func(string) string{
	"as it is": func(text string) string { return text },
	"form":     url.QueryEscape,
	"JSON":     inJSON,
	"base64":   func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
}

// inJSON escapes a text for a string of JSON.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text) // text is always JSON
	return string(quoted[1 : len(quoted)-1])
}

// repeatedHere is where, in the body of a fault, the server repeats the request.
const repeatedHere = "@REQUEST@"

// repeating answers with a fault, in which it repeats the request where spell is
// not nil.
type repeating struct {
	fault http.Handler
	spell func(string) string
}

// ServeHTTP implements [http.Handler].
func (f repeating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := ""
	if f.spell != nil {
		f.repeatAsID(w.Header(), r)
		request = f.spell(everything(r) + " " + r.RequestURI)
		for _, name := range []string{"Www-Authenticate", "Set-Cookie", "Server", "X-Error"} {
			w.Header().Set(name, request)
		}
	}
	f.fault.ServeHTTP(repeatingWriter{w, request}, r)
}

// repeatAsID repeats secrets where the log expects the name of an exchange.
func (f repeating) repeatAsID(header http.Header, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	_, password, _ := r.BasicAuth()
	for name, value := range map[string]string{
		"X-Request-Id":     r.Header.Get("X-Api-Key"),
		"X-Correlation-Id": form.Get("api_key") + r.URL.Query().Get("key"),
		"Request-Id":       strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
		"X-Ms-Request-Id":  form.Get("token") + form.Get("refresh_token"),
		"Cf-Ray":           password,
	} {
		header.Set(name, f.spell(value))
	}
}

// repeatingWriter writes the request where a body says so.
type repeatingWriter struct {
	http.ResponseWriter

	request string
}

// Write implements [http.ResponseWriter].
func (w repeatingWriter) Write(body []byte) (int, error) {
	request := w.request
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		request = inJSON(request)
	}
	if _, err := w.ResponseWriter.Write(bytes.ReplaceAll(body, []byte(repeatedHere), []byte(request))); err != nil {
		return 0, err
	}
	return len(body), nil
}

// Unwrap lets [http.ResponseController] find Flush and Hijack.
func (w repeatingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
