// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// special are characters that every encoding writes in its own way.
const special = ` /+&=%<>"'\?#:~é€`

// everything writes down all that a request holds, as a server would that logs
// too much, with the credentials of its Authorization header decoded too.
func everything(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	id, secret, _ := r.BasicAuth()
	decodedSecret, _ := url.QueryUnescape(secret)
	return fmt.Sprint(r.Header, " ", string(body), " ", form, " ", id, " ", secret, " ", decodedSecret)
}

// TestErrorNeverEchoes holds that a server which sends the request back, in
// whatever form, does not have it shown.
func TestErrorNeverEchoes(t *testing.T) {
	t.Parallel()
	document := func(member string, spell func(string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]any{"error": "invalid_request", member: spell(everything(r))})
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(body)
		}
	}
	text := func(contentType string, spell func(string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, spell(everything(r)))
		}
	}
	asIs := func(text string) string { return text }
	echoes := map[string]http.HandlerFunc{
		"error_description":            document("error_description", asIs),
		"error_description, end of it": document("error_description", func(text string) string { return strings.Repeat("x", 500) + text }),
		"error_description, form":      document("error_description", url.QueryEscape),
		"error_description, percent":   document("error_description", url.PathEscape),
		"error_description, HTML":      document("error_description", html.EscapeString),
		"error_description, base64":    document("error_description", func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }),
		"error_description, base64url": document("error_description", func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }),
		"error_description, quoted":    document("error_description", func(text string) string { return fmt.Sprintf("%q", text) }),
		"error_uri":                    document("error_uri", url.QueryEscape),
		"error":                        document("error", asIs),
		"message":                      document("message", asIs),
		"nested":                       document("details", func(text string) string { return `{"received":` + fmt.Sprintf("%q", text) + `}` }),
		"HTML":                         text("text/html", func(text string) string { return "<html><body>You sent " + html.EscapeString(text) + "</body></html>" }),
		"HTML, title":                  text("text/html", func(text string) string { return "<html><title>" + html.EscapeString(text) + "</title></html>" }),
		"HTML, not escaped":            text("text/html", func(text string) string { return "<html>" + text }),
		"plain text":                   text("text/plain", asIs),
		"JSON string":                  text("application/json", func(text string) string { return fmt.Sprintf("%q", text) }),
		"form":                         text("application/x-www-form-urlencoded", func(text string) string { return "error=invalid_request&error_description=" + url.QueryEscape(text) }),
	}
	for name, echo := range echoes {
		for _, method := range []string{"client_secret_basic", "client_secret_post"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.TokenEndpoint, authserver.Always, echo)
				secret, parameter, header := acctest.NewCanary("client_secret", special), acctest.NewCanary("parameter", special),
					acctest.NewCanary("header", special)
				got := newSession(t).mustConfigure(providerBlock(srv, attributes{
					"client_secret":              secret.Value,
					"token_endpoint_auth_method": method,
					"parameters":                 attributes{"api_key": parameter.Value},
					"headers":                    attributes{"X-Api-Key": header.Value},
				})).open(tokenType, nil)
				if len(got.diagnostics) == 0 {
					t.Fatal("there is no error")
				}
				acctest.Search(t, "the error", got.diagnostics.String(), secret, parameter, header)
			})
		}
	}
}
