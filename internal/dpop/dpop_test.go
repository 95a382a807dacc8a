// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package dpop_test

import (
	"crypto"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/dpop"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// issued is the iat of RFC 9449 figure 2.
const issued = 1562262616

func clock() time.Time { return time.Unix(issued, 0) }

// server records proofs, and responds to each request with the next of its nonces.
type server struct {
	proofs []string
	nonces []string
}

func (s *server) RoundTrip(request *http.Request) (*http.Response, error) {
	s.proofs = append(s.proofs, request.Header["Dpop"]...)
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if len(s.nonces) > 0 {
		response.Header.Set("DPoP-Nonce", s.nonces[0])
		s.nonces = s.nonces[1:]
	}
	return response, nil
}

// send sends a request and returns the proof that arrived.
func (s *server) send(t *testing.T, through http.RoundTripper, method, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := through.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if request.Header.Get("DPoP") != "" {
		t.Error("the caller's request was changed")
	}
	return s.proofs[len(s.proofs)-1]
}

// verified verifies a proof with the key in its header, as RFC 9449 section 4.3 says, by
// another library than the one that signed.
func verified(t *testing.T, proof string, key crypto.PublicKey) (header map[string]any, claims jwt.MapClaims) {
	t.Helper()
	claims = jwt.MapClaims{}
	token, err := jwt.NewParser(jwt.WithJSONNumber()).ParseWithClaims(proof, claims, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		t.Fatalf("the proof does not verify: %v", err)
	}
	return token.Header, claims
}

// rfcKey reads a key of an RFC, with members added.
func rfcKey(t *testing.T, file, members string) keys.Key {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "keys", "testdata", "rfc", file))
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.Parse(secret.New(strings.Replace(string(text), "{", "{"+members, 1)), "")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newProver(t *testing.T, key keys.Key) *dpop.Prover {
	t.Helper()
	prover, err := dpop.New(key, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	return prover
}

// TestProof compares the two kinds of proof with RFC 9449 figures 2 and 12.
func TestProof(t *testing.T) {
	t.Parallel()
	key := rfcKey(t, "rfc7515-a3.json", `"kid":"1",`)
	prover := newProver(t, key)
	jwk := map[string]any{
		"kty": "EC", "crv": "P-256",
		"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
	}
	const token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	tests := map[string]struct {
		prove           func(http.RoundTripper) http.RoundTripper
		method, address string
		want            map[string]any
	}{
		"token endpoint": {
			prover.TokenEndpoint(), "POST", "https://server.example.com/token",
			map[string]any{"htm": "POST", "htu": "https://server.example.com/token", "iat": json.Number("1562262616")},
		},
		"API": {
			func(base http.RoundTripper) http.RoundTripper { return prover.API(base, secret.New(token)) },
			"GET", "https://resource.example.org/protectedresource",
			map[string]any{
				"htm": "GET", "htu": "https://resource.example.org/protectedresource", "iat": json.Number("1562262616"),
				"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var srv server
			sender := test.prove(&srv)
			header, claims := verified(t, srv.send(t, sender, test.method, test.address), key.Public())
			sent, _ := header["jwk"].(map[string]any)
			if header["typ"] != "dpop+jwt" || header["alg"] != "ES256" || len(header) != 3 || !maps.Equal(sent, jwk) {
				t.Errorf("the header is %v", header)
			}
			_, second := verified(t, srv.send(t, sender, test.method, test.address), key.Public())
			if id, _ := claims["jti"].(string); len(id) < 16 || id == second["jti"] { // 96 bits (RFC 9449 section 4.2)
				t.Errorf("the ids of two proofs are %v and %v", claims["jti"], second["jti"])
			}
			delete(claims, "jti")
			if !maps.Equal(map[string]any(claims), test.want) {
				t.Errorf("the claims are %v, want %v", claims, test.want)
			}
		})
	}
}

func TestTargetURI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ address, want string }{
		"query":                     {"https://as.example/token?tenant=1&p=%20", "https://as.example/token"},
		"fragment":                  {"https://as.example/token#top", "https://as.example/token"},
		"no path":                   {"https://as.example", "https://as.example/"},
		"no path, a query":          {"https://as.example?tenant=1", "https://as.example/"},
		"upper case":                {"HTTPS://AS.Example/Token", "https://as.example/Token"},
		"default port":              {"https://as.example:443/token", "https://as.example/token"},
		"default port of http":      {"http://127.0.0.1:80/token", "http://127.0.0.1/token"},
		"the other's default port":  {"https://as.example:80/token", "https://as.example:80/token"},
		"empty port":                {"https://as.example:/token", "https://as.example/token"},
		"port":                      {"https://as.example:8443/token", "https://as.example:8443/token"},
		"IPv6":                      {"https://[2001:DB8::1]:443/token", "https://[2001:db8::1]/token"},
		"IPv6 without a port":       {"https://[::1]/token", "https://[::1]/token"},
		"international name":        {"https://Bücher.example/token", "https://xn--bcher-kva.example/token"},
		"path as it is sent":        {"https://as.example/a%2Fb/%7Eme/c//d/", "https://as.example/a%2Fb/%7Eme/c//d/"},
		"path beyond ASCII":         {"https://as.example/ü", "https://as.example/%C3%BC"},
		"path with two slashes":     {"https://as.example//token", "https://as.example//token"},
		"path with dots, unchanged": {"https://as.example/a/../token", "https://as.example/a/../token"},
	}
	key := rfcKey(t, "rfc7515-a3.json", "")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var srv server
			_, claims := verified(t, srv.send(t, newProver(t, key).TokenEndpoint()(&srv), "POST", test.address), key.Public())
			if claims["htu"] != test.want {
				t.Errorf("htu is %v, want %s", claims["htu"], test.want)
			}
		})
	}
}

