// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

const loginPage = `<!DOCTYPE html>
<html><head><title>Sign in &ndash; Example</title><style>body { color: red }</style></head>
<body><form action="/login"><input name="password"></form></body></html>`

const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
	"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"

// TestErrorOfAnswer checks the diagnostics about each answer that is no token.
func TestErrorOfAnswer(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	json := http.Header{"Content-Type": {"application/json"}}
	bad := http.StatusBadRequest
	tests := map[string]struct {
		answer http.Handler
		block  attributes
	}{
		// RFC 6749 section 5.2.
		"invalid_request":        {answer: authserver.OAuthError(bad, "invalid_request", "Missing parameter: audience")},
		"invalid_client":         {answer: authserver.OAuthError(401, "invalid_client", "Client authentication failed")},
		"invalid_grant":          {answer: authserver.OAuthError(bad, "invalid_grant", "")},
		"unauthorized_client":    {answer: authserver.OAuthError(bad, "unauthorized_client", "Client not enabled to retrieve service account")},
		"unsupported_grant_type": {answer: authserver.OAuthError(bad, "unsupported_grant_type", "Unsupported grant_type")},
		"invalid_scope": {
			answer: authserver.OAuthError(bad, "invalid_scope", "Invalid scopes: read"),
			block:  attributes{"scopes": []string{"read", "openid"}},
		},
		"invalid_scope, none asked for": {answer: authserver.OAuthError(bad, "invalid_scope", "")},
		// RFC 6749 section 4.1.2.1, RFC 8707 section 2, RFC 9449.
		"access_denied":           {answer: authserver.OAuthError(403, "access_denied", "Service not enabled within domain")},
		"server_error":            {answer: authserver.OAuthError(500, "server_error", "")},
		"temporarily_unavailable": {answer: authserver.Respond(503, http.Header{"Retry-After": {"120"}}, `{"error":"temporarily_unavailable"}`)},
		"invalid_target": {
			answer: authserver.OAuthError(bad, "invalid_target", ""),
			block:  attributes{"resources": []string{"https://api.example.com/"}},
		},
		"use_dpop_nonce": {answer: authserver.OAuthError(bad, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof")},
		"use_dpop_nonce, bound": {
			answer: authserver.OAuthError(bad, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof"),
			block:  attributes{"dpop_bound_access_tokens": true},
		},
		"invalid_dpop_proof, bound": {
			answer: authserver.OAuthError(bad, "invalid_dpop_proof", "htu mismatch"),
			block:  attributes{"dpop_bound_access_tokens": true},
		},
		"200 Bearer, bound": {
			answer: authserver.Respond(200, json, `{"access_token":"very-secret","token_type":"Bearer"}`),
			block:  attributes{"dpop_bound_access_tokens": true},
		},
		// Clients that authenticate in other ways.
		"invalid_client, client_secret_post": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"token_endpoint_auth_method": "client_secret_post"},
		},
		"invalid_client, none": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"token_endpoint_auth_method": "none"},
		},
		"invalid_client, reserved characters": {
			answer: authserver.OAuthError(401, "invalid_client", "Bad credentials"),
			block:  attributes{"client_id": "sb-example!t1|other"},
		},
		// Codes and documents that no RFC has.
		"unknown code":    {answer: authserver.OAuthError(bad, "scope_invalid", "")},
		"error_uri":       {answer: authserver.Respond(400, json, `{"error":"invalid_request","error_uri":"https://docs.example.com/e/17"}`)},
		"numeric error":   {answer: authserver.Respond(401, json, `{"message":"Unauthorized","error":401}`)},
		"error in 200":    {answer: authserver.OAuthError(200, "invalid_client", "client credentials are invalid")},
		"other document":  {answer: authserver.Respond(400, json, `{"errors":[{"code":"NOT.AUTHORIZED.ERROR","message":"The given client credentials were not valid."}]}`)},
		"text, not JSON":  {answer: authserver.Respond(400, http.Header{"Content-Type": {"text/plain"}}, "no such tenant\n")},
		"steers terminal": {answer: authserver.OAuthError(bad, "invalid_request", "line one\r\nline \x1b[31mtwo\u202egpj")},
		"very long":       {answer: authserver.OAuthError(bad, "invalid_request", strings.Repeat("AADSTS7000215: wrong. ", 100))},
		// Statuses alone.
		"401 without body": {answer: authserver.Respond(401, nil, "")},
		"403 without body": {answer: authserver.Respond(403, nil, "")},
		"404":              {answer: authserver.Respond(404, html, "<html><body>Not Found</body></html>")},
		"405":              {answer: authserver.Respond(405, nil, "")},
		"415":              {answer: authserver.Respond(415, nil, "")},
		"418":              {answer: authserver.Respond(418, nil, "")},
		"429":              {answer: authserver.Respond(429, http.Header{"Retry-After": {"30"}}, "")},
		"500 without body": {answer: authserver.Respond(500, nil, "")},
		"502 HTML":         {answer: authserver.Respond(502, html, badGateway)},
		// Success that is none.
		"200 HTML":          {answer: authserver.Respond(200, html, loginPage)},
		"200 empty":         {answer: authserver.Respond(200, nil, "")},
		"204":               {answer: authserver.Respond(204, nil, "")},
		"200 empty object":  {answer: authserver.Respond(200, json, "{}")},
		"200 other members": {answer: authserver.Respond(200, json, `{"data":{"token":"very-secret"},"expires":3600,"ok":true}`)},
		"200 other place": {
			answer: authserver.Respond(200, json, `{"data":{"token":"very-secret"}}`),
			block:  attributes{"response_fields": attributes{"access_token": "/data/access_token"}},
		},
		"200 object in place": {answer: authserver.Respond(200, json, `{"access_token":{"token":"very-secret"}}`)},
		"200 empty token":     {answer: authserver.Respond(200, json, `{"access_token":"","id_token":"very-secret"}`)},
		"200 list":            {answer: authserver.Respond(200, json, `[]`)},
		"200 truncated JSON":  {answer: authserver.Respond(200, json, `{"access_token":"very-sec`)},
		"200 token with feed": {answer: authserver.Respond(200, json, `{"access_token":"very\nsecret"}`)},
		"200 cut short":       {answer: authserver.Truncated(`{"access_token":"very-sec`)},
		"200 endless":         {answer: authserver.Endless()},
		"dropped":             {answer: authserver.Drop()},
		"not HTTP":            {answer: authserver.Raw("SSH-2.0-OpenSSH_9.2\r\n")},
		// Redirects.
		"302 elsewhere":  {answer: authserver.Redirect(302, "https://login.example.com/oauth2/token?client_secret=very-secret")},
		"307 elsewhere":  {answer: authserver.Redirect(307, "https://eu.example.com/oauth2/token")},
		"303 same host":  {answer: authserver.Redirect(303, "/done")},
		"301 nowhere":    {answer: authserver.Respond(301, nil, "")},
		"307 round trip": {answer: authserver.Redirect(307, "/token")},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, row.answer)
			got := newSession(t).mustConfigure(providerBlock(srv)).open(tokenType, row.block)
			if got.result != nil && got.result["access_token"] != nil {
				t.Errorf("there is a token: %v", got.result)
			}
			if strings.Contains(got.diagnostics.String(), "very") && strings.Contains(got.diagnostics.String(), "secret") {
				t.Errorf("a secret is shown:\n%s", got.diagnostics)
			}
			matchGolden(t, name, got.diagnostics)
		})
	}
}

