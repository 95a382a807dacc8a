// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition, RFC 7515 section 4.1.7
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const (
	clientID = "s6BhdRkqt3"
	audience = "https://server.example.com/"
	// longSecret is as long as RFC 7518 section 3.2 asks for with HS512.
	longSecret = "7Fjfp0ZBr1KtDRbnfVdmIw7Fjfp0ZBr1KtDRbnfVdmIw7Fjfp0ZBr1KtDRbnfVdmIw"
)

// noon is the time in these tests.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// signed signs an assertion and returns what it says, verified with the key's
// public half by another library than the one that signed.
func signed(t *testing.T, assertion clientauth.SignedAssertion) (header map[string]any, claims jwt.MapClaims) {
	t.Helper()
	compact := asserted(t, &assertion)
	parser := jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return noon }), jwt.WithJSONNumber())
	token, err := parser.ParseWithClaims(compact, jwt.MapClaims{}, func(*jwt.Token) (any, error) {
		return verificationKey(t, assertion), nil
	})
	if err != nil {
		t.Fatalf("the assertion does not verify: %v", err)
	}
	claims, _ = token.Claims.(jwt.MapClaims)
	return token.Header, claims
}

// asserted signs an assertion, its missing fields filled in.
func asserted(t *testing.T, assertion *clientauth.SignedAssertion) string {
	t.Helper()
	assertion.ClientID = clientID
	if assertion.Audience == "" {
		assertion.Audience = audience
	}
	assertion.Now = func() time.Time { return noon }
	text, err := assertion.Assertion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

func verificationKey(t *testing.T, assertion clientauth.SignedAssertion) any {
	t.Helper()
	if assertion.Key.IsZero() {
		return []byte(assertion.ClientSecret.Reveal())
	}
	key, err := assertion.Key.Open(assertion.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

// jwk reads a key of an RFC, with members added.
func jwk(t testing.TB, file, members string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "keys", "testdata", "rfc", file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(text), "{", "{"+members, 1)
}

// Files with the keys of the RFCs.
const (
	rsaJWK     = "rfc7515-a2.json"
	ecJWK      = "rfc7515-a3.json"
	ed25519JWK = "rfc8037-a1.json"
)

// everyKind makes one key of each kind that signs.
func everyKind(t *testing.T) map[string]string {
	t.Helper()
	made := map[string]string{
		"RSA":     jwk(t, rsaJWK, ""),
		"P-256":   jwk(t, ecJWK, ""),
		"Ed25519": jwk(t, ed25519JWK, ""),
	}
	for _, curve := range []string{"P-384", "P-521"} {
		made[curve] = authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.KeyKind(curve)))
	}
	return made
}

func TestEveryAlgorithm(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"RSA":     {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
		"P-256":   {"ES256"},
		"P-384":   {"ES384"},
		"P-521":   {"ES512"},
		"Ed25519": {"EdDSA"},
		"secret":  {"HS256", "HS384", "HS512"},
	}
	held := everyKind(t)
	for kind, algorithms := range tests {
		for _, algorithm := range clientauth.Algorithms() {
			t.Run(kind+"/"+algorithm, func(t *testing.T) {
				t.Parallel()
				assertion := clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(held[kind])}, ClientSecret: secret.New(longSecret), Algorithm: algorithm}
				if !slices.Contains(algorithms, algorithm) {
					wrong(t, assertion, "algorithm", `cannot sign with "`+algorithm+`"`)
					return
				}
				header, _ := signed(t, assertion)
				if want := map[string]any{"alg": algorithm, "typ": "JWT"}; !maps.Equal(header, want) {
					t.Errorf("header %v, want %v", header, want)
				}
			})
		}
	}
	if got := len(slices.Concat(slices.Collect(maps.Values(tests))...)); got != len(clientauth.Algorithms()) {
		t.Errorf("%d algorithms in this table, and %d are offered", got, len(clientauth.Algorithms()))
	}
}

