// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

const jwtBearerType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// jws is a JWT composed by a test. Members that are nil are omitted.
type jws struct {
	header map[string]any
	claims map[string]any
	key    any
}

func (j jws) compact(t *testing.T) string {
	t.Helper()
	segment := func(members map[string]any) string {
		members = maps.Clone(members)
		maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
		encoded, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(encoded)
	}
	signed := segment(j.header) + "." + segment(j.claims)
	signature, err := jwt.GetSigningMethod(j.header["alg"].(string)).Sign(signed, j.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// clientAssertion returns an assertion of the client s6BhdRkqt3 that is valid
// (RFC 7523 §3) at the time of newClock, 2026-03-01T12:00:00Z or 1772366400.
func clientAssertion(algorithm string, key any) jws {
	return jws{
		header: map[string]any{"alg": algorithm},
		claims: map[string]any{
			"iss": "s6BhdRkqt3", "sub": "s6BhdRkqt3", "aud": "https://server.example.com/token",
			"jti": rand.Text(), "iat": 1772366400, "exp": 1772366460,
		},
		key: key,
	}
}

func postForm(parameters url.Values) string {
	return "POST /token HTTP/1.1\nHost: server.example.com\n" +
		"Content-Type: application/x-www-form-urlencoded\n\n" + parameters.Encode()
}

// assertionForm returns the request of RFC 7523 §2.2 for client credentials.
func assertionForm(assertion string) url.Values {
	return url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {jwtBearerType},
		"client_assertion":      {assertion},
	}
}

// keyedClient returns a client that authenticates with private_key_jwt.
func keyedClient(keys ...authserver.Key) authserver.Client {
	return authserver.Client{
		ID: "s6BhdRkqt3", AuthMethod: authserver.PrivateKeyJWT, Keys: keys,
		Scopes: []string{"api:read"}, Lifetime: time.Hour,
	}
}

func clockedServer(t *testing.T, config authserver.Config) *authserver.Server {
	t.Helper()
	at := newClock()
	config.Now = func() time.Time { return at.now }
	return newServer(t, config)
}

// wantReason is like want for an error with this text in its description.
func (a response) wantReason(t *testing.T, status int, code, reason string) {
	t.Helper()
	a.want(t, status, code)
	if got, _ := a.document["error_description"].(string); !strings.Contains(got, reason) {
		t.Errorf("error_description is %q, want %q in it", got, reason)
	}
}

func TestAssertionAlgorithms(t *testing.T) {
	t.Parallel()
	for kind, algorithms := range map[authservertest.KeyKind][]string{
		authservertest.RSA:     {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
		authservertest.P256:    {"ES256"},
		authservertest.P384:    {"ES384"},
		authservertest.P521:    {"ES512"},
		authservertest.Ed25519: {"EdDSA"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			key := authservertest.NewKey(t, kind)
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})}})
			for _, algorithm := range algorithms {
				assertion := clientAssertion(algorithm, key).compact(t)
				send(t, srv, postForm(assertionForm(assertion))).want(t, 200, "")
			}
		})
	}
}

