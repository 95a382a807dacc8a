// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func certificateForm(id string) string {
	return postForm(url.Values{"grant_type": {"client_credentials"}, "client_id": {id}})
}

func TestTLSClientAuth(t *testing.T) {
	t.Parallel()
	ca, stranger := authservertest.NewAuthority(t), authservertest.NewAuthority(t)
	key := authservertest.NewKey(t, authservertest.P256)
	issue := func(from *authservertest.Authority, change func(*x509.Certificate)) *x509.Certificate {
		template := authservertest.ClientTemplate("client")
		change(template)
		return from.Issue(t, key, template).Leaf
	}
	unchanged := func(*x509.Certificate) {}
	byName := authserver.Client{ID: "dn", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client"}
	another := authserver.Client{ID: "another", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=another"}
	byLongName := authserver.Client{ID: "long", AuthMethod: authserver.TLSClientAuth, SubjectDN: `CN=client,OU=Ops\, EU,O=Example`}
	for name, row := range map[string]struct {
		id          string
		certificate *x509.Certificate
		status      int
		code        string
		reason      string
	}{
		"subject": {"dn", issue(ca, unchanged), 200, "", ""},
		"RFC 4514 escapes": {"long", issue(ca, func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "client", OrganizationalUnit: []string{"Ops, EU"}, Organization: []string{"Example"}}
		}), 200, "", ""},
		"subject in part":      {"long", issue(ca, unchanged), 401, "invalid_client", "another name"},
		"another subject":      {"dn", issue(ca, func(c *x509.Certificate) { c.Subject.CommonName = "else" }), 401, "invalid_client", "another name"},
		"more of a subject":    {"dn", issue(ca, func(c *x509.Certificate) { c.Subject.Organization = []string{"Example"} }), 401, "invalid_client", "another name"},
		"another CA":           {"dn", issue(stranger, unchanged), 401, "invalid_client", "trusted CA"},
		"self-signed":          {"dn", selfSigned(t, key), 401, "invalid_client", "trusted CA"},
		"expired":              {"dn", issue(ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), 401, "invalid_client", "not valid now"},
		"not yet":              {"dn", issue(ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), 401, "invalid_client", "not valid now"},
		"a server's":           {"dn", issue(ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), 401, "invalid_client", "not for clients"},
		"no certificate":       {"dn", nil, 401, "invalid_client", "no client certificate"},
		"no client_id":         {"", issue(ca, unchanged), 400, "invalid_request", "client_id is missing"},
		"id of another client": {"another", issue(ca, unchanged), 401, "invalid_client", "another name"},
		"unknown id":           {"nobody", issue(ca, unchanged), 401, "invalid_client", "unknown client"},
		"id of Basic client":   {"s6BhdRkqt3", issue(ca, unchanged), 401, "invalid_client", "another authentication method"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{
				ClientCAs: ca.Pool(), Clients: []authserver.Client{byName, byLongName, another, rfcClient()},
			})
			var chain []*x509.Certificate
			if row.certificate != nil {
				chain = append(chain, row.certificate)
			}
			send(t, srv, certificateForm(row.id), chain...).wantReason(t, row.status, row.code, row.reason)
		})
	}
}