// TestThumbprint uses the example of RFC 8037 appendix A.3.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	if got := newProver(t, rfcKey(t, "rfc8037-a1.json", "")).Thumbprint(); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("the thumbprint is %s", got)
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	var srv server
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	another, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if newProver(t, key).Thumbprint() == newProver(t, another).Thumbprint() {
		t.Error("two keys are the same")
	}
	header, _ := verified(t, srv.send(t, newProver(t, key).TokenEndpoint()(&srv), "POST", "https://as.example/token"), key.Public())
	if header["alg"] != "ES256" {
		t.Errorf("alg is %v", header["alg"])
	}
}

func TestAlgorithm(t *testing.T) {
	t.Parallel()
	rsa, ed25519 := rfcKey(t, "rfc7515-a2.json", ""), rfcKey(t, "rfc8037-a1.json", "")
	p521, err := keys.Parse(secret.New(authservertest.PKCS8(t, authservertest.NewKey(t, "P-521"))), "")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		key       keys.Key
		supported []string
		want      string // or the error
	}{
		"RSA":                        {rsa, nil, "RS256"},
		"RSA, by the server's list":  {rsa, []string{"ES256", "PS256"}, "PS256"},
		"RSA JWK with alg":           {rfcKey(t, "rfc7515-a2.json", `"alg":"PS512",`), nil, "PS512"},
		"RSA JWK with another alg":   {rfcKey(t, "rfc7515-a2.json", `"alg":"ES256",`), nil, `the JWK is for "ES256", and such a key signs with RS256, PS256, RS384, PS384, RS512, PS512`},
		"Ed25519":                    {ed25519, nil, "EdDSA"},
		"P-521":                      {p521, nil, "ES512"},
		"none in the server's list":  {ed25519, []string{"ES256", "RS256"}, "the key signs with EdDSA, and the server takes proofs with ES256, RS256"},
		"alg not in the server's":    {rfcKey(t, "rfc7515-a2.json", `"alg":"RS256",`), []string{"PS256"}, "the key signs with RS256, and the server takes proofs with PS256"},
		"the server's has it as one": {p521, []string{"ES256", "ES512"}, "ES512"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prover, err := dpop.New(test.key, test.supported, clock)
			if err != nil {
				if err.Error() != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				return
			}
			var srv server
			header, _ := verified(t, srv.send(t, prover.TokenEndpoint()(&srv), "POST", "https://as.example/token"), test.key.Public())
			if header["alg"] != test.want {
				t.Errorf("alg is %v, want %s", header["alg"], test.want)
			}
		})
	}
}

// nonceSent is the nonce of the next proof; nil if it has none.
func nonceSent(t *testing.T, srv *server, key keys.Key, through http.RoundTripper, address string) any {
	t.Helper()
	_, claims := verified(t, srv.send(t, through, "POST", address), key.Public())
	return claims["nonce"]
}

// BenchmarkProof measures the proof of one request to an API.
func BenchmarkProof(b *testing.B) {
	key, err := dpop.GenerateKey()
	if err != nil {
		b.Fatal(err)
	}
	prover, err := dpop.New(key, nil, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	response := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	sender := prover.API(roundTripper(func(*http.Request) (*http.Response, error) { return response, nil }), secret.New("t1"))
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://api.example.com/orders", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sender.RoundTrip(request); err != nil {
			b.Fatal(err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func TestNonce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 2048)
	tests := map[string]struct {
		given []string
		want  any // in the proof that follows
	}{
		"none":          {[]string{""}, nil},
		"first":         {[]string{"eyJ7S_zG.eyJH0-Z.HX4w-7v"}, "eyJ7S_zG.eyJH0-Z.HX4w-7v"},
		"replaced":      {[]string{"1", "2"}, "2"},
		"kept":          {[]string{"1", ""}, "1"},
		"other chars":   {[]string{"!#$%&'()*+,/:;<=>?@[]^`{|}~"}, "!#$%&'()*+,/:;<=>?@[]^`{|}~"},
		"long":          {[]string{long}, long},
		"too long":      {[]string{"1", long + "n"}, "1"},
		"with a space":  {[]string{"1", "2 3"}, "1"},
		"with a quote":  {[]string{"1", `2"3`}, "1"},
		"beyond ASCII":  {[]string{"1", "2ü"}, "1"},
		"and backslash": {[]string{"1", `2\3`}, "1"},
	}
	key := rfcKey(t, "rfc7515-a3.json", "")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := &server{nonces: test.given}
			sender := newProver(t, key).TokenEndpoint()(srv)
			for range test.given {
				srv.send(t, sender, "POST", "https://as.example/token")
			}
			if got := nonceSent(t, srv, key, sender, "https://as.example/other"); got != test.want {
				t.Errorf("the nonce is %v, want %v", got, test.want)
			}
		})
	}
}

