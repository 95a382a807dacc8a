// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

func decodeSegment(t *testing.T, segment string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatalf("segment %q: %v", segment, err)
	}
	return b
}

func decodeObject(t *testing.T, segment string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(decodeSegment(t, segment), &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// onlyKey returns the only key of the server's set.
func onlyKey(t *testing.T, srv *authserver.Server) map[string]any {
	t.Helper()
	got := send(t, srv, "GET /jwks HTTP/1.1\nHost: h\n\n")
	keys, _ := got.document["keys"].([]any)
	if len(keys) != 1 {
		t.Fatalf("key set is %s, want one key", got.Body)
	}
	return keys[0].(map[string]any)
}

// verified checks a signature as RFC 7518 §3.4 describes it.
func verified(t *testing.T, key map[string]any, signed string, signature []byte) bool {
	t.Helper()
	digest := sha256.Sum256([]byte(signed))
	point := append([]byte{4}, append(decodeSegment(t, key["x"].(string)), decodeSegment(t, key["y"].(string))...)...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(public, digest[:], r, s)
}

func TestJWTAccessToken(t *testing.T) {
	t.Parallel()
	c := rfcClient()
	c.TokenFormat = authserver.JWT
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{c}})
	token := send(t, srv, rfcRequest("&scope=api:read&resource=https://rs.example&resource=urn:a:b")).text(t, "access_token")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	key := onlyKey(t, srv)
	header := decodeObject(t, parts[0])
	if header["typ"] != "at+jwt" || header["alg"] != "ES256" || header["kid"] != key["kid"] || header["kid"] == "" {
		t.Errorf("header is %v, the key %v", header, key)
	}
	if !verified(t, key, parts[0]+"."+parts[1], decodeSegment(t, parts[2])) {
		t.Error("the published key does not verify the signature")
	}
	claims := decodeObject(t, parts[1])
	if jti, _ := claims["jti"].(string); jti == "" {
		t.Error("jti is missing")
	}
	delete(claims, "jti")
	want := map[string]any{ // 2026-03-01T12:00:00Z is 1772366400
		"iss": "https://server.example.com", "sub": "s6BhdRkqt3", "client_id": "s6BhdRkqt3",
		"aud": []any{"https://rs.example", "urn:a:b"}, "scope": "api:read",
		"iat": 1772366400.0, "exp": 1772370000.0,
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("claims are %v, want %v", claims, want)
	}
}

func TestAPIRefusesForgedJWT(t *testing.T) {
	t.Parallel()
	c := rfcClient()
	c.TokenFormat = authserver.JWT
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{c}})
	token := send(t, srv, rfcRequest("")).text(t, "access_token")
	parts := strings.Split(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	admin := encode([]byte(strings.Replace(string(decodeSegment(t, parts[1])), "api:read", "api:admin", 1)))
	stranger := newServer(t, authserver.Config{Clients: []authserver.Client{c}})
	for name, forged := range map[string]string{
		"claims changed":       parts[0] + "." + admin + "." + parts[2],
		"alg none":             encode([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + ".",
		"no signature":         parts[0] + "." + parts[1] + ".",
		"another server's key": send(t, stranger, rfcRequest("")).text(t, "access_token"),
		"not a JWT":            "a.b.c",
		"header changed":       encode([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callOrders(t, srv, forged).want(t, 401, "invalid_token")
		})
	}
	callOrders(t, srv, token).want(t, 200, "")
}
