// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package clientauth holds the ways in which a client proves to an authorization
// server who it is (RFC 6749 section 2.3), one to a file. Each implements
// [oauth2.ClientAuth].
//
// The package never tries: it is told the method, and a method that lacks what it
// needs is an error. It sends nothing to the authorization server; a
// [FederatedAssertion] may have to ask the platform that issues it.
package clientauth

import (
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// Client authentication methods, by their names in the IANA registry of OAuth
// token endpoint authentication methods (RFC 7591 section 2).
const (
	ClientSecretBasic = "client_secret_basic"
	ClientSecretPost  = "client_secret_post"
	None              = "none"
	// ClientSecretJWT and PrivateKeyJWT are OpenID Connect Core section 9.
	ClientSecretJWT = "client_secret_jwt"
	PrivateKeyJWT   = "private_key_jwt"
	// TLSClientAuth and SelfSignedTLSClientAuth are RFC 8705 section 2.
	TLSClientAuth           = "tls_client_auth"
	SelfSignedTLSClientAuth = "self_signed_tls_client_auth"
)

// Methods lists the supported methods.
func Methods() []string {
	return []string{
		ClientSecretBasic, ClientSecretPost, ClientSecretJWT, PrivateKeyJWT,
		TLSClientAuth, SelfSignedTLSClientAuth, None,
	}
}

// SecretMethods lists the methods whose proof is the client's secret.
func SecretMethods() []string { return []string{ClientSecretBasic, ClientSecretPost, ClientSecretJWT} }

// UsesCertificate tells whether a method's proof is the client certificate of the
// connection.
func UsesCertificate(method string) bool {
	return method == TLSClientAuth || method == SelfSignedTLSClientAuth
}

var (
	_ oauth2.ClientAuth = Basic{}
	_ oauth2.ClientAuth = Post{}
	_ oauth2.ClientAuth = Public{}
	_ oauth2.ClientAuth = JWT{}
	_ oauth2.ClientAuth = MutualTLS{}

	_ Assertion = SignedAssertion{}
	_ Assertion = FederatedAssertion{}
)
