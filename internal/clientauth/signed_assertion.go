// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition, RFC 7515 section 4.1.7
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Algorithms lists the signature algorithms for assertions by their IANA names (RFC 7518
// section 3.1, RFC 8037 section 3.1).
func Algorithms() []string { return append(keys.Algorithms(), hmacAlgorithms()...) }

// hmacAlgorithms are in order of preference.
func hmacAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

// SignedAssertion signs assertions: JWTs of this client (RFC 7523 section 3).
type SignedAssertion struct {
	// ClientID is the issuer and the subject. Without it, only Claims name them.
	ClientID string
	// Key signs, with Run if it has a command (see [command.Queue.Run]). If it is empty,
	// ClientSecret signs.
	Key          keys.Source
	Run          func(ctx context.Context, argv []string, stdin []byte) ([]byte, error) `cachekey:"-"`
	ClientSecret secret.String
	// KeyID is sent as kid; by default that of the JWK.
	KeyID string
	// Algorithm is one of [Algorithms]; by default the first that suits the key and is
	// among Supported. A command needs one.
	Algorithm string
	Supported []string `cachekey:"-"` // the key of a cached token does not follow from it
	// Certificate is PEM text that begins with the certificate of the key, if Key does not
	// bring it. It adds x5t and x5t#S256.
	Certificate string
	// Audience is sent as aud, unless it is empty.
	Audience string
	// Type is sent as typ; by default JWT (RFC 7519 section 5.1).
	Type string
	// Claims is a JSON object merged over the claims; null removes one.
	Claims string
	// Lifetime is by default a minute: it leaves time for the request and for clock skew.
	Lifetime time.Duration
	Now      func() time.Time `cachekey:"-"`
}

// Assertion implements [Assertion]. Each has its own jti.
func (a SignedAssertion) Assertion(ctx context.Context) (secret.String, error) {
	signer, err := a.signer(func(input []byte) ([]byte, error) { return a.Run(ctx, a.Key.Command, input) })
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

// Check reports what is wrong with the key or secret, the algorithm or the certificate,
// without signing anything. The error is an [*AssertionError].
func (a SignedAssertion) Check() error {
	if !a.Key.IsZero() || !a.ClientSecret.IsZero() {
		_, err := a.signer(nil)
		return err
	}
	_, err := a.chooseAlgorithm(hmacAlgorithms(), a.Algorithm)
	return err
}

// HasAudience reports whether the audience is configured, in Audience or among Claims.
func (a SignedAssertion) HasAudience() bool {
	var own map[string]any
	_ = oauth2.DecodeJSON([]byte(a.Claims), &own) // signing reports what is no object
	_, named := own["aud"]
	return a.Audience != "" || named
}

// signer returns the signer of JWTs. Run runs the command of the key, if it has one.
func (a SignedAssertion) signer(run func(input []byte) ([]byte, error)) (jose.Signer, error) {
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(cmp.Or(a.Type, "JWT")))
	var key any = []byte(a.ClientSecret.Reveal())
	id, algorithm := a.KeyID, a.Algorithm
	var possible []string
	switch {
	case a.Key.IsZero():
		// RFC 7518 section 3.2 requires a key as long as the hash: 32, 48 or 64 bytes.
		length := len(a.ClientSecret.Reveal())
		if length < 32 {
			return nil, &AssertionError{"client_secret", fmt.Errorf("it has %d bytes, and RFC 7518 section 3.2 requires 32 to sign with HS256", length)}
		}
		possible = hmacAlgorithms()[:min(3, length/16-1)]
		if slices.Contains(hmacAlgorithms(), algorithm) && !slices.Contains(possible, algorithm) {
			required := map[string]int{"HS384": 48, "HS512": 64}[algorithm]
			return nil, signedError("algorithm", fmt.Errorf("the secret has %d bytes, and RFC 7518 section 3.2 requires %d to sign with %s", length, required, algorithm))
		}
	case a.Key.Command != nil:
		remote, err := a.remoteSigner(run, options)
		if err != nil {
			return nil, err
		}
		key, possible = remote, remote.algorithms
	default:
		private, err := a.Key.Open(a.KeyID)
		if err != nil {
			return nil, keyError(err)
		}
		key, possible = private.Signer, private.Algorithms
		id, algorithm = cmp.Or(id, private.ID), cmp.Or(algorithm, private.Algorithm)
		if a.Certificate != "" || len(private.Certificates) > 0 {
			pair, err := keys.Pair(a.Certificate, private)
			if err == nil {
				err = a.addThumbprints(options, pair.Leaf)
			}
			if err != nil {
				return nil, signedError(a.certificateMember(), err)
			}
		}
	}
	chosen, err := a.chooseAlgorithm(possible, algorithm)
	if err != nil {
		return nil, err
	}
	if id != "" {
		options.WithHeader("kid", id)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: chosen, Key: key}, options)
}