// TestErrorOfConnection checks the diagnostics if no answer comes.
func TestErrorOfConnection(t *testing.T) {
	t.Parallel()
	plain, secure := startServer(t), startTLS(t, authservertest.Valid)
	hanging, proxy := startServer(t), authservertest.StartProxy(t, "user", "right")
	hanging.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Hang())
	hanging.Fail(authserver.OtherPath, authserver.Always, authserver.Hang())
	cutting := startServer(t)
	cutting.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Truncated("<p>Unauthorized"))
	const beyond = "https://login.example.com/token"
	withUser := func(userinfo string) string { return strings.Replace(proxy.URL, "//", "//"+userinfo+"@", 1) }
	tests := map[string]attributes{
		// Not even asked for at a name server, as a label is empty.
		"DNS":                   {"token_endpoint": "https://login..invalid/token"},
		"refused":               {"token_endpoint": "https://127.0.0.1:1/token"},
		"unknown authority":     {"token_endpoint": secure.TokenURL()},
		"wrong host":            trusting(startTLS(t, authservertest.WrongHost)),
		"expired":               trusting(startTLS(t, authservertest.Expired)),
		"no TLS":                {"token_endpoint": strings.Replace(plain.TokenURL(), "http:", "https:", 1)},
		"TLS on plain http":     {"token_endpoint": strings.Replace(secure.TokenURL(), "https:", "http:", 1)},
		"timeout":               {"token_endpoint": hanging.TokenURL(), "timeout": "1s"},
		"plaintext":             {"token_endpoint": "http://login.example.com/token"},
		"proxy refused":         {"token_endpoint": beyond, "proxy_url": "http://user:very-secret@127.0.0.1:1"},
		"proxy wants password":  {"token_endpoint": beyond, "proxy_url": withUser("user:very-secret")},
		"proxy finds no server": {"token_endpoint": beyond, "proxy_url": withUser("user:right")},
		"proxy hangs":           {"token_endpoint": beyond, "proxy_url": strings.Replace(hanging.URL, "//", "//user:very-secret@", 1), "timeout": "1s"},
		// As tinyproxy does if it cannot reach the server.
		"proxy cuts its response":   {"token_endpoint": "http://127.0.0.1:1/token", "proxy_url": strings.Replace(cutting.URL, "//", "//user:very-secret@", 1)},
		"issuer refused":            {"issuer": "https://127.0.0.1:1"},
		"issuer, unknown authority": {"issuer": secure.Issuer()},
	}
	for name, block := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block["client_id"], block["client_secret"] = clientID, clientSecret
			got := newSession(t).mustConfigure(block).open(tokenType, nil)
			if strings.Contains(got.diagnostics.String(), "very-secret") {
				t.Errorf("a secret is shown:\n%s", got.diagnostics)
			}
			matchGolden(t, name, got.diagnostics)
		})
	}
}

