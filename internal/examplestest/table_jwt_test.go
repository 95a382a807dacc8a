// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// jwtExamples has the examples of oauth2cc_jwt.
const jwtExamples = "ephemeral-resources/oauth2cc_jwt/"

// jwts are the examples of oauth2cc_jwt. The vendors' APIs verify the JWTs as their
// documents say.
func jwts(t *testing.T) map[string]example {
	t.Helper()
	rsa, ec := authservertest.NewKey(t, authservertest.RSA), authservertest.NewKey(t, authservertest.P256)
	pem := func(key crypto.Signer) config.Variable { return config.StringVariable(authservertest.PKCS8(t, key)) }
	der, err := x509.MarshalPKIXPublicKey(rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	fingerprint := "SHA256:" + base64.StdEncoding.EncodeToString(sum[:])
	ghostSecret := strings.Repeat("5e", 32)
	ghostKey, err := hex.DecodeString(ghostSecret)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]example{
		jwtExamples + "ephemeral-resource.tf": {
			variables: config.Variables{"github_app_key": pem(rsa)},
			script:    func(srv *authservertest.Server) { answerAsGitHub(srv, rsa.Public()) },
			calls:     []string{"GET /installation/repositories 200", "POST /app/installations/1234567/access_tokens 201"},
		},
		jwtExamples + "snowflake.tf": {
			variables: config.Variables{"private_key": pem(rsa), "public_key_fp": config.StringVariable(fingerprint)},
			script: answerJWT(rsa.Public(), "Bearer", map[string]any{"alg": "RS256", "typ": "JWT"}, time.Hour,
				map[string]any{"iss": "MYORG-MYACCOUNT.DEPLOY." + fingerprint, "sub": "MYORG-MYACCOUNT.DEPLOY"},
				map[string]string{"X-Snowflake-Authorization-Token-Type": "KEYPAIR_JWT", "Content-Type": "application/json"}),
			calls: []string{"POST /api/v2/statements 200"},
		},
		jwtExamples + "app_store_connect.tf": {
			variables: config.Variables{"app_store_key": pem(ec)},
			script: answerJWT(ec.Public(), "Bearer", map[string]any{"alg": "ES256", "typ": "JWT", "kid": "2X9R4HXF34"}, 20*time.Minute,
				map[string]any{"iss": "57246542-96fe-1a63-e053-0824d011072a", "aud": "appstoreconnect-v1"}, nil),
			calls: []string{"GET /v1/apps 200"},
		},
		jwtExamples + "ghost.tf": {
			variables: config.Variables{"ghost_admin_api_key": config.StringVariable("64f2f3e5a1b2c3d4e5f6a7b8:" + ghostSecret)},
			script: answerJWT(ghostKey, "Ghost", map[string]any{"alg": "HS256", "typ": "JWT", "kid": "64f2f3e5a1b2c3d4e5f6a7b8"}, 5*time.Minute,
				map[string]any{"aud": "/admin/"}, map[string]string{"Accept-Version": "v5.0"}),
			calls: []string{"GET /ghost/api/admin/posts/ 200"},
		},
	}
}

// verifiedClaims returns the claims of a JWT with this header that a key verifies, valid
// now and for no longer than most.
func verifiedClaims(text string, key any, header map[string]any, most time.Duration) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	token, err := jwt.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil {
		return nil, err
	}
	issued, err := claims.GetIssuedAt()
	if err != nil || issued == nil {
		return nil, errors.New("no iat")
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires.Sub(issued.Time) > most || !maps.Equal(token.Header, header) {
		return nil, fmt.Errorf("header %v, claims %v", token.Header, claims)
	}
	return claims, nil
}

// answerJWT has the API take only a JWT with these claims among its own, beside these
// header fields.
func answerJWT(key any, scheme string, header map[string]any, most time.Duration, want map[string]any, fields map[string]string) func(*authservertest.Server) {
	return func(srv *authservertest.Server) {
		srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
			text, ok := strings.CutPrefix(r.Header.Get("Authorization"), scheme+" ")
			claims, err := verifiedClaims(text, key, header, most)
			for name, value := range want {
				ok = ok && claims[name] == value
			}
			for name, value := range fields {
				ok = ok && r.Header.Get(name) == value
			}
			if !ok || err != nil {
				authserver.Respond(http.StatusUnauthorized, nil, fmt.Sprintf(`{"claims":%q}`, fmt.Sprint(claims, err)))(w, r)
				return true
			}
			authserver.Respond(http.StatusOK, nil, `{}`)(w, r)
			return true
		})
	}
}

// answerAsGitHub has the API issue a token of an installation for the app's JWT, and take
// only that token elsewhere.
func answerAsGitHub(srv *authservertest.Server, key crypto.PublicKey) {
	const issued = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
	srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if r.Method == http.MethodGet && token == issued {
			authserver.Respond(http.StatusOK, nil, `{"total_count":1,"repositories":[{"name":"shop"}]}`)(w, r)
			return true
		}
		claims, err := verifiedClaims(token, key, map[string]any{"alg": "RS256", "typ": "JWT"}, 10*time.Minute)
		if r.Method != http.MethodPost || err != nil || claims["iss"] != "Iv23liExampleClientId" {
			authserver.Respond(http.StatusUnauthorized, nil, `{"message":"A JSON web token could not be decoded"}`)(w, r)
			return true
		}
		authserver.Respond(http.StatusCreated, nil, `{"token":"`+issued+`","expires_at":"2026-11-21T18:45:28Z"}`)(w, r)
		return true
	})
}
