// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
)

// signer is the server's own key, new with every server.
type signer struct {
	method jwt.SigningMethod
	key    crypto.Signer
	keyID  string
	jwk    map[string]any // public members that RFC 7638 §3.2 requires
}

func newSigner(algorithm string) (signer, error) {
	switch algorithm {
	case "ES256":
		return newES256()
	case "RS256":
		return newRS256()
	}
	return signer{}, fmt.Errorf("signing algorithm %q is neither ES256 nor RS256", algorithm)
}

func newES256() (signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return signer{}, err
	}
	point, err := key.PublicKey.Bytes() // 0x04, X, Y (SEC 1 §2.3.3)
	if err != nil {
		return signer{}, err
	}
	x, y := point[1:33], point[33:]
	return signer{method: jwt.SigningMethodES256, key: key}.withJWK(map[string]any{
		"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y),
	})
}

func newRS256() (signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return signer{}, err
	}
	return signer{method: jwt.SigningMethodRS256, key: key}.withJWK(map[string]any{
		"kty": "RSA", "n": base64url(key.N.Bytes()), "e": base64url(big.NewInt(int64(key.E)).Bytes()),
	})
}

// withJWK names the key by its thumbprint (RFC 7638): json.Marshal sorts the
// members of a map and adds no space, which is the form to hash.
func (k signer) withJWK(jwk map[string]any) (signer, error) {
	canonical, err := json.Marshal(jwk)
	if err != nil {
		return signer{}, err
	}
	thumbprint := sha256.Sum256(canonical)
	k.keyID, k.jwk = base64url(thumbprint[:]), jwk
	return k, nil
}

// serveJWKS is the key set of RFC 7517 §5.
func (s *Server) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	key := maps.Clone(s.signer.jwk)
	key["kid"], key["use"], key["alg"] = s.signer.keyID, "sig", s.signer.method.Alg()
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{key}})
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
