// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// jwtSecret is as long as RFC 7518 section 3.2 requires for HS512.
const jwtSecret = "7Fjfp0ZBr1KtDRbnfVdmIw7Fjfp0ZBr1KtDRbnfVdmIw7Fjfp0ZBr1KtDRbnfVdmIw"

// verified returns the header and the payload of a JWT that a key verifies, by another
// library than the one that signs.
func verified(text string, key any) (header map[string]any, payload string, err error) {
	token, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return nil, "", err
	}
	decoded, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	return token.Header, string(decoded), err
}

// TestAccJWT echoes the outputs, with a provider block that is not known at plan.
func TestAccJWT(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.RSA)
	verify := func(key any, algorithm, claim string) knownvalue.Check {
		return knownvalue.StringFunc(func(text string) error {
			header, payload, err := verified(strings.TrimPrefix(text, "Bearer "), key)
			if err == nil && (header["alg"] != algorithm || !strings.Contains(payload, claim)) {
				err = fmt.Errorf("header %v, payload %s", header, payload)
			}
			return err
		})
	}
	testStep(t, fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = "https://${terraform_data.unknown.id}/"
  client_id      = terraform_data.unknown.id
  timeout        = terraform_data.unknown.output
}

resource "terraform_data" "unknown" {
  input = "10s"
}

ephemeral "oauth2cc_jwt" "key" {
  private_key = %[1]q
  key_id      = "2026-03"
  claims      = jsonencode({ iss = "Iv23liExample", installation = 12345678901234567890 })
}

