// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// The rules themselves are tested where New and Do apply them.
func TestChecksBeforeThereIsAClient(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	tests := map[string]struct{ good, bad error }{
		"certificates": {httpstack.CheckCertificates(ca.pem()), httpstack.CheckCertificates("ca.pem")},
		"proxy URL":    {httpstack.CheckProxyURL("http://user:secret@proxy.example:3128"), httpstack.CheckProxyURL("proxy.example:3128")},
		"header value": {httpstack.CheckHeader("X-Tenant", "a b"), httpstack.CheckHeader("X-Tenant", "a\nb")},
		"header name":  {httpstack.CheckHeader("x-tenant", ""), httpstack.CheckHeader("x tenant", "")},
	}
	for name, test := range tests {
		if test.good != nil {
			t.Errorf("%s: refused: %v", name, test.good)
		}
		if test.bad == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if !httpstack.IsLoopback("127.0.0.1") || httpstack.IsLoopback("example.com") {
		t.Error("IsLoopback is wrong")
	}
}
