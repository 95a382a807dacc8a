// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// authority is a server with TLS, and whom to trust.
type authority struct {
	*authservertest.Authority
	url string
}

// secured starts a server whose certificate is for localhost and 127.0.0.1, or for
// one name. It demands client certificates of its authority, if there is a client.
func secured(t *testing.T, client string, names ...string) authority {
	t.Helper()
	ca := authservertest.NewAuthority(t)
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "redis"},
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    names,
	}
	if names == nil {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), template)
	options := redistest.Options{TLS: &certificate}
	if client != "" {
		options.ClientCA = ca.PEM()
	}
	return authority{ca, redistest.Start(t, options).URL("", "")}
}

func TestStoreOverTLS(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		server := secured(t, "client")
		certificate := server.Issue(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client"))
		return storage(t, server.url, &tls.Config{
			RootCAs:      server.Pool(),
			Certificates: []tls.Certificate{certificate},
			ServerName:   "another.test", // the URL says which server it is
			NextProtos:   []string{"h2"},
		})
	})
}

func TestTLSFailures(t *testing.T) {
	t.Parallel()
	server, demanding, another := secured(t, ""), secured(t, "client"), secured(t, "", "another.test")
	for name, row := range map[string]struct {
		url    string
		config *tls.Config
		reset  bool // the server may close the connection before its alert is read
	}{
		"unknown authority":        {server.url, nil, false},
		"certificate of another":   {another.url, trusting(another), false},
		"no client certificate":    {demanding.url, trusting(demanding), true},
		"server in the clear":      {strings.Replace(listen(t, says("-ERR unknown command\r\n")), "redis", "rediss", 1), nil, false},
		"server of an old version": {old(t), &tls.Config{MinVersion: tls.VersionTLS10}, false}, //nolint:gosec // the store raises it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for operation, err := range outcomes(t, open(t, row.url, row.config)) {
				reset := row.reset && errors.Is(err, redisstore.ErrUnavailable)
				if !errors.Is(err, redisstore.ErrTLS) && !reset {
					t.Errorf("%s: got %v, want %v", operation, err, redisstore.ErrTLS)
				}
			}
		})
	}
}

// old starts a server that knows nothing later than TLS 1.1.
func old(t *testing.T) (url string) {
	t.Helper()
	certificate := authservertest.NewAuthority(t).Issue(
		t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("old"))
	return strings.Replace(listen(t, func(connection net.Conn) {
		_ = tls.Server(connection, &tls.Config{ //nolint:gosec // as the name says
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
		}).HandshakeContext(t.Context())
	}), "redis", "rediss", 1)
}

// trusting trusts a server's authority alone.
func trusting(server authority) *tls.Config {
	return &tls.Config{RootCAs: server.Pool(), MinVersion: tls.VersionTLS12}
}