// BenchmarkAssertion measures the assertion of one token request.
func BenchmarkAssertion(b *testing.B) {
	for _, row := range []struct{ algorithm, key string }{{"RS256", rsaJWK}, {"ES256", ecJWK}, {"EdDSA", ed25519JWK}, {"HS256", ""}} {
		b.Run("alg="+row.algorithm, func(b *testing.B) {
			assertion := clientauth.SignedAssertion{
				ClientID: clientID, Audience: audience, Algorithm: row.algorithm, ClientSecret: secret.New(longSecret), Now: time.Now,
			}
			if row.key != "" {
				var err error
				if assertion.Key, err = (keys.Source{PrivateKey: secret.New(jwk(b, row.key, ""))}).Opened(""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := assertion.Assertion(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// wrong wants an error about field that says want, and the same of Check.
func wrong(t *testing.T, assertion clientauth.SignedAssertion, field, want string) {
	t.Helper()
	assertion.Now = func() time.Time { return noon }
	_, err := assertion.Assertion(t.Context())
	for call, err := range map[string]error{"Assertion": err, "Check": assertion.Check()} {
		var about *clientauth.AssertionError
		if !errors.As(err, &about) {
			t.Errorf("%s: got %v, want an error about %s", call, err, field)
			continue
		}
		if strings.TrimPrefix(about.Attribute, "signed_assertion.") != field || !strings.Contains(about.Err.Error(), want) {
			t.Errorf("%s: got %v, want %q about %s", call, err, want, field)
		}
	}
}

// TestInferredAlgorithm holds what is chosen where the user names nothing, given
// token_endpoint_auth_signing_alg_values_supported (RFC 8414 section 2).
func TestInferredAlgorithm(t *testing.T) {
	t.Parallel()
	held := everyKind(t)
	tests := map[string]struct {
		kind, configured string
		supported        []string
		want             string
	}{
		"nothing known, RSA":              {"RSA", "", nil, "RS256"},
		"nothing known, P-521":            {"P-521", "", nil, "ES512"},
		"nothing known, secret":           {"secret", "", nil, "HS256"},
		"server's list has the usual":     {"RSA", "", []string{"ES256", "PS256", "RS256"}, "RS256"},
		"server takes PSS alone (FAPI)":   {"RSA", "", []string{"PS256", "ES256"}, "PS256"},
		"server takes long hashes alone":  {"RSA", "", []string{"PS512", "RS512"}, "RS512"},
		"server takes HS512 alone":        {"secret", "", []string{"RS256", "HS512"}, "HS512"},
		"configured, not in server's":     {"RSA", "RS384", []string{"RS256"}, "RS384"},
		"configured, before the usual":    {"RSA", "PS512", nil, "PS512"},
		"Ed25519 in the list":             {"Ed25519", "", []string{"RS256", "EdDSA"}, "EdDSA"},
		"server's list has unknown names": {"P-256", "", []string{"none", "ES256K", "ES256"}, "ES256"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, _ := signed(t, clientauth.SignedAssertion{
				Key: keys.Source{PrivateKey: secret.New(held[test.kind])}, ClientSecret: secret.New(longSecret),
				Algorithm: test.configured, Supported: test.supported,
			})
			if header["alg"] != test.want {
				t.Errorf("signed with %v, want %s", header["alg"], test.want)
			}
		})
	}
}

func TestAlgorithmsThatDoNotFit(t *testing.T) {
	t.Parallel()
	ec := secret.New(jwk(t, ecJWK, ""))
	tests := map[string]struct {
		assertion clientauth.SignedAssertion
		want      string
	}{
		"another kind of key":       {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: ec}, Algorithm: "RS256"}, "but with ES256"},
		"server takes others":       {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: ec}, Supported: []string{"RS256", "PS256"}}, "the server takes RS256, PS256"},
		"server takes no HMAC":      {clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), Supported: []string{"RS256"}}, "the server takes RS256"},
		"none":                      {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: ec}, Algorithm: "none"}, `cannot sign with "none"`},
		"alg of the JWK not fit":    {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(jwk(t, ecJWK, `"alg":"ES512",`))}}, `cannot sign with "ES512"`},
		"alg of the JWK encrypts":   {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(jwk(t, rsaJWK, `"alg":"RSA-OAEP",`))}}, `cannot sign with "RSA-OAEP"`},
		"HMAC with a private key":   {clientauth.SignedAssertion{Key: keys.Source{PrivateKey: ec}, ClientSecret: secret.New(longSecret), Algorithm: "HS256"}, `cannot sign with "HS256"`},
		"ES256 with a secret alone": {clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), Algorithm: "ES256"}, "but with HS256"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong(t, test.assertion, "algorithm", test.want)
		})
	}
}