// chooseAlgorithm returns the configured algorithm, or else the first possible one that
// the server supports, or the first if that is unknown.
func (a SignedAssertion) chooseAlgorithm(possible []string, configured string) (jose.SignatureAlgorithm, error) {
	if configured != "" {
		if !slices.Contains(possible, configured) {
			return "", signedError("algorithm", fmt.Errorf("this key cannot sign with %.40q but with %s", configured, strings.Join(possible, ", ")))
		}
		return jose.SignatureAlgorithm(configured), nil
	}
	for _, algorithm := range possible {
		if len(a.Supported) == 0 || slices.Contains(a.Supported, algorithm) {
			return jose.SignatureAlgorithm(algorithm), nil
		}
	}
	return "", signedError("algorithm", fmt.Errorf("this key signs with %s, and the server takes %s", strings.Join(possible, ", "), strings.Join(a.Supported, ", ")))
}

// addThumbprints adds x5t and x5t#S256 (RFC 7515 sections 4.1.7 and 4.1.8).
func (a SignedAssertion) addThumbprints(options *jose.SignerOptions, certificate *x509.Certificate) error {
	if err := keys.CheckValidity(certificate, a.Now()); err != nil {
		return err
	}
	sum1, sum256 := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw) //nolint:gosec // as above
	options.WithHeader("x5t", base64.RawURLEncoding.EncodeToString(sum1[:]))
	options.WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum256[:]))
	return nil
}

// claims returns the claims (RFC 7523 section 3), without those that are not known.
func (a SignedAssertion) claims() ([]byte, error) {
	issued := a.Now()
	claims := map[string]any{
		"jti": rand.Text(),
		"iat": issued.Unix(),
		"exp": issued.Add(cmp.Or(a.Lifetime, time.Minute)).Unix(),
	}
	for name, value := range map[string]string{"iss": a.ClientID, "sub": a.ClientID, "aud": a.Audience} {
		if value != "" {
			claims[name] = value
		}
	}
	if a.Claims != "" {
		var own map[string]any
		if err := oauth2.DecodeJSON([]byte(a.Claims), &own); err != nil || own == nil {
			return nil, signedError("claims", errors.New("not a JSON object; write it with jsonencode({ … })"))
		}
		maps.Copy(claims, own)
		maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	}
	return json.Marshal(claims)
}

// certificateMember is the member that has the certificate.
func (a SignedAssertion) certificateMember() string {
	if a.Certificate == "" {
		return keys.MemberPKCS12
	}
	return "certificate"
}

// Opened returns the assertion with its key decrypted, see [keys.Source.Opened]. The error is
// an [*AssertionError].
func (a SignedAssertion) Opened() (SignedAssertion, error) {
	var err error
	if a.Key, err = a.Key.Opened(a.KeyID); err != nil {
		return a, keyError(err)
	}
	return a, nil
}

// keyError is for an error of [keys.Source.Open].
func keyError(err error) error {
	if at, ok := errors.AsType[*keys.Error](err); ok {
		return signedError(at.Member, at.Err)
	}
	return signedError(keys.MemberPrivateKey, err)
}

func signedError(member string, err error) error {
	return &AssertionError{Attribute: "signed_assertion." + member, Err: err}
}
