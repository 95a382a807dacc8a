// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package vendors has mocks of five systems whose documentation describes client
// credentials in a form of its own: neuroflash, Neonomics, Brainysoft, Neucron,
// and a vendor with plain HTTP Basic. Each has a token endpoint, the other
// endpoints that its documentation describes, and an API that accepts the tokens.
//
// They let the provider be tested against what vendors publish. Responses are the
// documented texts with values filled in. Where the documentation is silent, the
// software that the vendor is known to run is the model, or else the RFC.
//
// The mocks are stricter than the vendors: a request that deviates from the
// documentation is refused, even if it only has an additional parameter. They have
// one customer each, verify no signatures and keep everything in memory, including
// secrets.
package vendors

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// undocumentedAPI is the path of APIs that are not documented.
const undocumentedAPI = "/api/"

// Client is a customer's client as registered with the vendor.
type Client struct{ ID, Secret string }

// matches reports whether the parameters have the client's id and secret.
func (c Client) matches(parameters url.Values) bool {
	return same(parameters.Get("client_id"), c.ID) && same(parameters.Get("client_secret"), c.Secret)
}

func same(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

// Vendor is one system, with its authorization server and API on one host. It is
// safe for concurrent use. The [authserver.Recorder] has the requests to all
// endpoints of the system.
type Vendor struct {
	authserver.Recorder
	tokens

	mux http.ServeMux
}

// newVendor returns a system without endpoints.
func newVendor() *Vendor { return &Vendor{tokens: tokens{now: time.Now, valid: map[string]token{}}} }

// SetNow sets the vendor's clock. It must not be called during requests.
func (v *Vendor) SetNow(now func() time.Time) { v.now = now }

// ServeHTTP implements [http.Handler].
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) { v.mux.ServeHTTP(w, r) }

// handle adds an endpoint. The pattern is one of [http.ServeMux].
func (v *Vendor) handle(endpoint authserver.Endpoint, pattern string, handler http.HandlerFunc) {
	v.mux.Handle(pattern, v.Handler(endpoint, handler))
}

// protect calls next for requests with a valid access token only.
func (v *Vendor) protect(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !v.isAccessToken(bearer(r)) {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

// serveOK is an API that is not documented.
func serveOK(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, `{"ok": true}`) }
