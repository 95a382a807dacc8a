// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package dpop proves that this client holds the key that a token is bound to (RFC 9449).
//
// It makes proofs, and remembers the nonces that servers require in them. Whether a
// request is sent again after a challenge is up to its callers.
package dpop

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/net/http/httpguts"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Prover makes proofs with one key. It is safe for concurrent use.
type Prover struct {
	signer     jose.Signer
	thumbprint string
	now        func() time.Time
	// A resource server does not know the nonces of the authorization server, even at
	// the same origin (RFC 9449 section 9).
	tokenEndpoints, apis nonces
}

// GenerateKey returns a new key for ES256, which most servers support.
func GenerateKey() (keys.Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return keys.Key{Signer: private, Algorithms: []string{string(jose.ES256)}}, err
}

// New returns a prover with a key. It signs with the algorithm that a JWK names, or else
// the first that suits the key and is among those that the server supports
// (dpop_signing_alg_values_supported, RFC 9449 section 5.1), which may be unknown.
func New(key keys.Key, supported []string, now func() time.Time) (*Prover, error) {
	algorithm, err := chooseAlgorithm(key, supported)
	if err != nil {
		return nil, err
	}
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key.Signer}, options)
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKey{Key: key.Public()}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	return &Prover{signer: signer, thumbprint: base64.RawURLEncoding.EncodeToString(thumbprint), now: now}, err
}

// chooseAlgorithm returns the algorithm to sign proofs with.
func chooseAlgorithm(key keys.Key, supported []string) (jose.SignatureAlgorithm, error) {
	possible := key.Algorithms
	if key.Algorithm != "" {
		if !slices.Contains(possible, key.Algorithm) {
			return "", fmt.Errorf("the JWK is for %.40q, and such a key signs with %s", key.Algorithm, strings.Join(possible, ", "))
		}
		possible = []string{key.Algorithm}
	}
	for _, algorithm := range possible {
		if len(supported) == 0 || slices.Contains(supported, algorithm) {
			return jose.SignatureAlgorithm(algorithm), nil
		}
	}
	return "", fmt.Errorf("the key signs with %s, and the server takes proofs with %s", strings.Join(possible, ", "), strings.Join(supported, ", "))
}

// Thumbprint is that of the public key (RFC 7638), to which tokens are bound (jkt, RFC
// 9449 section 6).
func (p *Prover) Thumbprint() string { return p.thumbprint }

// TokenEndpoint returns what wraps the transport of one token request, so that it has a
// proof, another one each time it is sent (RFC 9449 section 5). When it is sent again after a
// challenge, it has the nonce of that challenge: another request may have used the latest.
func (p *Prover) TokenEndpoint() func(base http.RoundTripper) http.RoundTripper {
	own := new(nonces)
	return func(base http.RoundTripper) http.RoundTripper {
		return &transport{prover: p, nonces: &p.tokenEndpoints, own: own, base: base}
	}
}

// API wraps the transport of one request with an access token in the same way (RFC 9449
// section 7).
func (p *Prover) API(base http.RoundTripper, accessToken secret.String) http.RoundTripper {
	return &transport{prover: p, nonces: &p.apis, own: new(nonces), base: base, accessToken: accessToken}
}

// transport adds a proof to each request.
type transport struct {
	prover      *Prover
	nonces, own *nonces // those of all requests, and of this one
	base        http.RoundTripper
	accessToken secret.String // empty at a token endpoint
}

// RoundTrip implements [http.RoundTripper]. It takes the nonce out of the response: it is
// for the next proof, and for nobody else.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	target := target(request.URL)
	origin := target.Scheme + "://" + target.Host
	proof, err := t.prover.proof(request.Method, target, cmp.Or(t.own.of(origin), t.nonces.of(origin)), t.accessToken)
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // as RoundTripper requires
		}
		return nil, err
	}
	proven := request.Clone(request.Context())
	proven.Header.Set("DPoP", proof)
	response, err := t.base.RoundTrip(proven)
	if err == nil {
		nonce := response.Header.Get("DPoP-Nonce")
		t.nonces.remember(origin, nonce)
		t.own.remember(origin, nonce)
		response.Header.Del("DPoP-Nonce")
	}
	return response, err
}

// claims are those of a proof (RFC 9449 section 4.2).
type claims struct {
	ID              string `json:"jti"`
	Method          string `json:"htm"`
	URI             string `json:"htu"`
	IssuedAt        int64  `json:"iat"`
	AccessTokenHash string `json:"ath,omitempty"`
	Nonce           string `json:"nonce,omitempty"`
}

// proof signs a proof for one request. The token and the nonce may be empty.
func (p *Prover) proof(method string, target *url.URL, nonce string, accessToken secret.String) (string, error) {
	made := claims{ID: rand.Text(), Method: method, URI: target.String(), IssuedAt: p.now().Unix(), Nonce: nonce}
	if !accessToken.IsZero() {
		hash := sha256.Sum256([]byte(accessToken.Reveal()))
		made.AccessTokenHash = base64.RawURLEncoding.EncodeToString(hash[:])
	}
	payload, err := json.Marshal(made)
	if err != nil {
		return "", err
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("the DPoP proof cannot be signed: %w", err)
	}
	return signed.CompactSerialize()
}

// target is where a request goes, without query and fragment, normalized as servers do
// before they compare it (RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3). Only
// the path stays as it is sent.
func target(address *url.URL) *url.URL {
	normalized := &url.URL{Scheme: strings.ToLower(address.Scheme), Path: address.Path, RawPath: address.RawPath}
	if address.Path == "" {
		normalized.Path = "/"
	}
	normalized.Host = strings.ToLower(address.Host)
	if ascii, err := httpguts.PunycodeHostPort(normalized.Host); err == nil { // as net/http sends it
		normalized.Host = ascii
	}
	if port := normalized.Port(); port == "" || port == map[string]string{"https": "443", "http": "80"}[normalized.Scheme] {
		normalized.Host = strings.TrimSuffix(normalized.Host, ":"+port)
	}
	return normalized
}
