// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// rfc9449Proof is the proof of RFC 9449 figure 1, and rfc9449Thumbprint that of its key
// (section 6.1).
const (
	rfc9449Proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19" +
		".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" +
		".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	rfc9449Thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
)

// proven adds header lines to a request in its wire format.
func proven(wire string, lines ...string) string {
	return strings.Replace(wire, "\n", "\n"+strings.Join(lines, "\n")+"\n", 1)
}

func TestProofOfRFC(t *testing.T) {
	t.Parallel()
	c := rfcClient()
	c.TokenFormat = authserver.JWT
	srv := newServer(t, authserver.Config{
		Clients: []authserver.Client{c}, Now: func() time.Time { return time.Unix(1562262616, 0) },
	})
	overTLS := &x509.Certificate{}
	got := send(t, srv, proven(rfcRequest(""), "DPoP: "+rfc9449Proof), overTLS)
	got.want(t, 200, "")
	if got.text(t, "token_type") != "DPoP" {
		t.Errorf("token_type is %q", got.text(t, "token_type"))
	}
	confirmation, _ := decodeObject(t, strings.Split(got.text(t, "access_token"), ".")[1])["cnf"].(map[string]any)
	if want := map[string]any{"jkt": rfc9449Thumbprint}; !maps.Equal(confirmation, want) {
		t.Errorf("cnf is %v, want %v", confirmation, want)
	}
	send(t, srv, proven(rfcRequest(""), "DPoP: "+rfc9449Proof), overTLS).wantReason(t, 400, "invalid_dpop_proof", "used before")
}

// publicJWK is the jwk of a P-256 key.
func publicJWK(t *testing.T, key crypto.Signer) map[string]any {
	t.Helper()
	point, err := key.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]any{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}
}

// tokenProof returns a valid proof for rfcRequest, and apiProof one for GET /orders with
// a token, at the time of newClock.
func tokenProof(t *testing.T, key crypto.Signer) jws {
	t.Helper()
	return jws{
		header: map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": publicJWK(t, key)},
		claims: map[string]any{"jti": rand.Text(), "htm": "POST", "htu": "http://server.example.com/token", "iat": 1772366400},
		key:    key,
	}
}

func apiProof(t *testing.T, key crypto.Signer, token string) jws {
	t.Helper()
	proof, hash := tokenProof(t, key), sha256.Sum256([]byte(token))
	proof.claims["htm"], proof.claims["htu"] = "GET", "http://api.example/orders"
	proof.claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
	return proof
}

// TestProofRefused changes one thing of a valid proof at a time (RFC 9449 §4.3).
func TestProofRefused(t *testing.T) {
	t.Parallel()
	key, another := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	withD := publicJWK(t, key)
	withD["d"] = "AAAA"
	tests := map[string]struct {
		change func(*jws)
		reason string // empty: accepted
	}{
		"valid":                 {func(*jws) {}, ""},
		"a minute old":          {func(j *jws) { j.claims["iat"] = 1772366340 }, ""},
		"too old":               {func(j *jws) { j.claims["iat"] = 1772366339 }, "iat"},
		"in the future":         {func(j *jws) { j.claims["iat"] = 1772366461 }, "iat"},
		"no iat":                {func(j *jws) { j.claims["iat"] = nil }, "iat"},
		"no jti":                {func(j *jws) { j.claims["jti"] = nil }, "jti"},
		"another method":        {func(j *jws) { j.claims["htm"] = "GET" }, "htm"},
		"method in lower case":  {func(j *jws) { j.claims["htm"] = "post" }, "htm"},
		"another path":          {func(j *jws) { j.claims["htu"] = "http://server.example.com/tokens" }, "htu"},
		"htu with a query":      {func(j *jws) { j.claims["htu"] = "http://server.example.com/token?a=b" }, "htu"},
		"https":                 {func(j *jws) { j.claims["htu"] = "https://server.example.com/token" }, "htu"},
		"another typ":           {func(j *jws) { j.header["typ"] = "JWT" }, "typ"},
		"no jwk":                {func(j *jws) { j.header["jwk"] = nil }, "jwk"},
		"private jwk":           {func(j *jws) { j.header["jwk"] = withD }, "jwk"},
		"signed by another key": {func(j *jws) { j.key = another }, "signature"},
		"symmetric":             {func(j *jws) { j.header["alg"], j.key = "HS256", []byte("secret") }, "algorithm"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proof := tokenProof(t, key)
			test.change(&proof)
			got := send(t, clockedServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}}), proven(rfcRequest(""), "DPoP: "+proof.compact(t)))
			if test.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 400, "invalid_dpop_proof", test.reason)
		})
	}
}

func TestProofRequired(t *testing.T) {
	t.Parallel()
	c := rfcClient()
	c.DPoPBound = true
	key := authservertest.NewKey(t, authservertest.P256)
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{c}})
	send(t, srv, rfcRequest("")).wantReason(t, 400, "invalid_dpop_proof", "one DPoP header")
	twice := "DPoP: " + tokenProof(t, key).compact(t)
	send(t, srv, proven(rfcRequest(""), twice, twice)).wantReason(t, 400, "invalid_dpop_proof", "one DPoP header")
	send(t, srv, proven(rfcRequest(""), "DPoP: "+tokenProof(t, key).compact(t))).want(t, 200, "")

	got := send(t, srv, "GET /.well-known/oauth-authorization-server HTTP/1.1\nHost: server.example.com\n\n")
	listed, _ := got.document["dpop_signing_alg_values_supported"].([]any)
	if !slices.Contains(listed, any("ES256")) || slices.Contains(listed, any("HS256")) {
		t.Errorf("the metadata lists %v", listed)
	}
}

