// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition, RFC 7515 section 4.1.7
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// DefaultAssertionLifetime is how long an assertion is good for. A minute covers
// the way to the server and some skew of its clock.
const DefaultAssertionLifetime = time.Minute

// defaultType is the typ of an assertion (RFC 7519 section 5.1).
const defaultType = "JWT"

// SignedAssertion makes assertions: JWTs that this client signs (RFC 7523
// section 3). Fields that are zero have the defaults that are named.
type SignedAssertion struct {
	// ClientID is the issuer and the subject.
	ClientID string
	// PrivateKey signs, read by [keys.Parse]. Where it is empty ClientSecret signs.
	PrivateKey   secret.String
	ClientSecret secret.String
	// KeyID is sent as kid; by default that of the JWK.
	KeyID string
	// Algorithm is one of [Algorithms]; by default the first that suits the key and
	// that Supported names.
	Algorithm string
	Supported []string `cachekey:"-"` // the key of a cached token does not follow from it
	// Certificate is PEM whose first certificate is that of the key. It adds x5t and
	// x5t#S256.
	Certificate string
	// Audience is whom the assertion is for.
	Audience string
	// Type is sent as typ; by default JWT.
	Type string
	// Claims is a JSON object laid over the claims; null takes one away.
	Claims string
	// Lifetime is by default [DefaultAssertionLifetime].
	Lifetime time.Duration
	// Now tells the time.
	Now func() time.Time `cachekey:"-"`
}

// Assertion implements [Assertion]: it signs a new one.
func (a SignedAssertion) Assertion(context.Context) (secret.String, error) {
	signer, err := a.signer()
	if err != nil {
		return secret.String{}, err
	}
	claims, err := a.claims()
	if err != nil {
		return secret.String{}, err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return secret.String{}, fmt.Errorf("the assertion cannot be signed: %w", err)
	}
	compact, err := signed.CompactSerialize()
	return secret.New(compact), err
}

// Check reports what is wrong with the key or secret and what belongs to it, without
// signing anything. The error is a [*FieldError].
func (a SignedAssertion) Check() error {
	if !a.PrivateKey.IsZero() || !a.ClientSecret.IsZero() {
		_, err := a.signer()
		return err
	}
	if _, err := chooseAlgorithm(hmacAlgorithms(), a.Algorithm, a.Supported); err != nil {
		return fieldError("algorithm", err)
	}
	return nil
}

// signer prepares the signature and its header.
func (a SignedAssertion) signer() (jose.Signer, error) {
	kind := a.Type
	if kind == "" {
		kind = defaultType
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(kind))
	if a.PrivateKey.IsZero() {
		possible := hmacAlgorithmsFor(a.ClientSecret)
		if len(possible) == 0 {
			return nil, fieldError("client_secret", fmt.Errorf("it has %d bytes, and RFC 7518 section 3.2 asks for 32 to sign with HS256", len(a.ClientSecret.Reveal())))
		}
		algorithm, err := chooseAlgorithm(possible, a.Algorithm, a.Supported)
		if err != nil {
			return nil, fieldError("algorithm", err)
		}
		if a.KeyID != "" {
			options.WithHeader("kid", a.KeyID)
		}
		return jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: []byte(a.ClientSecret.Reveal())}, options)
	}
	key, err := keys.Parse(a.PrivateKey, a.KeyID)
	if err != nil {
		return nil, fieldError("private_key", err)
	}
	algorithm, err := chooseAlgorithm(key.Algorithms(), cmp.Or(a.Algorithm, key.Algorithm), a.Supported)
	if err != nil {
		return nil, fieldError("algorithm", err)
	}
	if err := a.addThumbprints(options, key); err != nil {
		return nil, fieldError("certificate", err)
	}
	if id := cmp.Or(a.KeyID, key.ID); id != "" {
		options.WithHeader("kid", id)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key.Signer}, options)
}

// addThumbprints adds x5t and x5t#S256 (RFC 7515 sections 4.1.7 and 4.1.8) of the
// certificate, which has to be that of the key.
func (a SignedAssertion) addThumbprints(options *jose.SignerOptions, key keys.Key) error {
	if a.Certificate == "" {
		return nil
	}
	block, _ := pem.Decode([]byte(a.Certificate))
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("not a PEM certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errors.New("the certificate is damaged")
	}
	if !samePublicKey(certificate.PublicKey, key.Public()) {
		return errors.New("the certificate is not that of the private key")
	}
	if err := CheckValidity(certificate, a.Now()); err != nil {
		return err
	}
	sum1, sum256 := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw) //nolint:gosec // as above
	options.WithHeader("x5t", base64.RawURLEncoding.EncodeToString(sum1[:]))
	options.WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum256[:]))
	return nil
}

// samePublicKey compares two public keys.
func samePublicKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(x crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// claims builds the claims (RFC 7523 section 3), with a jti and times of its own.
func (a SignedAssertion) claims() ([]byte, error) {
	lifetime := a.Lifetime
	if lifetime == 0 {
		lifetime = DefaultAssertionLifetime
	}
	issued := a.Now()
	claims := map[string]any{
		"iss": a.ClientID,
		"sub": a.ClientID,
		"aud": a.Audience,
		"jti": rand.Text(),
		"iat": issued.Unix(),
		"exp": issued.Add(lifetime).Unix(),
	}
	if a.Claims != "" {
		var own map[string]any
		if err := oauth2.DecodeJSON([]byte(a.Claims), &own); err != nil || own == nil {
			return nil, fieldError("claims", errors.New("not a JSON object; write it with jsonencode({ … })"))
		}
		maps.Copy(claims, own)
		maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	}
	return json.Marshal(claims)
}