ephemeral "oauth2cc_jwt" "secret" {
  secret          = %[2]q
  secret_encoding = "hex"
  algorithm       = "HS384"
  claims          = jsonencode({ aud = "/admin/", exp = null })
}
`, authservertest.PKCS8(t, key), hex.EncodeToString([]byte(jwtSecret)))+echo(`{
    key    = ephemeral.oauth2cc_jwt.key
    secret = ephemeral.oauth2cc_jwt.secret
  }`),
		echoed(verify(key.Public(), "RS256", `"installation":12345678901234567890`), "key", "jwt"),
		echoed(matches(`Bearer eyJ.*`), "key", "authorization_header"),
		echoed(verify(key.Public(), "RS256", `"iss":"Iv23liExample"`), "key", "authorization_header"),
		echoed(matches(instantPattern), "key", "expires_at"),
		echoed(verify([]byte(jwtSecret), "HS384", `"aud":"/admin/"`), "secret", "jwt"),
		echoed(knownvalue.Null(), "secret", "expires_at"),
	)
}

// TestJWT holds what is signed, with what, and when it expires.
func TestJWT(t *testing.T) {
	t.Parallel()
	const now = 1772366400 // 2026-03-01T12:00:00Z
	held := newKeys(t)
	pem := func(kind authservertest.KeyKind) string { return authservertest.PKCS8(t, held[kind]) }
	tests := map[string]struct {
		config    attributes
		key       any
		header    map[string]any
		claims    string // without jti, if that is random
		expiresAt any
	}{
		"as it is": {
			attributes{"private_key": pem(authservertest.RSA)}, held[authservertest.RSA].Public(),
			map[string]any{"alg": "RS256", "typ": "JWT"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"header": {
			attributes{"private_key": pem(authservertest.RSA), "algorithm": "PS512", "key_id": "k", "type": "at+jwt"}, held[authservertest.RSA].Public(),
			map[string]any{"alg": "PS512", "typ": "at+jwt", "kid": "k"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"kid of the JWK": {
			attributes{"private_key": jwk(t, held[authservertest.P256], keyID)}, held[authservertest.P256].Public(),
			map[string]any{"alg": "ES256", "typ": "JWT", "kid": keyID}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"lifetime": {
			attributes{"private_key": pem(authservertest.Ed25519), "lifetime": "20m"}, held[authservertest.Ed25519].Public(),
			map[string]any{"alg": "EdDSA", "typ": "JWT"}, `{"exp":1772367600,"iat":1772366400}`, "2026-03-01T12:20:00Z",
		},
		"numbers as they are": {
			attributes{"secret": jwtSecret, "claims": `{"n":12345678901234567890,"small":1.50,"nested":{"a":[9007199254740993]}}`}, []byte(jwtSecret),
			map[string]any{"alg": "HS256", "typ": "JWT"},
			`{"exp":1772366460,"iat":1772366400,"n":12345678901234567890,"nested":{"a":[9007199254740993]},"small":1.50}`, "2026-03-01T12:01:00Z",
		},
		"encrypted": {
			attributes{"private_key": encryptedPEM(t, held[authservertest.P384], "very-secret"), "private_key_passphrase": "very-secret"},
			held[authservertest.P384].Public(), map[string]any{"alg": "ES384", "typ": "JWT"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"named": {
			attributes{"secret": jwtSecret, "claims": `{"iat":1772366340,"exp":1772366700,"jti":"mine"}`}, []byte(jwtSecret),
			map[string]any{"alg": "HS256", "typ": "JWT"}, `{"exp":1772366700,"iat":1772366340,"jti":"mine"}`, "2026-03-01T12:05:00Z",
		},
		"left out": {
			attributes{"secret": jwtSecret, "claims": `{"iat":null,"exp":null,"jti":null,"sub":"x"}`}, []byte(jwtSecret),
			map[string]any{"alg": "HS256", "typ": "JWT"}, `{"sub":"x"}`, nil,
		},
		"base64": {
			attributes{"secret": base64.StdEncoding.EncodeToString([]byte(jwtSecret)), "secret_encoding": "base64", "algorithm": "HS512"}, []byte(jwtSecret),
			map[string]any{"alg": "HS512", "typ": "JWT"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"base64url": {
			attributes{"secret": base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff", 16))), "secret_encoding": "base64"}, []byte(strings.Repeat("\xfb\xff", 16)),
			map[string]any{"alg": "HS256", "typ": "JWT"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
		"utf8 that is hexadecimal": {
			attributes{"secret": hex.EncodeToString([]byte(jwtSecret)), "secret_encoding": "utf8"}, []byte(hex.EncodeToString([]byte(jwtSecret))),
			map[string]any{"alg": "HS256", "typ": "JWT"}, `{"exp":1772366460,"iat":1772366400}`, "2026-03-01T12:01:00Z",
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Nothing is configured: the block needs no provider block.
			s := newSession(t, provider.WithNow(func() time.Time { return time.Unix(now, 0) }))
			s.validateEphemeral(jwtType, row.config).mustBeEmpty(t)
			got := s.mustOpen(jwtType, row.config)
			text, _ := got["jwt"].(string)
			parser := jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return time.Unix(now, 0) }))
			token, err := parser.Parse(text, func(*jwt.Token) (any, error) { return row.key, nil })
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(token.Header, row.header) {
				t.Errorf("header %v, want %v", token.Header, row.header)
			}
			if claims := withoutRandomID(t, text); claims != row.claims {
				t.Errorf("claims\n%s, want\n%s", claims, row.claims)
			}
			if got["authorization_header"] != "Bearer "+text || got["expires_at"] != row.expiresAt {
				t.Errorf("authorization_header is %v, expires_at %v", got["authorization_header"], got["expires_at"])
			}
		})
	}
}

// TestJWTPKCS12 holds that a PKCS#12 file brings its certificate.
func TestJWTPKCS12(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.RSA)
	got := newSession(t).mustOpen(jwtType, attributes{"pkcs12": pkcs12Of(t, key, "very-secret"), "pkcs12_password": "very-secret"})
	text, _ := got["jwt"].(string)
	header, _, err := verified(text, key.Public())
	if err != nil || header["alg"] != "RS256" || header["x5t"] == nil || header["x5t#S256"] == nil {
		t.Errorf("header %v, error %v", header, err)
	}
}

// withoutRandomID is the payload of a JWT, its members in order, without a random jti.
func withoutRandomID(t *testing.T, text string) string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]json.RawMessage{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if len(claims["jti"]) > len(`"mine"`) {
		delete(claims, "jti")
	}
	ordered, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return string(ordered)
}

// TestJWTExpiresAt holds that only a numeric exp is an instant.
func TestJWTExpiresAt(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string]any{
		`{"exp":1772366460}`:   "2026-03-01T12:01:00Z",
		`{"exp":1772366460.9}`: "2026-03-01T12:01:00Z",
		`{"exp":1.77236646e9}`: "2026-03-01T12:01:00Z",
		`{"exp":"1772366460"}`: nil,
		`{"exp":[]}`:           nil,
		`{"exp":null}`:         nil,
	} {
		if got := newSession(t).mustOpen(jwtType, attributes{"secret": jwtSecret, "claims": claims}); got["expires_at"] != want {
			t.Errorf("%s: expires_at is %v", claims, got["expires_at"])
		}
	}
}

// TestJWTIdentifiers holds that each JWT has a jti of its own.
func TestJWTIdentifiers(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	first, second := s.mustOpen(jwtType, attributes{"secret": jwtSecret}), s.mustOpen(jwtType, attributes{"secret": jwtSecret})
	if first["jwt"] == second["jwt"] {
		t.Error("they are the same")
	}
}

// TestAccJWTRefused holds what is refused in terraform validate.
func TestAccJWTRefused(t *testing.T) {
	t.Parallel()
	rsa, ec := authservertest.NewKey(t, authservertest.RSA), authservertest.NewKey(t, authservertest.P256)
	block := func(pairs ...any) string {
		content := attributes{}
		for pair := range slices.Chunk(pairs, 2) {
			name, _ := pair[0].(string)
			content[name] = pair[1]
		}
		return hclBlock("ephemeral", []string{jwtType, "test"}, content) + bystander
	}
	key := authservertest.PKCS8(t, ec)
	certificate := authservertest.CertificatePEM(authservertest.SelfSigned(t, rsa, authservertest.ClientTemplate("x")))
	const short = "0123456789" + "0123456789"
	testSteps(t,
		refused(block(), "Exactly one attribute required", "private_key, pkcs12, private_key_command, secret"),
		refused(block("private_key", key, "secret", jwtSecret), "Exactly one attribute required"),
		refused(block("private_key", key, "pkcs12", "x"), "Exactly one attribute required"),
		refused(block("secret", jwtSecret, "pkcs12_password", "x"), "Missing attribute pkcs12", "pkcs12_password belongs to pkcs12, which is not set"),
		refused(block("private_key", encryptedPEM(t, ec, "right"), "private_key_passphrase", "wrong"), "In private_key_passphrase: the passphrase is wrong"),
		refused(block("pkcs12", pkcs12Of(t, ec, "right"), "pkcs12_password", "wrong"), "In pkcs12_password: the password is wrong"),
		refused(block("pkcs12", pkcs12Of(t, ec, ""), "certificate", certificate), "Conflicting attributes", "pkcs12 holds a key and its certificate"),
		refused(block("private_key", "client.pem"), "The JWT cannot be signed", "In private_key: the text is neither PEM"),
		refused(block("private_key", key, "algorithm", "RS256"), "The JWT cannot be signed", `In algorithm: this key cannot sign with "RS256" but with ES256`),
		refused(block("private_key", key, "algorithm", "HS256"), `In algorithm: this key cannot sign with "HS256" but with ES256`),
		refused(block("private_key", key, "algorithm", "none"), "Invalid value for algorithm"),
		refused(block("private_key", key, "certificate", certificate), "In certificate: the certificate is not that of the private key"),
		refused(block("private_key", key, "secret_encoding", "hex"), "Conflicting attributes", "secret_encoding"),
		refused(block("private_key", key, "claims", `["x"]`), "Invalid value for claims", "not a JSON object"),
		refused(block("private_key", key, "lifetime", "0s"), "Invalid value for lifetime", "at least 1s"),
		refused(block("private_key", key, "lifetime", "-1m"), "Invalid value for lifetime"),
		refused(block("private_key", key, "lifetime", "60"), "Invalid value for lifetime", "not a duration"),
		refused(block("secret", short), "In secret: it has 20 bytes, and RFC 7518 section 3.2 requires 32 to sign with HS256"),
		refused(block("secret", short+short, "algorithm", "HS512"), "In algorithm: the secret has 40 bytes, and RFC 7518 section 3.2 requires 64 to sign with HS512"),
		refused(block("secret", short+short, "secret_encoding", "hex"), "In secret: it has 20 bytes"),
		refused(block("secret", jwtSecret, "algorithm", "RS256"), `this key cannot sign with "RS256" but with HS256, HS384, HS512`),
		refused(block("secret", jwtSecret, "secret_encoding", "hex"), "In secret: the value is not hexadecimal"),
		refused(block("secret", jwtSecret+"!", "secret_encoding", "base64"), "In secret: the value is not base64"),
		refused(block("secret", jwtSecret, "secret_encoding", "base32"), "Invalid value for secret_encoding", `"utf8", "base64", "hex"`),
		refused(block("secret", jwtSecret+"\n"), "Invalid value for secret", "trimspace"),
		refused(block("secret", jwtSecret, "certificate", certificate), "Conflicting attributes", "A certificate needs its private key"),
	)
}

// TestJWTUnknown holds that nothing is found that depends on an unknown value.
func TestJWTUnknown(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	for name, config := range map[string]attributes{
		"key":       {"private_key": unknown, "algorithm": "HS256"},
		"one of":    {"private_key": unknown, "secret": jwtSecret},
		"algorithm": {"secret": "short", "algorithm": unknown},
		"encoding":  {"secret": "short", "secret_encoding": unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.validateEphemeral(jwtType, config).mustBeEmpty(t)
		})
	}
	if found := s.validateEphemeral(jwtType, attributes{"private_key": unknown, "algorithm": "none"}); !found.isAbout("algorithm") {
		t.Errorf("found: %v", found)
	}
}

// TestAccJWTLeak holds that neither the key nor the JWT is in plan, state, log or output,
// while a provisioner has both.
func TestAccJWTLeak(t *testing.T) {
	t.Parallel()
	key, secretKey := acctest.NewCanary("private_key", "-._~+/+."), acctest.NewCanary("secret", "-._~+/+.")
	w := acctest.New(t, `
