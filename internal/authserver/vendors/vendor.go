// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"net/http"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// Client is a customer's client as the vendor registered it.
type Client struct{ ID, Secret string }

// Vendor is one system, authorization server and API on one host. It is safe for
// concurrent use; its [authserver.Recorder] knows every request to an address
// that the system has.
type Vendor struct {
	authserver.Recorder
	ledger

	mux http.ServeMux
}

// newVendor is a system without any address.
func newVendor() *Vendor { return &Vendor{ledger: ledger{now: time.Now}} }

// SetNow has the vendor's clock told by now. It is not for use while requests
// are answered.
func (v *Vendor) SetNow(now func() time.Time) { v.now = now }

// ServeHTTP implements [http.Handler].
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) { v.mux.ServeHTTP(w, r) }

// handle gives the vendor an address, as a pattern of [http.ServeMux].
func (v *Vendor) handle(endpoint authserver.Endpoint, pattern string, handler http.HandlerFunc) {
	v.mux.Handle(pattern, v.Handler(endpoint, handler))
}

// undocumentedAPI is where the APIs are whose paths no document names.
const undocumentedAPI = "/api/"
