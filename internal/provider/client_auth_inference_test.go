// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// supporting has the metadata name methods, or nothing about them where there are
// none.
func supporting(methods ...string) []authserver.Mutation {
	const member = "token_endpoint_auth_methods_supported"
	if len(methods) == 0 {
		return []authserver.Mutation{authserver.Omit(member)}
	}
	return []authserver.Mutation{authserver.Set(member, methods)}
}

// supportingAlgorithms has the metadata name algorithms of assertions.
func supportingAlgorithms(algorithms ...string) []authserver.Mutation {
	return []authserver.Mutation{authserver.Set("token_endpoint_auth_signing_alg_values_supported", algorithms)}
}

// TestInferMethod holds which method is chosen where none is named: by what is
// configured, and among what that allows by the metadata. What a refusal says of
// the method tells even those apart that look the same on the wire.
func TestInferMethod(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	own := selfSigned(t, key)
	issued := authservertest.NewAuthority(t).Issue(t, key, authservertest.ClientTemplate("client"))
	secret := attributes{"client_secret": longSecret}
	signed := attributes{"signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}}
	with := func(certificate tls.Certificate) attributes {
		return attributes{"tls": attributes{
			"client_certificate": authservertest.CertificatePEM(certificate), "client_key": pkcs8(t, certificate),
		}}
	}
	tests := map[string]struct {
		block     attributes
		supported []string
		want      string
	}{
		"secret, nothing known":              {secret, nil, authserver.ClientSecretBasic},
		"secret, post supported":             {secret, []string{authserver.PrivateKeyJWT, authserver.ClientSecretPost}, authserver.ClientSecretPost},
		"secret, assertions supported":       {secret, []string{authserver.ClientSecretJWT}, authserver.ClientSecretJWT},
		"secret and signed_assertion":        {merged(secret, attributes{"signed_assertion": attributes{}}), nil, authserver.ClientSecretJWT},
		"private key, nothing known":         {signed, nil, authserver.PrivateKeyJWT},
		"private key, supported":             {signed, []string{authserver.ClientSecretBasic, authserver.PrivateKeyJWT}, authserver.PrivateKeyJWT},
		"private key and certificate":        {merged(signed, with(issued)), nil, authserver.PrivateKeyJWT},
		"secret and certificate":             {merged(secret, with(issued)), nil, authserver.ClientSecretBasic},
		"certificate of an authority":        {with(issued), nil, authserver.TLSClientAuth},
		"certificate of its own":             {with(own), nil, authserver.SelfSignedTLSClientAuth},
		"both kinds of certificates, CA":     {with(issued), []string{authserver.TLSClientAuth, authserver.SelfSignedTLSClientAuth}, authserver.TLSClientAuth},
		"both kinds of certificates, own":    {with(own), []string{authserver.TLSClientAuth, authserver.SelfSignedTLSClientAuth}, authserver.SelfSignedTLSClientAuth},
		"authority, registered all the same": {with(issued), []string{authserver.SelfSignedTLSClientAuth}, authserver.SelfSignedTLSClientAuth},
		"its own, names count all the same":  {with(own), []string{authserver.TLSClientAuth}, authserver.TLSClientAuth},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.StartTLS(t, authserver.Config{Metadata: supporting(row.supported...)}, authservertest.Valid)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Respond(http.StatusForbidden, nil, ""))
			connection := attributes{"ca_certificate": srv.CAPEM}
			if block, ok := row.block["tls"].(attributes); ok {
				connection = merged(block, connection)
			}
			block := merged(attributes{"issuer": srv.Issuer(), "client_id": clientID}, row.block, attributes{"tls": connection})
			got := newSession(t).mustConfigure(block).open(tokenType, nil).diagnostics.String()
			if !strings.Contains(got, "authenticated with "+row.want+" ") && !strings.Contains(got, "authenticated with "+row.want+":") {
				t.Errorf("the method is not %s:\n%s", row.want, got)
			}
			mustCount(t, srv, 1)
		})
	}
}