variable "private_key" {
  type      = string
  ephemeral = true
}

variable "secret" {
  type      = string
  ephemeral = true
}

ephemeral "oauth2cc_jwt" "key" {
  private_key = var.private_key
}

ephemeral "oauth2cc_jwt" "secret" {
  secret = var.secret
}

resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = "echo \"$JWTS\" > jwts"
    environment = { JWTS = "${ephemeral.oauth2cc_jwt.key.jwt} ${ephemeral.oauth2cc_jwt.secret.jwt}" }
  }
}
`, "TF_VAR_private_key="+jwkOf(key), "TF_VAR_secret="+secretKey.Value)
	w.Trace()
	results := []acctest.Result{
		w.Plan("-out=plan.bin").MustExit(t, 2), w.Show("plan.bin").MustExit(t, 0),
		w.Apply("plan.bin").MustExit(t, 0), w.Show("").MustExit(t, 0),
	}
	places := map[string]string{"trace.log": w.Read("trace.log"), "terraform.tfstate": w.Read("terraform.tfstate"), "plan.bin": w.Read("plan.bin")}
	for _, result := range results {
		places["the output of "+result.Args[0]] += result.Output()
	}
	jwts := strings.Fields(w.Read("jwts"))
	if len(jwts) != 2 {
		t.Fatalf("the provisioner got %q", jwts)
	}
	for i, key := range []any{keyOf(key).Public(), []byte(secretKey.Value)} {
		if _, _, err := verified(jwts[i], key); err != nil {
			t.Error(err)
		}
	}
	for place, text := range places {
		acctest.Search(t, place, text, key, secretKey)
		for _, text := range jwts {
			if strings.Contains(places[place], text[strings.LastIndex(text, ".")+1:]) {
				t.Errorf("the signature of a JWT is in %s", place)
			}
		}
	}
}
