// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"crypto"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// clientAuthentication are the examples of the guide of that name.
func clientAuthentication(t *testing.T) map[string]example {
	t.Helper()
	signing := authservertest.NewKey(t, authservertest.RSA)
	key := config.StringVariable(authservertest.PKCS8(t, signing))
	private := config.Variables{"private_key": key}
	public := authserver.Key{Public: signing.Public()}
	selfSigned := authservertest.SelfSigned(t, signing, authservertest.ClientTemplate("deploy"))
	const longSecret = "ZJYCqe3GGRvdrudKyZS0XhGv_Z45DuKhCUk0gBR1vZk" // of OpenID Connect Core 1.0 section 9
	graph := []string{"https://graph.microsoft.com/.default"}
	return map[string]example{
		"client-authentication/private_key_jwt.tf": {
			variables: private,
			client: authserver.Client{
				ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{ID: "deploy-1", Public: signing.Public()}},
			},
			forms: []url.Values{asserted("deploy", nil)},
		},
		"client-authentication/client_secret_jwt.tf": {
			variables: config.Variables{"client_secret": config.StringVariable(longSecret)},
			client:    authserver.Client{ID: "deploy", Secret: longSecret, AuthMethod: authserver.ClientSecretJWT},
			forms:     []url.Values{asserted("deploy", nil)},
		},
		"client-authentication/issuer_audience.tf": {
			variables: private,
			client:    authserver.Client{ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{public}},
			settings: authserver.Config{ClientAssertion: authserver.AssertionRules{
				Audience: authserver.AudienceIssuerOnly, Type: "client-authentication+jwt",
			}},
			forms: []url.Values{asserted("deploy", nil)},
		},
		"client-authentication/entra_certificate.tf": {
			variables: private,
			files:     map[string]string{"client.pem": authservertest.CertificatePEM(selfSigned)},
			client: authserver.Client{
				ID: entraClient, AuthMethod: authserver.PrivateKeyJWT, SigningAlgorithms: []string{"PS256"}, Scopes: graph,
				Keys: []authserver.Key{{Certificate: selfSigned.Leaf}},
			},
			forms: []url.Values{asserted(entraClient, url.Values{"scope": graph})},
		},
		"client-authentication/pkcs12.tf": {
			variables: config.Variables{"pkcs12_password": config.StringVariable("changeit")},
			files:     map[string]string{"client.p12": pkcs12File(t, selfSigned, "changeit")},
			client: authserver.Client{
				ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{Certificate: selfSigned.Leaf}},
			},
			forms: []url.Values{asserted("deploy", nil)},
		},
		"client-authentication/private_key_command.tf": {
			client: authserver.Client{
				ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{ID: "deploy-1", Public: rsaInHSM.Public()}},
			},
			forms: []url.Values{asserted("deploy", nil)},
		},
		"client-authentication/tls_client_auth.tf": mutualTLS(t),
		"client-authentication/dpop.tf": {
			alone:     true,
			variables: config.Variables{"client_secret": config.StringVariable(longSecret)},
			client:    authserver.Client{ID: "deploy", Secret: longSecret, DPoPBound: true, Scopes: []string{"api:read"}},
			forms:     []url.Values{clientCredentials(nil)},
			calls:     []string{"GET /orders 200"},
		},
		"client-authentication/google.tf": {
			alone:     true,
			variables: config.Variables{"google_key": googleKey(t, signing)},
			script:    func(srv *authservertest.Server) { answerAsGoogle(srv, signing.Public()) },
			forms:     []url.Values{{"grant_type": {authserver.JWTBearer}, "assertion": {anyJWT}}},
		},
		"client-authentication/salesforce.tf": {
			alone:     true,
			variables: private,
			settings: authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{
				{Issuer: "3MVG9exampleConsumerKey", Keys: []authserver.Key{public}},
			}},
			script: answerAsSalesforce,
			forms:  []url.Values{{"grant_type": {authserver.JWTBearer}, "assertion": {anyJWT}}},
			calls:  []string{"GET /services/data/v64.0/limits 200"},
		},
		"client-authentication/docusign.tf": {
			alone:     true,
			variables: private,
			script:    func(srv *authservertest.Server) { answerAsDocuSign(srv, signing.Public()) },
			forms:     []url.Values{{"grant_type": {authserver.JWTBearer}, "assertion": {anyJWT}}},
		},
		"client-authentication/jwt_bearer.tf": {
			variables: private,
			client: authserver.Client{
				ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{public}, Grants: []string{authserver.JWTBearer},
				Assertions: []authserver.Trust{{Issuer: pipelineIssuer, Subject: pipelineJob, Audience: pipelineAudience}},
			},
			settings: authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{pipelineTrust()}},
			forms: []url.Values{{
				"grant_type": {authserver.JWTBearer}, "assertion": {anyJWT},
				"client_id": {"deploy"}, "client_assertion_type": {assertionType}, "client_assertion": {anyJWT},
			}},
		},
		"client-authentication/token_exchange.tf": {
			client: authserver.Client{
				Grants: []string{authserver.TokenExchange}, Scopes: []string{"api:read"},
				Assertions: []authserver.Trust{{Issuer: pipelineIssuer, Subject: pipelineJob, Audience: pipelineAudience}},
			},
			settings: authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{pipelineTrust()}},
			forms: []url.Values{{
				"grant_type": {authserver.TokenExchange}, "scope": {"api:read"},
				"subject_token": {anyJWT}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
			}},
		},
	}
}

