// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"path/filepath"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Files with the keys of the RFCs.
const (
	rsaJWK     = "rfc7515-a2.json"
	ecJWK      = "rfc7515-a3.json"
	ed25519JWK = "rfc8037-a1.json"
)

// jwk reads a key of an RFC and lays members over it; null takes one away.
func jwk(t *testing.T, file string, members map[string]any) map[string]any {
	t.Helper()
	key := map[string]any{}
	if err := json.Unmarshal([]byte(contents(t, filepath.Join("testdata", "rfc", file))), &key); err != nil {
		t.Fatal(err)
	}
	maps.Copy(key, members)
	maps.DeleteFunc(key, func(_ string, value any) bool { return value == nil })
	return key
}

// jwkSet is a JWK Set (RFC 7517 section 5).
func jwkSet(keys ...map[string]any) map[string]any { return map[string]any{"keys": keys} }

func inJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// payloadA is that of RFC 7515 appendices A.1 to A.3.
const payloadA = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

// TestKeysOfTheRFCs signs what the RFCs sign: where the algorithm is
// deterministic the signature is theirs, and else theirs verifies.
func TestKeysOfTheRFCs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, input, signature string }{
		"RFC 7515 A.2": {
			rsaJWK, "eyJhbGciOiJSUzI1NiJ9" + payloadA,
			"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" +
				"AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4" +
				"BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K" +
				"0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv" +
				"hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB" +
				"p0igcN_IoypGlUPQGe77Rw",
		},
		"RFC 7515 A.3": {
			ecJWK, "eyJhbGciOiJFUzI1NiJ9" + payloadA,
			"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		},
		"RFC 8037 A.4": {
			ed25519JWK, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := keys.Parse(secret.New(inJSON(t, jwk(t, test.file, nil))), "")
			if err != nil {
				t.Fatal(err)
			}
			digest, signature := sha256.Sum256([]byte(test.input)), decoded(t, test.signature)
			valid := false
			switch public := key.Public().(type) {
			case *rsa.PublicKey:
				valid = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
			case *ecdsa.PublicKey: // RFC 7518 section 3.4: R and S, 32 bytes each
				valid = ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
			case ed25519.PublicKey:
				valid = ed25519.Verify(public, []byte(test.input), signature)
			}
			if !valid {
				t.Error("the RFC's signature does not verify with the public half of the key")
			}
			if !verifies(t, key, key.Public()) {
				t.Error("the halves of the key do not belong together")
			}
		})
	}
}

// TestThumbprint compares the public half of a key with the thumbprint that RFC
// 8037 appendix A.3 computes by RFC 7638.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	key, err := keys.Parse(secret.New(inJSON(t, jwk(t, ed25519JWK, nil))), "")
	if err != nil {
		t.Fatal(err)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatalf("the key is a %T", key.Public())
	}
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64.RawURLEncoding.EncodeToString(public)))
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("the thumbprint is %s", got)
	}
}

// TestWhichJWK: key_id chooses from a set; a single key needs none.
func TestWhichJWK(t *testing.T) {
	t.Parallel()
	ec := jwk(t, ecJWK, map[string]any{"kid": "ec"})
	ed := jwk(t, ed25519JWK, map[string]any{"kid": "ed"})
	tests := map[string]struct {
		key                   map[string]any
		id                    string
		wantID, wantAlgorithm string
	}{
		"one key, no kid":                   {jwk(t, ecJWK, nil), "", "", ""},
		"one key, its kid":                  {ec, "", "ec", ""},
		"one key, key_id instead":           {ec, "other", "ec", ""},
		"one key, key_id added":             {jwk(t, ecJWK, nil), "mine", "", ""},
		"alg of the JWK":                    {jwk(t, rsaJWK, map[string]any{"alg": "PS384"}), "", "", "PS384"},
		"further members":                   {jwk(t, ecJWK, map[string]any{"use": "sig", "key_ops": []string{"sign"}, "ext": true, "x-y": 1}), "", "", ""},
		"set of one":                        {jwkSet(ec), "", "ec", ""},
		"set with a key of an unknown kind": {jwkSet(map[string]any{"kty": "AKP", "kid": "x"}, ec), "ec", "ec", ""},
		"set, by key_id":                    {jwkSet(ec, ed), "ed", "ed", ""},
		"set, by key_id, first":             {jwkSet(ec, ed), "ec", "ec", ""},
		"set, public key under another kid": {jwkSet(jwk(t, rsaJWK, map[string]any{"kid": "old", "d": nil, "p": nil, "q": nil}), ed), "ed", "ed", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := keys.Parse(secret.New(inJSON(t, test.key)), test.id)
			if err != nil {
				t.Fatal(err)
			}
			if key.ID != test.wantID || key.Algorithm != test.wantAlgorithm {
				t.Errorf("kid %q and alg %q", key.ID, key.Algorithm)
			}
		})
	}
}

func TestJWKsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	ec := jwk(t, ecJWK, map[string]any{"kid": "ec"})
	ed := jwk(t, ed25519JWK, map[string]any{"kid": "ed"})
	tests := map[string]struct {
		key  map[string]any
		id   string
		want string
	}{
		"public, EC":           {jwk(t, ecJWK, map[string]any{"d": nil}), "", "public key"},
		"public, RSA":          {jwk(t, rsaJWK, map[string]any{"d": nil, "p": nil, "q": nil}), "", "public key"},
		"public, Ed25519":      {jwk(t, ed25519JWK, map[string]any{"d": nil}), "", "public key"},
		"set, no key_id":       {jwkSet(ec, ed), "", `["ec" "ed"]`},
		"set, wrong key_id":    {jwkSet(ec, ed), "rsa", "set key_id"},
		"set of one, wrong id": {jwkSet(ec), "rsa", `["ec"]`},
		"set, public key":      {jwkSet(jwk(t, ecJWK, map[string]any{"kid": "a", "d": nil}), ed), "a", "public key"},
		"empty set":            {jwkSet(), "", "cannot be read"},
		"empty object":         {map[string]any{}, "", "kty"},
		"kind unknown":         {jwk(t, ecJWK, map[string]any{"kty": "AKP"}), "", "kty"},
		"curve unknown":        {jwk(t, ecJWK, map[string]any{"crv": "secp256k1"}), "", "the curve secp256k1; RSA"},
		"Ed448":                {map[string]any{"kty": "OKP", "crv": "Ed448", "x": "AA", "d": "AA"}, "", "the curve Ed448; RSA"},
		// The d of RFC 7517 appendix A.2 beside the point of RFC 7515 appendix A.3.
		"another's d, EC":      {jwk(t, ecJWK, map[string]any{"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}), "", "not those of one key"},
		"another's d, Ed25519": {jwk(t, ed25519JWK, map[string]any{"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}), "", "cannot be read"},
		"another's d, RSA":     {jwk(t, rsaJWK, map[string]any{"d": "AQAB"}), "", "cannot be read"},
		"point off the curve":  {jwk(t, ecJWK, map[string]any{"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5b0"}), "", "cannot be read"},
		"symmetric":            {map[string]any{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}, "", "cannot sign"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, inJSON(t, test.key), test.id, test.want)
		})
	}
}

// TestByteOrderMark: some editors and shells begin every file with one.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	if _, err := keys.Parse(secret.New("\uFEFF"+inJSON(t, jwk(t, ed25519JWK, nil))), ""); err != nil {
		t.Error(err)
	}
}