// TestInferNothing holds that where no method fits nothing is sent.
func TestInferNothing(t *testing.T) {
	t.Parallel()
	rsa := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.RSA))
	tests := map[string]struct {
		metadata []authserver.Mutation
		block    attributes
		path     string
	}{
		"secret, and assertions of keys supported": {
			supporting(authserver.PrivateKeyJWT), attributes{"client_secret": clientSecret}, "token_endpoint_auth_method",
		},
		"no common algorithm": {
			supportingAlgorithms("ES256", "EdDSA"), attributes{"signed_assertion": attributes{"private_key": rsa}}, "signed_assertion.algorithm",
		},
		"certificate named and none there": {
			supporting(), attributes{"token_endpoint_auth_method": authserver.TLSClientAuth}, "", // the block has no tls
		},
		"assertion named and none there": {
			supporting(), attributes{"token_endpoint_auth_method": authserver.PrivateKeyJWT}, "signed_assertion",
		},
		"assertion without a key": {
			supporting(), attributes{"token_endpoint_auth_method": authserver.PrivateKeyJWT, "signed_assertion": attributes{}}, "signed_assertion.private_key",
		},
		"empty signed_assertion alone": {supporting(), attributes{"signed_assertion": attributes{}}, "client_secret"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, authserver.Config{Metadata: row.metadata})
			block := merged(attributes{"issuer": srv.Issuer(), "client_id": clientID}, row.block)
			got := newSession(t).mustConfigure(block).open(tokenType, nil).diagnostics
			if !got.isAbout(row.path) {
				t.Errorf("want one finding about %q:\n%s", row.path, got)
			}
			mustCount(t, srv, 0)
		})
	}
}

// TestInferAlgorithm holds that the first algorithm is used that suits the key and
// that the server supports.
func TestInferAlgorithm(t *testing.T) {
	t.Parallel()
	made := newKeys(t)
	tests := map[string]struct {
		kind      authservertest.KeyKind
		supported []string
		want      string
	}{
		"RSA, all":     {authservertest.RSA, []string{"ES256", "PS256", "RS256"}, "RS256"},
		"RSA, PS384":   {authservertest.RSA, []string{"ES384", "PS384", "HS256"}, "PS384"},
		"P-384":        {authservertest.P384, []string{"RS256", "ES384"}, "ES384"},
		"P-521":        {authservertest.P521, []string{"RS256", "ES512"}, "ES512"},
		"Ed25519":      {authservertest.Ed25519, []string{"RS256", "EdDSA"}, "EdDSA"},
		"secret, 384":  {"", []string{"RS256", "HS384"}, "HS384"},
		"secret, none": {"", nil, "HS256"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := exampleClient(func(client *authserver.Client) { client.AuthMethod = authserver.ClientSecretJWT })
			client.Secret = longSecret
			block := attributes{"client_secret": longSecret, "signed_assertion": attributes{}}
			if key, ok := made[row.kind]; ok {
				client = exampleClient(withKey(key, ""))
				block = attributes{"signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}}
			}
			config := authserver.Config{Clients: []authserver.Client{client}, Metadata: supportingAlgorithms(row.supported...)}
			if row.supported == nil {
				config.Metadata = []authserver.Mutation{authserver.Omit("token_endpoint_auth_signing_alg_values_supported")}
			}
			srv := authservertest.Start(t, config)
			requests := mustAuthenticate(t, srv, merged(attributes{"issuer": srv.Issuer(), "client_id": clientID}, block))
			if got := mustBeFresh(t, srv, requests).header["alg"]; got != row.want {
				t.Errorf("alg is %v, want %s", got, row.want)
			}
		})
	}
}

// TestEndpointAliases holds that a client with a certificate asks where the
// metadata wants it (RFC 8705 section 5), and a client without does not.
func TestEndpointAliases(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	certificate := selfSigned(t, key)
	byCertificate := exampleClient(registering(t, certificate))
	byKey := exampleClient(withKey(key, ""), func(client *authserver.Client) { client.ID = "signing" })
	signed := attributes{"client_id": "signing", "signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}}
	tests := map[string]struct {
		client  attributes
		shown   bool
		address func(*authserver.Server) string
	}{
		"certificate":               {attributes{"client_id": clientID}, true, (*authserver.Server).MTLSTokenURL},
		"assertion":                 {signed, false, (*authserver.Server).TokenURL},
		"assertion and certificate": {signed, true, (*authserver.Server).MTLSTokenURL},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.StartMTLSAliases(t, authserver.Config{Clients: []authserver.Client{byCertificate, byKey}})
			connection := attributes{"ca_certificate": srv.CAPEM}
			if row.shown {
				connection = tlsBlock(t, srv, certificate)
			}
			newSession(t).mustConfigure(merged(attributes{"issuer": srv.Issuer(), "tls": connection}, row.client)).mustOpen(tokenType, nil)
			requests := srv.Requests(authserver.TokenEndpoint)
			if want := row.address(srv.Server); len(requests) != 1 || !strings.HasPrefix(want, "https://"+requests[0].Host+"/") {
				t.Errorf("%d requests, want one to %s", len(requests), want)
			}
		})
	}
}
