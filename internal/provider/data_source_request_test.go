// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccRequestData checks the outputs of the data source, of JSON and of a body that
// is not UTF-8.
func TestAccRequestData(t *testing.T) {
	t.Parallel()
	srv := startAPI(t)
	const orders, file, none = "data.oauth2cc_request.orders", "data.oauth2cc_request.file", "data.oauth2cc_request.none"
	testSteps(t, refused(hclProvider(srv)+fmt.Sprintf(`
data "oauth2cc_request" "test" {
  url = "%s/none"
}
`, srv.APIURL), "The API returned 404 Not Found"), resource.TestStep{
		Config: hclProvider(srv) + fmt.Sprintf(`
data "oauth2cc_request" "orders" {
  url = "%[1]s/orders"
}

data "oauth2cc_request" "file" {
  url = "%[1]s/file"
}

data "oauth2cc_request" "none" {
  url                   = "%[1]s/none"
  expected_status_codes = [404]
}
`, srv.APIURL),
		ConfigStateChecks: []statecheck.StateCheck{
			known(orders, knownvalue.Int64Exact(200), "status_code"),
			known(orders, knownvalue.StringExact(`{"orders":[{"id":1},{"id":2}]}`), "response_body"),
			known(orders, knownvalue.TupleSizeExact(2), "response", "orders"),
			known(orders, knownvalue.StringExact("2"), "response_headers", "X-Total"),
			known(file, knownvalue.StringExact(base64.StdEncoding.EncodeToString([]byte(bytesNotUTF8))), "response_body_base64"),
			known(file, knownvalue.Null(), "response_body"),
			known(none, knownvalue.Int64Exact(404), "status_code"),
			statecheck.ExpectSensitiveValue(file, tfjsonpath.New("response_body_base64")),
			statecheck.ExpectSensitiveValue(orders, tfjsonpath.New("response_body")),
			statecheck.ExpectSensitiveValue(orders, tfjsonpath.New("response_headers")),
		},
	})
}
