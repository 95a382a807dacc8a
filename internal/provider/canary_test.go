// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
)

// alsoSecret are attributes that the schema does not call sensitive, as they are
// mostly not, and that somebody may write a secret into all the same.
var alsoSecret = []string{"signed_assertion.claims", "federated_assertion.request.query", "token.parameters"}

// TestCanaries plants a secret in every attribute that may hold one, new ones
// included, and holds that it is neither shown nor logged: when all is well, when
// the server breaks off, and when it refuses the request and repeats it.
func TestCanaries(t *testing.T) {
	t.Parallel()
	servers := map[string]http.Handler{ // what answers in place of the site
		"well":     nil,
		"dropped":  authserver.Drop(),
		"repeated": authserver.OAuthError(400, "invalid_request", "You sent "+repeatedHere),
		"failing":  answerJSON(503, `{"message":"You sent `+repeatedHere+`"}`),
	}
	for name, in := range blocks(t) {
		for attribute, at := range textFields(in.schema.Block.Attributes) {
			if !at.sensitive && !slices.Contains(alsoSecret, attribute) {
				continue
			}
			for answer, fault := range servers {
				t.Run(name+"/"+attribute+"/"+answer, func(t *testing.T) {
					t.Parallel()
					found := plantCanary(t, in, attribute, at, fault)
					if answer == "well" {
						found.mustBeEmpty(t) // else dressings has to say how the attribute is used
					}
				})
			}
		}
	}
}

// plantCanary runs a block with a canary in an attribute, searches for it, and
// returns what the user is told.
func plantCanary(t *testing.T, in block, attribute string, at textField, fault http.Handler) diagnostics {
	t.Helper()
	canary := acctest.NewCanary(attribute, "-._~+/+.") // as long as a private key of Ed25519
	site := startFaultySite(t, fault)
	value, beside := spelled(attribute, canary.Value), companions(site.URL, attribute)
	if dress := dressings[attribute]; dress != nil {
		value, beside = dress(t, canary)
	}
	config := merged(in.base(site.URL), beside, at.set(beside, value))
	var log lockedBuffer
	s := newSession(t)
	s.ctx = log.capture(t.Context())
	found := in.validate(s, config)
	if len(found) == 0 {
		found = in.run(s, config, site.URL)
	}
	acctest.Search(t, "the diagnostics", found.String(), canary)
	acctest.Search(t, "the log", log.String(), canary)
	return found
}

// startFaultySite starts a site where all but the metadata is answered by a fault, if
// there is one.
func startFaultySite(t *testing.T, fault http.Handler) *site {
	t.Helper()
	asIs := func(text string) string { return text }
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault == nil || strings.Contains(r.URL.Path, "/.well-known/") {
			s.ServeHTTP(w, r)
			return
		}
		repeating{fault, asIs}.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// dressings write a canary so that an attribute takes it, together with what the
// attribute needs beside it.
var dressings = map[string]func(*testing.T, acctest.Canary) (value string, beside attributes){
	"signed_assertion.private_key": func(_ *testing.T, canary acctest.Canary) (string, attributes) {
		public, _ := keyOf(canary).Public().(ed25519.PublicKey)
		encode := base64.RawURLEncoding.EncodeToString
		jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","d":%q,"x":%q}`, encode([]byte(canary.Value)), encode(public))
		return jwk, attributes{"client_secret": nil}
	},
	"tls.client_key": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		certificate := authservertest.SelfSigned(t, keyOf(canary), authservertest.ClientTemplate("client"))
		return authservertest.PKCS8(t, keyOf(canary)), attributes{
			"tls": attributes{"client_certificate": authservertest.CertificatePEM(certificate)},
		}
	},
	"cache.url": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		redis := redistest.Start(t, redistest.Options{Directives: []string{"requirepass " + canary.Value}})
		return redis.URL("", canary.Value), attributes{"cache": attributes{"type": "redis"}}
	},
	"cache.encryption_key": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		return canary.Value, attributes{"cache": attributes{"type": "file", "path": t.TempDir()}}
	},
	"proxy_url": func(t *testing.T, canary acctest.Canary) (string, attributes) {
		t.Helper()
		proxy := authservertest.StartProxy(t, "user", canary.Value)
		return strings.Replace(proxy.URL, "//", "//"+url.UserPassword("user", canary.Value).String()+"@", 1), nil
	},
}

// keyOf is the private key of Ed25519 whose seed (RFC 8032 section 5.1.5) is a canary.
func keyOf(canary acctest.Canary) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(canary.Value))
}
