// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package clientauth implements client authentication methods (RFC 6749 section 2.3)
// and the assertions that some of them use (RFC 7521).
//
// The caller selects the method, and the package never tries another. It sends nothing to
// the authorization server, but a [FederatedAssertion] may request a JWT from the platform.
package clientauth

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Client authentication methods, by their names in the IANA registry of OAuth token
// endpoint authentication methods (RFC 7591 section 2).
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

// SecretMethods lists the methods that use the client's secret.
func SecretMethods() []string { return []string{ClientSecretBasic, ClientSecretPost, ClientSecretJWT} }

// UsesCertificate reports whether a method uses the client certificate of the connection.
func UsesCertificate(method string) bool {
	return method == TLSClientAuth || method == SelfSignedTLSClientAuth
}

// Encodings of the client's id and secret in HTTP Basic.
const (
	// BasicEncodingForm form-encodes both before base64 (RFC 6749 section 2.3.1).
	BasicEncodingForm = "form"
	// BasicEncodingRaw leaves both unencoded, as many servers expect.
	BasicEncodingRaw = "raw"
)

// BasicEncodings lists the encodings.
func BasicEncodings() []string { return []string{BasicEncodingForm, BasicEncodingRaw} }

// Basic is client_secret_basic (RFC 6749 section 2.3.1, RFC 7617).
type Basic struct {
	ClientID     string
	ClientSecret secret.String
	// Encoding is one of [BasicEncodings]; empty means [BasicEncodingForm].
	Encoding string
}

// Authenticate implements [oauth2.ClientAuth].
func (b Basic) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	id, password := b.ClientID, b.ClientSecret.Reveal()
	if b.Encoding != BasicEncodingRaw {
		id, password = url.QueryEscape(id), url.QueryEscape(password)
	}
	credentials := base64.StdEncoding.EncodeToString([]byte(id + ":" + password))
	request.Header.Set("Authorization", "Basic "+credentials)
	request.AddSecrets(b.ClientSecret, secret.New(credentials), secret.New(password))
	return nil
}

// Post is client_secret_post: id and secret are parameters (RFC 6749 section 2.3.1).
type Post struct {
	ClientID     string
	ClientSecret secret.String
}

// Authenticate implements [oauth2.ClientAuth].
func (p Post) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	request.Params.AddPublic("client_id", p.ClientID)
	request.Params.Add("client_secret", p.ClientSecret)
	return nil
}

// IDOnly only identifies the client (RFC 6749 section 3.2.1). It is none, and also
// tls_client_auth and self_signed_tls_client_auth, for which the certificate of the
// connection authenticates the client (RFC 8705 section 2). An empty id is not sent, for
// servers that identify clients by other parameters or header fields.
type IDOnly struct{ ClientID string }

// Authenticate implements [oauth2.ClientAuth].
func (i IDOnly) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	request.Params.AddPublic("client_id", i.ClientID)
	return nil
}

// Assertion is a source of assertions (RFC 7521 section 3).
type Assertion interface {
	Assertion(ctx context.Context) (secret.String, error)
}

// JWT is client_secret_jwt and private_key_jwt: the client authenticates with an
// assertion (RFC 7523 section 2.2).
type JWT struct {
	// ClientID is sent too, which the RFC permits and many servers require.
	ClientID string
	Source   Assertion
}

// Authenticate implements [oauth2.ClientAuth].
func (j JWT) Authenticate(ctx context.Context, request *oauth2.RequestBuilder) error {
	assertion, err := j.Source.Assertion(ctx)
	if err != nil {
		return err
	}
	request.Params.AddPublic("client_id", j.ClientID)
	request.Params.AddPublic("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	request.Params.Add("client_assertion", assertion)
	return nil
}

// AssertionError reports why there is no assertion.
type AssertionError struct {
	// Attribute is the provider's attribute at fault, for example
	// "signed_assertion.private_key".
	Attribute string
	Err       error
}

func (e *AssertionError) Error() string { return fmt.Sprintf("%s: %v", e.Attribute, e.Err) }
func (e *AssertionError) Unwrap() error { return e.Err }
