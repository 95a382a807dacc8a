// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// The parameters are those of RFC 7521 §4.2.
func TestAssertionParameters(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	public := authserver.Key{Public: key.Public()}
	secretJWT := authserver.Client{ID: "signer", AuthMethod: authserver.ClientSecretJWT, Secret: strings.Repeat("s", 32)}
	set := func(name, value string) func(url.Values) { return func(form url.Values) { form.Set(name, value) } }
	for name, row := range map[string]struct {
		change func(url.Values)
		status int
		code   string
		reason string
	}{
		"without client_id":      {func(url.Values) {}, 200, "", ""},
		"with client_id":         {set("client_id", "s6BhdRkqt3"), 200, "", ""},
		"empty client_id":        {set("client_id", ""), 200, "", ""},
		"client_id of another":   {set("client_id", "twin"), 401, "invalid_client", "iss is not"},
		"unknown client_id":      {set("client_id", "nobody"), 401, "invalid_client", "unknown client"},
		"for a signer by secret": {set("client_id", "signer"), 401, "invalid_client", "signature"},
		"for a client by Basic":  {set("client_id", "basic"), 401, "invalid_client", "another authentication method"},
		"type missing":           {func(form url.Values) { form.Del("client_assertion_type") }, 400, "invalid_request", "belong together"},
		"type of SAML":           {set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), 401, "invalid_client", "not supported"},
		"type in upper case":     {set("client_assertion_type", strings.ToUpper(jwtBearerType)), 401, "invalid_client", "not supported"},
		"assertion missing":      {func(form url.Values) { form.Del("client_assertion") }, 400, "invalid_request", "belong together"},
		"assertion not a JWT":    {set("client_assertion", "PHNhbWw"), 401, "invalid_client", "no known client"},
		"not a JWT, with client_id": {func(form url.Values) {
			form.Set("client_assertion", "PHNhbWw")
			form.Set("client_id", "s6BhdRkqt3")
		}, 401, "invalid_client", "not a JWT"},
		"and a secret":        {set("client_secret", "x"), 400, "invalid_request", "more than one"},
		"and an empty secret": {set("client_secret", ""), 400, "invalid_request", "more than one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twin := keyedClient(public)
			twin.ID = "twin"
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{
				keyedClient(public), twin, secretJWT, {ID: "basic", Secret: "s"},
			}})
			form := assertionForm(clientAssertion("ES256", key).compact(t))
			row.change(form)
			send(t, srv, postForm(form)).wantReason(t, row.status, row.code, row.reason)
		})
	}
}

func TestAssertionBesideBasic(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})}})
	form := postForm(assertionForm(clientAssertion("ES256", key).compact(t)))
	form = strings.Replace(form, "\n\n", "\nAuthorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n\n", 1)
	send(t, srv, form).wantReason(t, 400, "invalid_request", "more than one")
}

func TestAssertionInQueryIsRefused(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(authserver.Key{Public: key.Public()})}})
	form := assertionForm(clientAssertion("ES256", key).compact(t))
	wire := strings.Replace(postForm(form), "/token", "/token?client_assertion="+form.Get("client_assertion"), 1)
	send(t, srv, wire).wantReason(t, 400, "invalid_request", "request URI")
}

// A client with a key must not authenticate with a secret or its id alone.
func TestSigningClientNeedsItsAssertion(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("s", 32)
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{
		{ID: "signer", AuthMethod: authserver.ClientSecretJWT, Secret: secret},
	}})
	for name, form := range map[string]url.Values{
		"client_secret_post": {"grant_type": {"client_credentials"}, "client_id": {"signer"}, "client_secret": {secret}},
		"none":               {"grant_type": {"client_credentials"}, "client_id": {"signer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send(t, srv, postForm(form)).wantReason(t, 401, "invalid_client", "another authentication method")
		})
	}
}

func TestClientSecretJWT(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("s", 64)
	for name, row := range map[string]struct {
		secret     string // registered
		algorithms []string
		algorithm  string
		key        string // signs
		reason     string // empty: accepted
	}{
		"HS256":                 {secret, nil, "HS256", secret, ""},
		"HS384":                 {secret, nil, "HS384", secret, ""},
		"HS512":                 {secret, nil, "HS512", secret, ""},
		"UTF-8":                 {strings.Repeat("ü", 16), nil, "HS256", strings.Repeat("ü", 16), ""},
		"another secret":        {secret, nil, "HS256", secret + "s", "signature"},
		"HS384 with 32 bytes":   {secret[:32], nil, "HS384", secret[:32], "algorithm"},
		"HS512, HS256 expected": {secret, []string{"HS256"}, "HS512", secret, "algorithm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{{
				ID: "s6BhdRkqt3", AuthMethod: authserver.ClientSecretJWT, Secret: row.secret, SigningAlgorithms: row.algorithms,
			}}})
			got := send(t, srv, postForm(assertionForm(clientAssertion(row.algorithm, []byte(row.key)).compact(t))))
			if row.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