// The certificates behind the client's own only lead to the CA.
func TestTLSClientAuthChain(t *testing.T) {
	t.Parallel()
	root, key := authservertest.NewAuthority(t), authservertest.NewKey(t, authservertest.P256)
	template := authservertest.ClientTemplate("issuing CA")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	issuing := root.Issue(t, key, template).Leaf
	der, err := x509.CreateCertificate(rand.Reader, numbered("client"), issuing, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(t, authserver.Config{ClientCAs: root.Pool(), Clients: []authserver.Client{
		{ID: "dn", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client"},
		{ID: "ca", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=issuing CA"},
	}})
	send(t, srv, certificateForm("dn"), certificate, issuing).want(t, 200, "")
	send(t, srv, certificateForm("dn"), certificate).wantReason(t, 401, "invalid_client", "trusted CA")
	send(t, srv, certificateForm("ca"), certificate, issuing).wantReason(t, 401, "invalid_client", "another name")
}

func numbered(name string) *x509.Certificate {
	template := authservertest.ClientTemplate(name)
	template.SerialNumber = big.NewInt(7)
	return template
}

// The server's clock decides what has expired.
func TestTLSClientAuthLater(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client"))
	srv := newServer(t, authserver.Config{
		ClientCAs: ca.Pool(), Clients: []authserver.Client{{ID: "dn", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client"}},
		Now: func() time.Time { return time.Now().Add(48 * time.Hour) },
	})
	send(t, srv, certificateForm("dn"), certificate.Leaf).wantReason(t, 401, "invalid_client", "not valid now")
}

// Without CAs of its own, the server does not trust the system's.
func TestTLSClientAuthWithoutCA(t *testing.T) {
	t.Parallel()
	certificate := authservertest.NewAuthority(t).Issue(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client"))
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{
		{ID: "dn", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client"},
	}})
	send(t, srv, certificateForm("dn"), certificate.Leaf).wantReason(t, 401, "invalid_client", "trusted CA")
}

// A certificate beside a secret is not a second method: it may be for binding.
func TestCertificateBesideSecret(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client")).Leaf
	srv := newServer(t, authserver.Config{ClientCAs: ca.Pool(), Clients: []authserver.Client{
		rfcClient(), {ID: "dn", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client"},
	}})
	send(t, srv, rfcRequest(""), certificate).want(t, 200, "")
	send(t, srv, certificateForm("dn"), certificate).want(t, 200, "")
	withSecret := strings.Replace(certificateForm("dn"), "client_id=dn", "client_id=dn&client_secret=s", 1)
	send(t, srv, withSecret, certificate).wantReason(t, 401, "invalid_client", "another authentication method")
}

func TestSelfSignedTLSClientAuth(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.RSA)
	certificate, renewed, stranger := selfSigned(t, key), selfSigned(t, key), selfSigned(t, other)
	for name, row := range map[string]struct {
		keys   []authserver.Key
		shown  []*x509.Certificate
		status int
		code   string
		reason string
	}{
		"certificate":          {[]authserver.Key{{Certificate: certificate}}, []*x509.Certificate{certificate}, 200, "", ""},
		"public key":           {[]authserver.Key{{Public: key.Public()}}, []*x509.Certificate{certificate}, 200, "", ""},
		"public key, renewed":  {[]authserver.Key{{Public: key.Public()}}, []*x509.Certificate{renewed}, 200, "", ""},
		"one of two":           {[]authserver.Key{{Certificate: stranger}, {Certificate: certificate}}, []*x509.Certificate{certificate}, 200, "", ""},
		"certificate, renewed": {[]authserver.Key{{Certificate: certificate}}, []*x509.Certificate{renewed}, 401, "invalid_client", "not a registered one"},
		"another key":          {[]authserver.Key{{Public: key.Public()}}, []*x509.Certificate{stranger}, 401, "invalid_client", "not a registered one"},
		"second in the chain":  {[]authserver.Key{{Certificate: certificate}}, []*x509.Certificate{stranger, certificate}, 401, "invalid_client", "not a registered one"},
		"no certificate":       {[]authserver.Key{{Certificate: certificate}}, nil, 401, "invalid_client", "no client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{Clients: []authserver.Client{
				{ID: "self", AuthMethod: authserver.SelfSignedTLSClientAuth, Keys: row.keys},
			}})
			send(t, srv, certificateForm("self"), row.shown...).wantReason(t, row.status, row.code, row.reason)
		})
	}
}

func TestRegisterRefusesCertificateClients(t *testing.T) {
	t.Parallel()
	key := authserver.Key{Public: authservertest.NewKey(t, authservertest.P256).Public()}
	for name, c := range map[string]authserver.Client{
		"no name":                {ID: "a", AuthMethod: authserver.TLSClientAuth},
		"secret":                 {ID: "a", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=a", Secret: "s"},
		"self-signed, no key":    {ID: "a", AuthMethod: authserver.SelfSignedTLSClientAuth},
		"self-signed and secret": {ID: "a", AuthMethod: authserver.SelfSignedTLSClientAuth, Keys: []authserver.Key{key}, Secret: "s"},
	} {
		if err := newServer(t, authserver.Config{}).Register(c); err == nil {
			t.Errorf("%s: Register accepted it", name)
		}
	}
}