// pkcs12File is a PKCS#12 file with a certificate and its key.
func pkcs12File(t *testing.T, certificate tls.Certificate, password string) string {
	t.Helper()
	file, err := pkcs12.Modern.Encode(certificate.PrivateKey, certificate.Leaf, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// mutualTLS has the server ask for the certificate at another address than the
// issuer's, and its tokens bound to the certificate (RFC 8705 sections 3 and 5).
func mutualTLS(t *testing.T) example {
	t.Helper()
	ca, key := authservertest.NewAuthority(t), authservertest.NewKey(t, authservertest.P256)
	certificate := ca.Issue(t, key, authservertest.ClientTemplate("deploy"))
	return example{
		mutual: true, alone: true,
		variables: config.Variables{"client_key": config.StringVariable(authservertest.SEC1(t, key))},
		files:     map[string]string{"client.pem": authservertest.CertificatePEM(certificate)},
		settings:  authserver.Config{ClientCAs: ca.Pool()},
		client: authserver.Client{
			ID: "deploy", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=deploy",
			CertificateBound: true, Scopes: []string{"api:read"},
		},
		forms: []url.Values{clientCredentials(url.Values{"client_id": {"deploy"}})},
		calls: []string{"GET /orders 200"},
	}
}

// googleKey is the file that Google gives a service account for its key.
func googleKey(t *testing.T, key crypto.Signer) config.Variable {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": googleAccount, "private_key_id": "2c9e", "private_key": authservertest.PKCS8(t, key),
	})
	if err != nil {
		t.Fatal(err)
	}
	return config.StringVariable(string(text))
}

const googleAccount = "deploy@shop.iam.gserviceaccount.com"

// answerAsGoogle has the token endpoint check the claims that Google's document on
// OAuth 2.0 for server to server applications asks for. Other than RFC 7523 it
// wants no sub.
func answerAsGoogle(srv *authservertest.Server, key crypto.PublicKey) {
	srv.Override(authserver.TokenEndpoint, func(w http.ResponseWriter, r *http.Request) bool {
		claims := jwt.MapClaims{}
		token, err := jwt.NewParser(
			jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(googleAccount), jwt.WithAudience(srv.TokenURL()),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		).ParseWithClaims(r.FormValue("assertion"), claims, func(*jwt.Token) (any, error) { return key, nil })
		_, hasSubject := claims["sub"]
		if err != nil || token.Header["kid"] != "2c9e" || hasSubject ||
			claims["scope"] != "https://www.googleapis.com/auth/cloud-platform.read-only" {
			authserver.OAuthError(http.StatusBadRequest, "invalid_grant", "")(w, r)
			return true
		}
		authserver.Respond(http.StatusOK, nil, `{"access_token":"ya29.2YotnFZFEjr1","expires_in":3599,"token_type":"Bearer"}`)(w, r)
		return true
	})
}

// answerAsDocuSign has the token endpoint check the claims that DocuSign's document on JWT
// Grant asks for: the audience is a host, not a URL.
func answerAsDocuSign(srv *authservertest.Server, key crypto.PublicKey) {
	srv.Override(authserver.TokenEndpoint, func(w http.ResponseWriter, r *http.Request) bool {
		claims, err := verifiedClaims(r.FormValue("assertion"), key, map[string]any{"alg": "RS256", "typ": "JWT"}, time.Hour)
		if err != nil || claims["iss"] != "7c2b8d7e-83c3-4940-af5e-cda8a50dd73f" || claims["sub"] != "2e00b1e6-6a3b-4f9f-8d0e-1a7bd4a5c8aa" ||
			claims["aud"] != "account-d.docusign.com" || claims["scope"] != "signature impersonation" {
			authserver.OAuthError(http.StatusBadRequest, "invalid_grant", "no_valid_keys_or_signatures")(w, r)
			return true
		}
		authserver.Respond(http.StatusOK, nil, `{"access_token":"eyJ0eXAiOiJNVCJ9.docusign","token_type":"Bearer","expires_in":3600}`)(w, r)
		return true
	})
}

// answerAsSalesforce registers the user as a client: its answers name no lifetime
// but the instance, which is the API here.
func answerAsSalesforce(srv *authservertest.Server) {
	err := srv.Register(authserver.Client{
		ID: "3MVG9exampleConsumerKey", AuthMethod: authserver.None, Grants: []string{authserver.JWTBearer}, Lifetime: time.Hour,
		Assertions: []authserver.Trust{
			{Issuer: "3MVG9exampleConsumerKey", Subject: "deploy@example.com", Audience: "https://login.salesforce.com"},
		},
		TokenResponse: []authserver.Mutation{authserver.Omit("expires_in"), authserver.Set("instance_url", srv.APIURL)},
	})
	if err != nil {
		panic(err) // the client above is at fault
	}
}