func TestKeyBoundTokenAtAPI(t *testing.T) {
	t.Parallel()
	key, another := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	orders := func(scheme, token string) string {
		return "GET /orders HTTP/1.1\nHost: api.example\nAuthorization: " + scheme + " " + token + "\n\n"
	}
	for _, format := range []string{authserver.Opaque, authserver.JWT} {
		tests := map[string]struct {
			request func(t *testing.T, token string) string
			status  int
			code    string
		}{
			"proof": {func(t *testing.T, token string) string {
				t.Helper()
				return proven(orders("DPoP", token), "DPoP: "+apiProof(t, key, token).compact(t))
			}, 200, ""},
			"as Bearer": {func(t *testing.T, token string) string {
				t.Helper()
				return proven(orders("Bearer", token), "DPoP: "+apiProof(t, key, token).compact(t))
			}, 401, "invalid_token"},
			"no proof": {func(_ *testing.T, token string) string { return orders("DPoP", token) }, 401, "invalid_dpop_proof"},
			"another key": {func(t *testing.T, token string) string {
				t.Helper()
				return proven(orders("DPoP", token), "DPoP: "+apiProof(t, another, token).compact(t))
			}, 401, "invalid_dpop_proof"},
			"another token": {func(t *testing.T, token string) string {
				t.Helper()
				return proven(orders("DPoP", token), "DPoP: "+apiProof(t, key, "other").compact(t))
			}, 401, "invalid_dpop_proof"},
		}
		for name, test := range tests {
			t.Run(format+", "+name, func(t *testing.T) {
				t.Parallel()
				c := rfcClient()
				c.TokenFormat = format
				srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{c}})
				token := send(t, srv, proven(rfcRequest(""), "DPoP: "+tokenProof(t, key).compact(t))).text(t, "access_token")
				got := send(t, srv.API(), test.request(t, token))
				got.want(t, test.status, test.code)
				if test.status == 401 && !strings.Contains(got.Header().Get("WWW-Authenticate"), `error="`+test.code+`"`) {
					t.Errorf("WWW-Authenticate is %q", got.Header().Get("WWW-Authenticate"))
				}
			})
		}
	}
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	token := send(t, srv, rfcRequest("")).text(t, "access_token")
	send(t, srv.API(), proven(orders("DPoP", token), "DPoP: "+apiProof(t, key, token).compact(t))).want(t, 401, "invalid_token")
}

// TestNonces asks for nonces at both endpoints, and rotates them (RFC 9449 §8, §9).
func TestNonces(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := clockedServer(t, authserver.Config{
		Clients: []authserver.Client{rfcClient()}, DPoP: authserver.DPoPRules{TokenNonce: true, APINonce: true},
	})
	var token string
	requestToken := func(nonce any) response {
		proof := tokenProof(t, key)
		proof.claims["nonce"] = nonce
		return send(t, srv, proven(rfcRequest(""), "DPoP: "+proof.compact(t)))
	}
	call := func(nonce any) response {
		proof := apiProof(t, key, token)
		proof.claims["nonce"] = nonce
		return send(t, srv.API(), "GET /orders HTTP/1.1\nHost: api.example\nAuthorization: DPoP "+token+"\nDPoP: "+proof.compact(t)+"\n\n")
	}
	first := requestToken(nil)
	first.want(t, 400, "use_dpop_nonce")
	nonce := first.Header().Get("DPoP-Nonce")
	issued := requestToken(nonce)
	issued.want(t, 200, "")
	token = issued.text(t, "access_token")
	call(nil).want(t, 401, "use_dpop_nonce")
	call(nonce).want(t, 200, "")

	srv.RotateNonce()
	refused := call(nonce)
	refused.want(t, 401, "use_dpop_nonce")
	requestToken(nonce).want(t, 400, "use_dpop_nonce")
	call(refused.Header().Get("DPoP-Nonce")).want(t, 200, "")
}

// RFC 9449 §5: the refresh token of a client that does not authenticate is bound to the
// key. Another client may change its key.
func TestRefreshOfKeyBoundToken(t *testing.T) {
	t.Parallel()
	before, after := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	for name, row := range map[string]struct {
		public bool
		key    crypto.Signer
		status int
		code   string
	}{
		"same key":            {false, before, 200, ""},
		"another key":         {false, after, 200, ""},
		"public, same key":    {true, before, 200, ""},
		"public, another key": {true, after, 400, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rfcClient()
			c.RefreshLifetime = time.Hour
			request, refresh := rfcRequest(""), func(token string) string { return refreshRequest(token, "") }
			if row.public {
				c.Secret, c.AuthMethod, c.Grants = "", authserver.None, []string{authserver.ClientCredentials, authserver.RefreshToken}
				request = certificateForm(c.ID)
				refresh = func(token string) string {
					return strings.Replace(refreshRequest(token, "&client_id="+c.ID), "Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n", "", 1)
				}
			}
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{c}})
			issued := send(t, srv, proven(request, "DPoP: "+tokenProof(t, before).compact(t)))
			got := send(t, srv, proven(refresh(issued.text(t, "refresh_token")), "DPoP: "+tokenProof(t, row.key).compact(t)))
			got.want(t, row.status, row.code)
		})
	}
}
