// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func get(t *testing.T, client *http.Client, url string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

func TestStart(t *testing.T) {
	t.Parallel()
	srv := authservertest.Start(t, authserver.Config{Issuer: "/tenant/a"})
	if !strings.HasPrefix(srv.URL, "http://127.0.0.1:") || srv.Issuer() != srv.URL+"/tenant/a" || srv.CAPEM != "" {
		t.Errorf("URL %q, issuer %q, CA %q", srv.URL, srv.Issuer(), srv.CAPEM)
	}
	for url, status := range map[string]int{
		srv.URL + "/.well-known/oauth-authorization-server/tenant/a": 200,
		srv.APIURL + "/orders": 401,
	} {
		response, err := get(t, srv.Client(t), url)
		if err != nil || response.StatusCode != status {
			t.Errorf("%s: %v, %v, want status %d", url, response, err, status)
		}
	}
}

func TestStartTLS(t *testing.T) {
	t.Parallel()
	t.Run("trusted", func(t *testing.T) {
		t.Parallel()
		srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
		localhost := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
		for _, url := range []string{srv.JWKSURL(), localhost + "/jwks"} {
			if _, err := get(t, srv.Client(t), url); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("CA unknown", func(t *testing.T) {
		t.Parallel()
		srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
		stranger := &http.Client{Transport: &http.Transport{}}
		if _, err := get(t, stranger, srv.JWKSURL()); !isA[x509.UnknownAuthorityError](err) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("CA by PEM", func(t *testing.T) {
		t.Parallel()
		srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(srv.CAPEM)) {
			t.Fatalf("no certificate in %q", srv.CAPEM)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
		t.Cleanup(client.CloseIdleConnections)
		if _, err := get(t, client, srv.APIURL); err != nil {
			t.Error(err)
		}
	})
	t.Run("wrong host", func(t *testing.T) {
		t.Parallel()
		srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.WrongHost)
		if _, err := get(t, srv.Client(t), srv.JWKSURL()); !isA[x509.HostnameError](err) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Expired)
		_, err := get(t, srv.Client(t), srv.JWKSURL())
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); !ok || invalid.Reason != x509.Expired {
			t.Errorf("error is %v", err)
		}
	})
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
