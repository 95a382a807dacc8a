// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// DPoPRules are the requirements on proofs of possession (RFC 9449).
type DPoPRules struct {
	// Algorithms are the accepted values of alg, which the metadata lists if a
	// client is registered for bound tokens. When empty: all that are asymmetric.
	Algorithms []string

	// TokenNonce and APINonce require the server's current nonce in proofs, which
	// each response then has; see [Server.RotateNonce].
	TokenNonce, APINonce bool
}

// proofWindow is how far iat may be from the server's time.
const proofWindow = time.Minute

// nonceSource has the current nonce. The zero value is ready for use.
type nonceSource struct {
	mu    sync.Mutex
	value string
}

func (n *nonceSource) current() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.value == "" {
		n.value = rand.Text()
	}
	return n.value
}

// RotateNonce replaces the nonce for DPoP proofs. Proofs with the previous one are
// refused with use_dpop_nonce.
func (s *Server) RotateNonce() {
	s.nonces.mu.Lock()
	defer s.nonces.mu.Unlock()
	s.nonces.value = ""
}

// proofOfPossession returns the thumbprint of the key that the tokens for a request
// are bound to, or "" without a proof (RFC 9449 §5).
func (s *Server) proofOfPossession(r *http.Request, c Client) (string, error) {
	if len(r.Header.Values("DPoP")) == 0 && !c.DPoPBound {
		return "", nil
	}
	return s.verifyProof(r, "", s.config.DPoP.TokenNonce)
}

// proves reports whether a request to the API proves possession of the key that its
// token is bound to (RFC 9449 §7.1).
func (s *Server) proves(r *http.Request, token, jkt string) error {
	proven, err := s.verifyProof(r, token, s.config.DPoP.APINonce)
	if err == nil && proven != jkt {
		return refuse(invalidDPoPProof, "the token is bound to another key")
	}
	return err
}

// codeOf returns the error code of a refusal.
func codeOf(err error) string {
	if refusal, ok := errors.AsType[*oauthError](err); ok {
		return refusal.code
	}
	return invalidDPoPProof
}

// verifyProof makes the checks of RFC 9449 §4.3 and returns the thumbprint of the
// key. The token is empty at the token endpoint.
func (s *Server) verifyProof(r *http.Request, token string, nonce bool) (string, error) {
	sent := r.Header.Values("DPoP")
	if len(sent) != 1 {
		return "", refuse(invalidDPoPProof, "the request must have one DPoP header")
	}
	var public crypto.PublicKey
	var jkt string
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods(s.config.DPoP.Algorithms), jwt.WithoutClaimsValidation())
	parsed, err := parser.ParseWithClaims(sent[0], claims, func(proof *jwt.Token) (any, error) {
		var err error
		if public, jkt, err = embeddedKey(proof.Header["jwk"]); err != nil {
			return nil, err
		}
		return registeredKey([]Key{{Public: public}})(proof)
	})
	if err != nil {
		return "", refuse(invalidDPoPProof, describe(err).Error())
	}
	if err := (requirements{typ: "dpop+jwt"}).checkHeader(parsed.Header); err != nil {
		return "", refuse(invalidDPoPProof, err.Error())
	}
	if reason := s.whyNotProven(r, claims, token); reason != "" {
		return "", refuse(invalidDPoPProof, reason)
	}
	if nonce && claims["nonce"] != s.nonces.current() {
		return "", refuse(useDPoPNonce, "the proof must have the current nonce")
	}
	if id, _ := claims["jti"].(string); id == "" || !s.used.add("DPoP "+jkt, id) {
		return "", refuse(invalidDPoPProof, "jti is missing or has been used before")
	}
	return jkt, nil
}

// whyNotProven checks the claims that bind a proof to one request and one token; "" if
// they do.
func (s *Server) whyNotProven(r *http.Request, claims jwt.MapClaims, token string) string {
	hash := sha256.Sum256([]byte(token))
	issued, err := claims.GetIssuedAt()
	switch {
	case claims["htm"] != r.Method:
		return "htm is not the method of the request"
	case claims["htu"] != requestURI(r):
		return "htu is not the URI of the request"
	case err != nil || issued == nil || s.config.Now().Sub(issued.Time).Abs() > proofWindow:
		return "iat is missing or not close to now"
	case token != "" && claims["ath"] != base64url(hash[:]):
		return "ath is not the hash of the access token"
	}
	return ""
}

// requestURI is the target URI of a request without query, normalized (RFC 9449 §4.3).
func requestURI(r *http.Request) string {
	scheme, port := "http", ":80"
	if r.TLS != nil {
		scheme, port = "https", ":443"
	}
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(r.Host), port) + r.URL.EscapedPath()
}

// asymmetricAlgorithms are those that proofs may be signed with (RFC 9449 §4.2).
func asymmetricAlgorithms() []string {
	return []string{"ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
}

var errBadJWK = assertionError("jwk is missing or is not one public key")

// embeddedKey reads the jwk of a proof, and returns the key's thumbprint: the hash of
// the required members, in the order of their names (RFC 7638 §3).
func embeddedKey(jwk any) (key crypto.PublicKey, jkt string, err error) {
	members, _ := jwk.(map[string]any)
	text := func(name string) string {
		value, _ := members[name].(string)
		return value
	}
	number := func(name string) []byte {
		decoded, _ := base64.RawURLEncoding.Strict().DecodeString(text(name))
		return decoded
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, ok := members[private]; ok {
			return nil, "", errBadJWK
		}
	}
	required := map[string]string{"kty": text("kty")} // which package json sorts
	switch text("kty") {
	case "EC":
		curve, known := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[text("crv")]
		if !known {
			return nil, "", errBadJWK
		}
		required["crv"], required["x"], required["y"] = text("crv"), text("x"), text("y")
		point := append(append([]byte{4}, number("x")...), number("y")...) // SEC 1 §2.3.3
		key, err = ecdsa.ParseUncompressedPublicKey(curve, point)
	case "RSA":
		required["n"], required["e"] = text("n"), text("e")
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(number("n")), E: int(new(big.Int).SetBytes(number("e")).Int64())}
		key, err = public, validateKeys([]Key{{Public: public}})
	case "OKP":
		required["crv"], required["x"] = text("crv"), text("x")
		key = ed25519.PublicKey(number("x"))
		if text("crv") != "Ed25519" || len(number("x")) != ed25519.PublicKeySize {
			err = errBadJWK
		}
	default:
		err = errBadJWK
	}
	if err != nil {
		return nil, "", errBadJWK
	}
	canonical, err := json.Marshal(required)
	sum := sha256.Sum256(canonical)
	return key, base64url(sum[:]), err
}