// startTLS starts a server on https that knows the client of exampleClient.
func startTLS(t *testing.T, certificate authservertest.Certificate) *authservertest.Server {
	t.Helper()
	return authservertest.StartTLS(t, authserver.Config{Clients: []authserver.Client{exampleClient()}}, certificate)
}

// trusting is a provider block that trusts a server's authority.
func trusting(srv *authservertest.Server) attributes {
	return attributes{"token_endpoint": srv.TokenURL(), "tls": attributes{"ca_certificate": srv.CAPEM}}
}

func TestAuthorityThatTheUserTrusts(t *testing.T) {
	t.Parallel()
	srv := startTLS(t, authservertest.Valid)
	block := providerBlock(srv, trusting(srv))
	if got := newSession(t).mustConfigure(block).mustOpen(tokenType, nil); got["access_token"] == nil {
		t.Errorf("there is no token: %v", got)
	}
}

// TestErrorOfConfiguration checks the diagnostics if nothing is sent.
func TestErrorOfConfiguration(t *testing.T) {
	t.Parallel()
	const endpoint = "https://login.example.com/token"
	tests := map[string]struct{ provider, block attributes }{
		"nothing configured": {},
		"no client_id":       {provider: attributes{"token_endpoint": endpoint, "client_secret": "x"}},
		"no client_secret":   {provider: attributes{"token_endpoint": endpoint, "client_id": "x"}},
		"no revocation_endpoint": {
			provider: attributes{"token_endpoint": endpoint, "client_id": "x", "client_secret": "x"},
			block:    attributes{"revoke_on_close": true},
		},
		"id with colon, in raw": {
			provider: attributes{"token_endpoint": endpoint, "client_secret": "x", "client_secret_basic_encoding": "raw"},
			block:    attributes{"client_id": "a:b"},
		},
		"plaintext in the token block": {
			provider: attributes{"client_id": "x", "client_secret": "x"},
			block:    attributes{"token_endpoint": "http://login.example.com/token"},
		},
		"two methods in two blocks": {
			provider: attributes{"token_endpoint": endpoint, "client_id": "x", "client_secret": "x"},
			block:    attributes{"headers": attributes{"Authorization": "Basic eDp4"}},
		},
		"parameter for a secret": {
			provider: attributes{"token_endpoint": endpoint, "client_id": "x", "client_secret": "x"},
			block:    attributes{"parameters": attributes{"client_secret": "y"}},
		},
		"body and scopes": {
			provider: attributes{"token_endpoint": endpoint, "client_id": "x", "request_body": "code=x"},
			block:    attributes{"scopes": []string{"read"}},
		},
		"query and scopes": {
			provider: attributes{"token_endpoint": endpoint + "?scope=a", "client_id": "x", "client_secret": "x"},
			block:    attributes{"scopes": []string{"read"}},
		},
		"short secret for a JWT": {
			provider: attributes{"token_endpoint": endpoint, "client_id": "x", "client_secret": "very-secret"},
			block:    attributes{"token_endpoint_auth_method": "client_secret_jwt"},
		},
		"unknown in provider": {provider: attributes{"token_endpoint": endpoint, "client_id": unknown, "client_secret": unknown}},
		"unknown connection":  {provider: attributes{"token_endpoint": endpoint, "client_id": "x", "client_secret": "x", "timeout": unknown}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newSession(t).mustConfigure(row.provider).open(tokenType, row.block)
			if got.result != nil && got.result["access_token"] != nil {
				t.Errorf("there is a token: %v", got.result)
			}
			matchGolden(t, name, got.diagnostics)
		})
	}
}

