// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// bytesNotUTF8 is a body that is text in another encoding.
const bytesNotUTF8 = "gr\xf6\xdfe\x00\xff"

// startAPI starts a server whose API responds with JSON at /orders, with no UTF-8 at
// /file, and with 404 at /none.
func startAPI(t *testing.T) *authservertest.Server {
	t.Helper()
	srv := startServer(t)
	srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/orders"):
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Total", "2")
			_, _ = w.Write([]byte(`{"orders":[{"id":1},{"id":2}]}`))
		case strings.HasSuffix(r.URL.Path, "/file"):
			_, _ = w.Write([]byte(bytesNotUTF8))
		default:
			http.NotFound(w, r)
		}
		return true
	})
	return srv
}

// TestAccRequestEphemeral echoes the outputs of the ephemeral resource, of JSON and of a
// body that is not UTF-8.
func TestAccRequestEphemeral(t *testing.T) {
	t.Parallel()
	srv := startAPI(t)
	testSteps(t, refused(hclProvider(srv)+fmt.Sprintf(`
ephemeral "oauth2cc_request" "test" {
  url = "%s/none"
}
`, srv.APIURL), "The API returned 404 Not Found"), resource.TestStep{
		Config: hclProvider(srv) + fmt.Sprintf(`
ephemeral "oauth2cc_request" "orders" {
  url = "%[1]s/orders"
}

ephemeral "oauth2cc_request" "file" {
  url          = "%[1]s/file"
  token_header = { scheme = "CwsAuth Bearer=" }
}

ephemeral "oauth2cc_request" "none" {
  url                   = "%[1]s/none"
  expected_status_codes = [404]
}
`, srv.APIURL) + echo(`{
    orders = ephemeral.oauth2cc_request.orders
    file   = ephemeral.oauth2cc_request.file
    none   = ephemeral.oauth2cc_request.none.status_code
    text   = textdecodebase64(ephemeral.oauth2cc_request.file.response_body_base64, "ISO-8859-1")
  }`),
		ConfigStateChecks: []statecheck.StateCheck{
			echoed(knownvalue.Int64Exact(200), "orders", "status_code"),
			echoed(knownvalue.StringExact(`{"orders":[{"id":1},{"id":2}]}`), "orders", "response_body"),
			echoed(knownvalue.TupleSizeExact(2), "orders", "response", "orders"),
			echoed(knownvalue.StringExact("2"), "orders", "response_headers", "X-Total"),
			echoed(knownvalue.StringExact(base64.StdEncoding.EncodeToString([]byte(bytesNotUTF8))), "file", "response_body_base64"),
			echoed(knownvalue.Null(), "file", "response_body"),
			echoed(knownvalue.StringExact("größe\x00ÿ"), "text"),
			echoed(knownvalue.Int64Exact(404), "none"),
		},
	})
	for _, call := range srv.Requests(authserver.API) {
		scheme := "Bearer "
		if strings.HasSuffix(call.Target, "/file") {
			scheme = "CwsAuth Bearer="
		}
		if header := call.Header.Get("Authorization"); !strings.HasPrefix(header, scheme) {
			t.Errorf("%s was sent %q", call.Target, header)
		}
	}
}