func TestAssertionRefusedBySignature(t *testing.T) {
	t.Parallel()
	p256, p384 := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P384)
	rsaKey := authservertest.NewKey(t, authservertest.RSA)
	client := func(key crypto.Signer) authserver.Client {
		return keyedClient(authserver.Key{Public: key.Public()})
	}
	ps256Only := client(rsaKey)
	ps256Only.SigningAlgorithms = []string{"PS256"}
	for name, row := range map[string]struct {
		client    authserver.Client
		assertion string
		reason    string
	}{
		"another key":       {client(p256), clientAssertion("ES256", authservertest.NewKey(t, authservertest.P256)).compact(t), "signature"},
		"signature damaged": {client(p256), damaged(clientAssertion("ES256", p256).compact(t)), "signature"},
		"no signature":      {client(p256), unsigned(t), "signature"},
		"alg none":          {client(p256), clientAssertion("none", jwt.UnsafeAllowNoneSignatureType).compact(t), "algorithm"},
		// The curve is part of the algorithm (RFC 7518 §3.4).
		"ES256 with P-384":      {client(p384), withHeader(t, clientAssertion("ES384", p384), "alg", "ES256"), "algorithm"},
		"HS256 with public key": {client(rsaKey), clientAssertion("HS256", []byte(authservertest.PKCS8(t, rsaKey))).compact(t), "algorithm"},
		"alg not registered":    {ps256Only, clientAssertion("RS256", rsaKey).compact(t), "algorithm"},
		"alg unknown":           {client(p256), withHeader(t, clientAssertion("ES256", p256), "alg", "ES257"), "alg is not supported"},
		// RFC 7518 §3.5: the salt is as long as the hash.
		"PS256 with another salt": {client(rsaKey), saltedPS256(t, rsaKey.(*rsa.PrivateKey)), "signature"},
		"line break at the end":   {client(p256), clientAssertion("ES256", p256).compact(t) + "\n", "compact"},
		"padded":                  {client(p256), clientAssertion("ES256", p256).compact(t) + "=", "compact"},
		"stray bit":               {client(p256), strayBit(clientAssertion("ES256", p256).compact(t)), "JWT"},
		"two segments":            {client(p256), "eyJhbGciOiJFUzI1NiJ9.e30", "JWT"},
		"not JSON":                {client(p256), "eyJhbGciOiJFUzI1NiJ9.e30x.e30", "JWT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{row.client}})
			form := assertionForm(row.assertion)
			form.Set("client_id", "s6BhdRkqt3")
			send(t, srv, postForm(form)).wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

func damaged(assertion string) string {
	cut := strings.LastIndexByte(assertion, '.') + 1
	first := "A"
	if assertion[cut] == 'A' {
		first = "B"
	}
	return assertion[:cut] + first + assertion[cut+1:]
}

// strayBit sets one of the four unused bits at the end, which must be zero (RFC 4648
// §3.5).
func strayBit(assertion string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	end := len(assertion) - 1
	return assertion[:end] + alphabet[strings.IndexByte(alphabet, assertion[end])+1:][:1]
}

func unsigned(t *testing.T) string {
	t.Helper()
	assertion := clientAssertion("ES256", authservertest.NewKey(t, authservertest.P256)).compact(t)
	return assertion[:strings.LastIndexByte(assertion, '.')+1]
}

// withHeader changes the header and keeps the signature.
func withHeader(t *testing.T, j jws, name string, value any) string {
	t.Helper()
	signed := j.compact(t)
	header := maps.Clone(j.header)
	header[name] = value
	encoded, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(signed, ".")
	return base64.RawURLEncoding.EncodeToString(encoded) + "." + rest
}

func saltedPS256(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	signed := clientAssertion("PS256", key).compact(t)
	signed = signed[:strings.LastIndexByte(signed, '.')]
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// The rules are those of RFC 7523 §3.
func TestAssertionClaims(t *testing.T) {
	t.Parallel()
	const now = 1772366400
	key := authservertest.NewKey(t, authservertest.P256)
	for name, row := range map[string]struct {
		claim  string
		value  any
		reason string // empty: accepted
	}{
		"valid":               {"iss", "s6BhdRkqt3", ""},
		"aud is the issuer":   {"aud", "https://server.example.com", ""},
		"aud in a list":       {"aud", []string{"https://else.example", "https://server.example.com/token"}, ""},
		"no iat":              {"iat", nil, ""},
		"additional claim":    {"tenant", "a", ""},
		"longest lifetime":    {"exp", now + 300, ""},
		"iss missing":         {"iss", nil, "required claim"},
		"iss another":         {"iss", "else", "iss"},
		"iss not a string":    {"iss", 7, "claim"},
		"sub missing":         {"sub", nil, "required claim"},
		"sub another":         {"sub", "else", "sub"},
		"aud missing":         {"aud", nil, "aud"},
		"aud another":         {"aud", "https://else.example/token", "aud"},
		"aud longer":          {"aud", "https://server.example.com/token/", "aud"},
		"aud not a string":    {"aud", []any{7}, "aud"},
		"aud empty":           {"aud", []any{}, "aud"},
		"exp missing":         {"exp", nil, "required claim"},
		"exp now":             {"exp", now, "expired"},
		"exp past":            {"exp", now - 60, "expired"},
		"exp too far":         {"exp", now + 301, "too far"},
		"exp in milliseconds": {"exp", (now + 60) * 1000, "too far"},
		"exp in a string":     {"exp", "1772366460", "claim"},
		"iat in the future":   {"iat", now + 1, "iat"},
		"iat in a string":     {"iat", "1772366400", "claim"},
		"nbf now":             {"nbf", now, ""},
		"nbf in the future":   {"nbf", now + 1, "nbf"},
		"jti missing":         {"jti", nil, "jti is missing"},
		"jti empty":           {"jti", "", "jti is missing"},
		"jti not a string":    {"jti", 7, "jti is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})}})
			j := clientAssertion("ES256", key)
			j.claims[row.claim] = row.value
			form := assertionForm(j.compact(t))
			form.Set("client_id", "s6BhdRkqt3")
			got := send(t, srv, postForm(form))
			if row.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

func TestAssertionRules(t *testing.T) {
	t.Parallel()
	const issuer, tokenURL, now = "https://server.example.com", "https://server.example.com/token", 1772366400
	const bis = "client-authentication+jwt"
	key := authservertest.NewKey(t, authservertest.P256)
	audience := func(value string) authserver.AssertionRules { return authserver.AssertionRules{Audience: value} }
	aud := func(value any) func(jws) { return func(j jws) { j.claims["aud"] = value } }
	claim := func(name string, value any) func(jws) { return func(j jws) { j.claims[name] = value } }
	header := func(name string, value any) func(jws) { return func(j jws) { j.header[name] = value } }
	for name, row := range map[string]struct {
		rules  authserver.AssertionRules
		change func(jws)
		reason string // empty: accepted
	}{
		"token endpoint":              {audience("token_endpoint"), aud(tokenURL), ""},
		"token endpoint, not issuer":  {audience("token_endpoint"), aud(issuer), "aud"},
		"issuer":                      {audience("issuer"), aud(issuer), ""},
		"issuer, not token endpoint":  {audience("issuer"), aud(tokenURL), "aud"},
		"issuer among others":         {audience("issuer"), aud([]string{issuer, tokenURL}), ""},
		"issuer only":                 {audience("issuer_only"), aud(issuer), ""},
		"issuer only, in a list":      {audience("issuer_only"), aud([]string{issuer}), ""},
		"issuer only, among others":   {audience("issuer_only"), aud([]string{issuer, tokenURL}), "aud"},
		"issuer only, token endpoint": {audience("issuer_only"), aud(tokenURL), "aud"},

		"typ absent":            {authserver.AssertionRules{}, header("typ", nil), ""},
		"typ JWT":               {authserver.AssertionRules{}, header("typ", "JWT"), ""},
		"typ jwt":               {authserver.AssertionRules{}, header("typ", "jwt"), ""},
		"typ another":           {authserver.AssertionRules{}, header("typ", "at+jwt"), "typ"},
		"typ not a string":      {authserver.AssertionRules{}, header("typ", 7), "typ"},
		"typ required":          {authserver.AssertionRules{Type: bis}, header("typ", bis), ""},
		"typ required, absent":  {authserver.AssertionRules{Type: bis}, header("typ", nil), "typ"},
		"typ required, general": {authserver.AssertionRules{Type: bis}, header("typ", "JWT"), "typ"},

		"crit": {authserver.AssertionRules{}, header("crit", []string{"exp"}), "crit"},
		"jku":  {authserver.AssertionRules{}, header("jku", "https://else.example/jwks"), ""},

		"lifetime, longest":  {authserver.AssertionRules{MaxLifetime: time.Minute}, claim("exp", now+60), ""},
		"lifetime, too long": {authserver.AssertionRules{MaxLifetime: time.Minute}, claim("exp", now+61), "too far"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{
				ClientAssertion: row.rules,
				Clients:         []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})},
			})
			j := clientAssertion("ES256", key)
			row.change(j)
			got := send(t, srv, postForm(assertionForm(j.compact(t))))
			if row.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

// With an alias, the token endpoint has two URLs (RFC 8705 §5).
func TestAssertionForAlias(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	for name, row := range map[string]struct {
		origin string
		status int
		code   string
	}{
		"alias":    {"https://mtls.example.com", 200, ""},
		"no alias": {"", 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{
				MTLSOrigin: row.origin, Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})},
			})
			j := clientAssertion("ES256", key)
			j.claims["aud"] = "https://mtls.example.com/token"
			send(t, srv, postForm(assertionForm(j.compact(t)))).want(t, row.status, row.code)
		})
	}
}

func TestAssertionIsUsedOnce(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})}})
	j := clientAssertion("ES256", key)
	refused := jws{header: j.header, claims: maps.Clone(j.claims), key: key}
	refused.claims["exp"] = 1772366400
	// Only an accepted assertion uses its jti up.
	send(t, srv, postForm(assertionForm(refused.compact(t)))).want(t, 401, "invalid_client")
	send(t, srv, postForm(assertionForm(j.compact(t)))).want(t, 200, "")
	send(t, srv, postForm(assertionForm(j.compact(t)))).wantReason(t, 401, "invalid_client", "jti has been used")
	j.claims["jti"] = rand.Text()
	send(t, srv, postForm(assertionForm(j.compact(t)))).want(t, 200, "")
}