// TestErrorOfMetadata checks the diagnostics if discovery fails.
func TestErrorOfMetadata(t *testing.T) {
	t.Parallel()
	document := func(status int, body string) func(*authservertest.Server) {
		return func(srv *authservertest.Server) {
			for _, endpoint := range []authserver.Endpoint{authserver.Metadata, authserver.OpenIDMetadata} {
				srv.Fail(endpoint, authserver.Always, authserver.Respond(status, nil, body))
			}
		}
	}
	tests := map[string]struct {
		config  authserver.Config
		arrange func(*authservertest.Server)
		issuer  string // behind the server's
		block   attributes
	}{
		"issuer, slash at the end": {issuer: "/"},
		"issuer, no metadata":      {config: authserver.Config{NoMetadata: true, NoOpenIDMetadata: true}},
		"issuer, 403":              {arrange: document(403, "")},
		"issuer, HTML":             {arrange: document(200, loginPage)},
		"issuer, empty":            {arrange: document(200, "{}")},
		"issuer, no token_endpoint": {
			config: authserver.Config{Metadata: []authserver.Mutation{authserver.Omit("token_endpoint")}},
		},
		"issuer, no revocation_endpoint": {
			config: authserver.Config{Metadata: []authserver.Mutation{authserver.Omit("revocation_endpoint")}},
			block:  attributes{"revoke_on_close": true},
		},
		"issuer, bad revocation_endpoint": {
			config: authserver.Config{Metadata: []authserver.Mutation{authserver.Set("revocation_endpoint", "https://id@login.example.com")}},
			block:  attributes{"revoke_on_close": true},
		},
		"issuer, no common method": {config: authserver.Config{Metadata: []authserver.Mutation{
			authserver.Set("token_endpoint_auth_methods_supported", []string{"private_key_jwt", "tls_client_auth"}),
		}}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, row.config)
			if row.arrange != nil {
				row.arrange(srv)
			}
			block := attributes{"issuer": srv.Issuer() + row.issuer, "client_id": clientID, "client_secret": clientSecret}
			matchGolden(t, name, newSession(t).mustConfigure(block).open(tokenType, row.block).diagnostics)
			if n := srv.Count(authserver.TokenEndpoint); n != 0 {
				t.Errorf("%d token requests, want none", n)
			}
		})
	}
}