// TestNoncesApart holds that a nonce is sent to the origin that gave it, and not between
// the token endpoint and an API there.
func TestNoncesApart(t *testing.T) {
	t.Parallel()
	key := rfcKey(t, "rfc7515-a3.json", "")
	prover, srv := newProver(t, key), &server{nonces: []string{"1"}}
	endpoint := prover.TokenEndpoint()(srv)
	srv.send(t, endpoint, "POST", "https://one.example/token")
	for name, test := range map[string]struct {
		through http.RoundTripper
		address string
		want    any
	}{
		"same origin":         {prover.TokenEndpoint()(srv), "https://one.example/other", "1"},
		"same, written apart": {endpoint, "https://ONE.example:443/", "1"},
		"another host":        {endpoint, "https://two.example/token", nil},
		"another port":        {endpoint, "https://one.example:8443/token", nil},
		"another scheme":      {endpoint, "http://one.example/token", nil},
		"an API":              {prover.API(srv, secret.New("t")), "https://one.example/", nil},
	} {
		if got := nonceSent(t, srv, key, test.through, test.address); got != test.want {
			t.Errorf("%s: the nonce is %v, want %v", name, got, test.want)
		}
	}
}

// TestNoncesOfConcurrentRequests: a request that is sent again has the nonce of its own
// challenge, which another request has not used up.
func TestNoncesOfConcurrentRequests(t *testing.T) {
	t.Parallel()
	const address = "https://api.example/"
	key := rfcKey(t, "rfc8037-a1.json", "")
	prover, srv := newProver(t, key), &server{}
	for name, sender := range map[string]func() http.RoundTripper{
		"token endpoint": func() http.RoundTripper { return prover.TokenEndpoint()(srv) },
		"API":            func() http.RoundTripper { return prover.API(srv, secret.New("t")) },
	} {
		srv.nonces = []string{"1", "2"}
		first, second := sender(), sender()
		srv.send(t, first, "GET", address)
		srv.send(t, second, "GET", address)
		if one, two := nonceSent(t, srv, key, first, address), nonceSent(t, srv, key, second, address); one != "1" || two != "2" {
			t.Errorf("%s: the nonces are %v and %v", name, one, two)
		}
		if third := nonceSent(t, srv, key, sender(), address); third != "2" {
			t.Errorf("%s: the nonce of another request is %v", name, third)
		}
	}
}

// TestManyOrigins holds that nonces of ever new servers do not fill the memory, and that
// the latest is there.
func TestManyOrigins(t *testing.T) {
	t.Parallel()
	key := rfcKey(t, "rfc8037-a1.json", "") // the fastest
	srv := &server{}
	sender := newProver(t, key).TokenEndpoint()(srv)
	address := func(i int) string { return "https://" + strconv.Itoa(i) + ".example/" }
	const many = 1001
	for i := range many {
		srv.nonces = []string{strconv.Itoa(i)}
		srv.send(t, sender, "POST", address(i))
	}
	if got := nonceSent(t, srv, key, sender, address(many-1)); got != strconv.Itoa(many-1) {
		t.Errorf("the latest nonce is %v", got)
	}
	if got := nonceSent(t, srv, key, sender, address(0)); got != nil {
		t.Errorf("the nonce %v of the first of %d origins is still there", got, many)
	}
}

// FuzzNonce holds that whatever a server says, the next proof verifies, and has that
// nonce or none.
func FuzzNonce(f *testing.F) {
	for _, nonce := range []string{"", "abc", `a"b`, "a\\b", "ü", "\x00", "a\r\nDPoP: b"} {
		f.Add(nonce)
	}
	f.Fuzz(func(t *testing.T, nonce string) {
		key := rfcKey(t, "rfc8037-a1.json", "")
		srv := &server{nonces: []string{nonce}}
		sender := newProver(t, key).TokenEndpoint()(srv)
		srv.send(t, sender, "POST", "https://as.example/token")
		if got := nonceSent(t, srv, key, sender, "https://as.example/token"); got != nil && got != nonce {
			t.Errorf("the nonce is %q, want %q", got, nonce)
		}
	})
}