// TestClaims holds RFC 7523 section 3 and RFC 7519 section 4.1.
func TestClaims(t *testing.T) {
	t.Parallel()
	const issued = `1772366400` // 2026-03-01T12:00:00Z
	tests := map[string]struct {
		assertion clientauth.SignedAssertion
		want      string // without jti
	}{
		"as they are": {
			clientauth.SignedAssertion{},
			`{"aud":"https://server.example.com/","exp":1772366460,"iat":` + issued + `,"iss":"s6BhdRkqt3","sub":"s6BhdRkqt3"}`,
		},
		"audience": {
			clientauth.SignedAssertion{Audience: "https://server.example.com/token?a=1&b=<2>"},
			`{"aud":"https://server.example.com/token?a=1&b=<2>","exp":1772366460,"iat":` + issued + `,"iss":"s6BhdRkqt3","sub":"s6BhdRkqt3"}`,
		},
		"lifetime": {
			clientauth.SignedAssertion{Lifetime: 5 * time.Minute},
			`{"aud":"https://server.example.com/","exp":1772366700,"iat":` + issued + `,"iss":"s6BhdRkqt3","sub":"s6BhdRkqt3"}`,
		},
		"further claims": {
			clientauth.SignedAssertion{Claims: `{"box_sub_type":"enterprise","n":12345678901234567890,"nested":{"a":[null,1.50]}}`},
			`{"aud":"https://server.example.com/","box_sub_type":"enterprise","exp":1772366460,"iat":` + issued +
				`,"iss":"s6BhdRkqt3","n":12345678901234567890,"nested":{"a":[null,1.50]},"sub":"s6BhdRkqt3"}`,
		},
		"replaced": {
			clientauth.SignedAssertion{Claims: `{"sub":"user@example.com","aud":["a","b"],"exp":1772370000}`},
			`{"aud":["a","b"],"exp":1772370000,"iat":` + issued + `,"iss":"s6BhdRkqt3","sub":"user@example.com"}`,
		},
		"taken away": {
			clientauth.SignedAssertion{Claims: `{"iat":null,"absent":null}`},
			`{"aud":"https://server.example.com/","exp":1772366460,"iss":"s6BhdRkqt3","sub":"s6BhdRkqt3"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.assertion.ClientSecret = secret.New(longSecret)
			_, claims := signed(t, test.assertion)
			if id, ok := claims["jti"].(string); !ok || id == "" {
				t.Errorf("jti is %v", claims["jti"])
			}
			delete(claims, "jti")
			if got := compactJSON(t, claims); got != test.want {
				t.Errorf("\ngot  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestClaimsOfTheUserWinOverTheIdentifier(t *testing.T) {
	t.Parallel()
	for override, want := range map[string]any{`{"jti":"mine"}`: "mine", `{"jti":null}`: nil} {
		_, claims := signed(t, clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), Claims: override})
		if claims["jti"] != want {
			t.Errorf("%s: jti is %v", override, claims["jti"])
		}
	}
}

// compactJSON writes a value without the escapes that only HTML needs.
func compactJSON(t *testing.T, value any) string {
	t.Helper()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text.String())
}

// TestKeyIDOfSecret: kid is sent with a signature by the client secret too.
func TestKeyIDOfSecret(t *testing.T) {
	t.Parallel()
	header, _ := signed(t, clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), KeyID: "2026-11"})
	if header["kid"] != "2026-11" {
		t.Errorf("kid is %v", header["kid"])
	}
}

// TestEveryAssertionHasItsOwnIdentifier: servers refuse a jti that they have
// seen (RFC 7523 section 3, item 7).
func TestEveryAssertionHasItsOwnIdentifier(t *testing.T) {
	t.Parallel()
	const calls = 100
	seen := map[any]bool{}
	for range calls {
		_, claims := signed(t, clientauth.SignedAssertion{ClientSecret: secret.New(longSecret)})
		seen[claims["jti"]] = true
	}
	if len(seen) != calls {
		t.Errorf("%d identifiers for %d assertions", len(seen), calls)
	}
}

func TestClaimsThatAreNoObject(t *testing.T) {
	t.Parallel()
	for _, claims := range []string{"[]", "null", `"sub"`, "sub=x", "{", `{"a":1`, " "} {
		assertion := clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), Claims: claims, Now: time.Now}
		_, err := assertion.Assertion(t.Context())
		var about *clientauth.AssertionError
		if !errors.As(err, &about) || about.Attribute != "signed_assertion.claims" {
			t.Errorf("%q: got %v", claims, err)
		}
	}
}

func TestType(t *testing.T) {
	t.Parallel()
	// client-authentication+jwt is what draft-ietf-oauth-rfc7523bis asks for.
	for configured, want := range map[string]string{"": "JWT", "client-authentication+jwt": "client-authentication+jwt"} {
		header, _ := signed(t, clientauth.SignedAssertion{ClientSecret: secret.New(longSecret), Type: configured})
		if header["typ"] != want {
			t.Errorf("typ %v, want %s", header["typ"], want)
		}
	}
}

// certified makes a key and a certificate of it, both in PEM.
func certified(t *testing.T, kind authservertest.KeyKind) (key, certificate string) {
	t.Helper()
	return certifiedAt(t, kind, noon)
}

// certifiedAt is certified with a certificate that is valid for an hour before and
// after a time.
func certifiedAt(t *testing.T, kind authservertest.KeyKind, at time.Time) (key, certificate string) {
	t.Helper()
	signer, template := authservertest.NewKey(t, kind), authservertest.ClientTemplate("x")
	template.NotBefore, template.NotAfter = at.Add(-time.Hour), at.Add(time.Hour)
	made := authservertest.SelfSigned(t, signer, template)
	return authservertest.PKCS8(t, signer), authservertest.CertificatePEM(made)
}

// TestThumbprintsOfTheCertificate computes x5t and x5t#S256 from the DER text
// (RFC 7515 sections 4.1.7 and 4.1.8).
func TestThumbprintsOfTheCertificate(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"RSA", "P-256", "Ed25519"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			key, certificate := certified(t, authservertest.KeyKind(kind))
			_, issuer := certified(t, authservertest.P256)
			for name, text := range map[string]string{
				"alone":      certificate,
				"with chain": certificate + issuer,
				"with text":  "subject=CN = x\n" + strings.ReplaceAll(certificate, "\n", "\r\n"),
			} {
				header, _ := signed(t, clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(key)}, Certificate: text, KeyID: "k"})
				block, _ := pem.Decode([]byte(certificate))
				raw := block.Bytes
				sum1, sum256 := sha1.Sum(raw), sha256.Sum256(raw) //nolint:gosec // as above
				want := map[string]any{
					"alg": header["alg"], "typ": "JWT", "kid": "k",
					"x5t":      base64.RawURLEncoding.EncodeToString(sum1[:]),
					"x5t#S256": base64.RawURLEncoding.EncodeToString(sum256[:]),
				}
				if !maps.Equal(header, want) {
					t.Errorf("%s: header %v, want %v", name, header, want)
				}
			}
		})
	}
}

func TestCertificatesThatDoNotFit(t *testing.T) {
	t.Parallel()
	key, own := certified(t, authservertest.P256)
	_, another := certified(t, authservertest.P256)
	_, anotherKind := certified(t, authservertest.RSA)
	tests := map[string]struct{ certificate, want string }{
		"another key's":       {another, "not that of the private key"},
		"another kind of key": {anotherKind, "not that of the private key"},
		"private key":         {key, "PRIVATE KEY"},
		"name of a file":      {"client.pem", "not a PEM certificate"},
		"damaged":             {strings.Replace(own, "\nMII", "\nAII", 1), "malformed"},
		"key and certificate": {key + "x", "PRIVATE KEY"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong(t, clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(key)}, Certificate: test.certificate}, "certificate", test.want)
		})
	}
	for name, at := range map[string]time.Time{"expired at": noon.Add(-2 * time.Hour), "not valid before": noon.Add(2 * time.Hour)} {
		key, certificate := certifiedAt(t, authservertest.P256, at)
		wrong(t, clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(key)}, Certificate: certificate}, "certificate", name)
	}
}

func TestKeyErrorsNameTheMember(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // a key that must be refused
	if err != nil {
		t.Fatal(err)
	}
	weak := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(short)}))
	for name, text := range map[string]string{
		"no key":   "client.pem",
		"too weak": weak,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong(t, clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(text)}}, "private_key", "")
		})
	}
}