func TestRegisterRefusesSigningClients(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	with := func(change func(*authserver.Client)) authserver.Client {
		c := keyedClient(authserver.Key{Public: key.Public()})
		change(&c)
		return c
	}
	for name, c := range map[string]authserver.Client{
		"secret of 31 bytes":     {ID: "a", AuthMethod: authserver.ClientSecretJWT, Secret: strings.Repeat("s", 31)},
		"HS384 with 32 bytes":    {ID: "a", AuthMethod: authserver.ClientSecretJWT, Secret: strings.Repeat("s", 32), SigningAlgorithms: []string{"HS384"}},
		"alg of another key":     with(func(c *authserver.Client) { c.SigningAlgorithms = []string{"RS256"} }),
		"alg none":               with(func(c *authserver.Client) { c.SigningAlgorithms = []string{"none"} }),
		"key and secret":         with(func(c *authserver.Client) { c.Secret = "s" }),
		"federated, any issuer":  with(func(c *authserver.Client) { c.Federated = []authserver.Trust{{Subject: "a"}} }),
		"federated, any subject": with(func(c *authserver.Client) { c.Federated = []authserver.Trust{{Issuer: "a"}} }),
	} {
		if err := newServer(t, authserver.Config{}).Register(c); err == nil {
			t.Errorf("%s: Register accepted it", name)
		}
	}
}

// The JWTs of RFC 7515 appendix A have only iss and exp. Their signatures are valid,
// so they are refused for their claims; with a changed signature, for the signature.
func TestRFC7515(t *testing.T) {
	t.Parallel()
	const payload = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	number := func(encoded string) *big.Int { return new(big.Int).SetBytes(decodeSegment(t, encoded)) }
	secret := "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	for name, row := range map[string]struct {
		jwt    string
		client authserver.Client
	}{
		"A.1 HS256": {
			"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + payload + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
			authserver.Client{AuthMethod: authserver.ClientSecretJWT, Secret: string(decodeSegment(t, secret))},
		},
		"A.2 RS256": {
			"eyJhbGciOiJSUzI1NiJ9" + payload +
				"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
			authserver.Client{AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{Public: &rsa.PublicKey{
				N: number("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
				E: 65537,
			}}}},
		},
		"A.3 ES256": {
			"eyJhbGciOiJFUzI1NiJ9" + payload + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			authserver.Client{AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{Public: point(t, elliptic.P256(),
				"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.client.ID = "joe"
			srv := newServer(t, authserver.Config{
				Clients: []authserver.Client{row.client},
				Now:     func() time.Time { return time.Unix(1300819380-60, 0) },
			})
			for assertion, reason := range map[string]string{row.jwt: "required claim", damaged(row.jwt): "signature"} {
				form := assertionForm(assertion)
				form.Set("client_id", "joe")
				send(t, srv, postForm(form)).wantReason(t, 401, "invalid_client", reason)
			}
		})
	}
}

func point(t *testing.T, curve elliptic.Curve, x, y string) *ecdsa.PublicKey {
	t.Helper()
	uncompressed := append([]byte{4}, append(decodeSegment(t, x), decodeSegment(t, y)...)...)
	key, err := ecdsa.ParseUncompressedPublicKey(curve, uncompressed)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The example of RFC 7523 §2.2 with another grant. Its header is RS256 and key 22; the
// RFC omits claims and signature.
func TestRFC7523(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.RSA)
	c := keyedClient(authserver.Key{ID: "22", Public: key.Public()})
	srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{c}})
	j := clientAssertion("RS256", key)
	j.header["kid"] = "22"
	const example = `POST /token HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&
client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&
client_assertion=`
	head, body, _ := strings.Cut(example, "\n\n")
	wire := head + "\n\n" + strings.ReplaceAll(body, "\n", "") + j.compact(t)
	send(t, srv, wire).want(t, 200, "")
}
