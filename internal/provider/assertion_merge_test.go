// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestAssertionOfTheBlock holds that a block's assertion takes the place of the
// provider's, of whichever kind.
func TestAssertionOfTheBlock(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	t.Run("federated over signed", func(t *testing.T) {
		t.Parallel()
		platform, srv := startFederated(t, "api://as")
		s := newSession(t, environment(map[string]string{"IDENTITY": token(t, platform, "api://as")}))
		s.mustConfigure(signing(srv, key))
		s.mustOpen(tokenType, attributes{"federated_assertion": attributes{"env": "IDENTITY"}})
		mustCount(t, srv, 1)
	})
	t.Run("signed over federated", func(t *testing.T) {
		t.Parallel()
		own := authservertest.NewKey(t, authservertest.Ed25519)
		srv := startServer(t, withKey(own, ""))
		s := newSession(t).mustConfigure(federated(srv, attributes{"env": "IDENTITY"}))
		s.mustOpen(tokenType, signedBy(authservertest.PKCS8(t, own)))
		mustCount(t, srv, 1)
	})
	t.Run("secret over signed", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		s := newSession(t).mustConfigure(signing(srv, key))
		s.mustOpen(tokenType, attributes{"client_id": clientID, "client_secret": clientSecret})
		mustCount(t, srv, 1)
	})
	t.Run("secret over secret keeps the method", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t, func(c *authserver.Client) { c.AuthMethod = authserver.ClientSecretPost })
		provided := attributes{"client_secret": "another", "token_endpoint_auth_method": "client_secret_post"}
		s := newSession(t).mustConfigure(providerBlock(srv, provided))
		s.mustOpen(tokenType, attributes{"client_secret": clientSecret})
		mustCount(t, srv, 1)
	})
}

// TestServerOfTheBlock holds that a block which names another issuer sends nothing
// to the provider's server.
func TestServerOfTheBlock(t *testing.T) {
	t.Parallel()
	theirs, ours := startServer(t), startServer(t)
	s := newSession(t).mustConfigure(providerBlock(theirs))
	s.mustOpen(tokenType, attributes{"issuer": ours.Issuer()})
	mustCount(t, theirs, 0)
	mustCount(t, ours, 1)
}
