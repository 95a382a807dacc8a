// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// TestResolvedClientIsForgotten: a client is resolved once, but not beyond what it follows
// from. The second request differs from the first in one thing.
func TestResolvedClientIsForgotten(t *testing.T) {
	t.Parallel()
	body := func(config *tokensource.ClientConfig) {
		config.ClientSecret, config.Request.Body = secret.String{}, secret.New("a=b")
	}
	certificate := func(config *tokensource.ClientConfig) {
		config.ClientSecret, config.TokenEndpointAuthMethod = secret.String{}, clientauth.TLSClientAuth
	}
	discovered := func(config *tokensource.ClientConfig) { config.Issuer, config.TokenEndpoint = issuer, "" }
	for name, test := range map[string]struct {
		first  func(*tokensource.ClientConfig)
		change func(*server, *tokensource.ClientConfig)
		want   string // the error of the second request, or its token
	}{
		"parameter": {func(config *tokensource.ClientConfig) {
			config.Request.Parameters = map[string]secret.String{"tenant": secret.New("a")}
		}, func(_ *server, config *tokensource.ClientConfig) {
			config.Request.Parameters = map[string]secret.String{"tenant": secret.New("b")}
		}, "t2"},
		"min_validity": {func(*tokensource.ClientConfig) {}, func(_ *server, config *tokensource.ClientConfig) {
			config.MinValidity = new(2 * time.Hour)
		}, "t2"},
		"attribute that is set": {body, func(_ *server, config *tokensource.ClientConfig) {
			config.Origins = map[string]string{"parameters_in": "this block"}
		}, "parameters_in: request_body is sent instead"},
		"metadata after an hour": {discovered, func(network *server, _ *tokensource.ClientConfig) {
			network.pass(time.Hour)
			network.metadata = nil
		}, "404 Not Found"},
		"expired certificate": {certificate, func(network *server, _ *tokensource.ClientConfig) {
			network.pass(20 * time.Minute)
		}, "the certificate expired at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = map[string]string{"token_endpoint": `"` + tokenURL + `"`}
			source := tokensource.New(tokensource.Config{
				HTTP: network, Now: network.now, ClientCertificate: &x509.Certificate{NotAfter: network.now().Add(10 * time.Minute)},
			})
			config := client()
			test.first(&config)
			if got := tokenFor(t, source, config); got != "t1" {
				t.Fatalf("got %s", got)
			}
			test.change(network, &config)
			got := ""
			if session, err := source.Open(t.Context(), config, false); err != nil {
				got = err.Error()
			} else {
				got = session.Token().AccessToken.Reveal()
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestHitAllocates bounds what a token costs that is in memory. No other test may run
// beside it.
func TestHitAllocates(t *testing.T) { //nolint:paralleltest // it counts the allocations of the process
	const most = 12 // 10, and what the race detector adds
	source, config := loopback(t)
	hold(t, source, config)
	if got := testing.AllocsPerRun(200, func() { hold(t, source, config) }); got > most {
		t.Errorf("%v allocations, want at most %d", got, most)
	}
}
