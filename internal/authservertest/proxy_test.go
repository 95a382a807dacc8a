// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// through returns srv's client with the proxy and user.
func through(t *testing.T, srv *authservertest.Server, proxy *authservertest.Proxy, user *url.Userinfo) *http.Client {
	t.Helper()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = user
	client := srv.Client(t)
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(address)
	return client
}

func TestProxy(t *testing.T) {
	t.Parallel()
	plain := authservertest.Start(t, authserver.Config{})
	secure := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
	for name, srv := range map[string]*authservertest.Server{"GET " + plain.URL + "/jwks": plain, "CONNECT": secure} {
		t.Run(strings.Fields(name)[0], func(t *testing.T) {
			t.Parallel()
			proxy := authservertest.StartProxy(t, "", "")
			response, err := get(t, through(t, srv, proxy, nil), srv.JWKSURL())
			if err != nil || response.StatusCode != 200 {
				t.Fatalf("response is %v, %v", response, err)
			}
			want := name
			if name == "CONNECT" {
				want += " " + strings.TrimPrefix(secure.URL, "https://")
			}
			if got := proxy.Requests(); !slices.Equal(got, []string{want}) {
				t.Errorf("the proxy saw %q, want %q", got, want)
			}
			if srv.Count(authserver.JWKS) != 1 {
				t.Errorf("the server saw %d requests", srv.Count(authserver.JWKS))
			}
		})
	}
}

func TestProxyAuthorization(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		user   *url.Userinfo
		status int
	}{
		"right": {url.UserPassword("user", "p@ss:w"), 200},
		"wrong": {url.UserPassword("user", "pass"), 407},
		"none":  {nil, 407},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, authserver.Config{})
			proxy := authservertest.StartProxy(t, "user", "p@ss:w")
			response, err := get(t, through(t, srv, proxy, row.user), srv.JWKSURL())
			if err != nil || response.StatusCode != row.status {
				t.Fatalf("response is %v, %v, want %d", response, err, row.status)
			}
			if proxy.Count() != 1 {
				t.Errorf("the proxy counted %d requests", proxy.Count())
			}
			for _, r := range srv.Requests() {
				if r.Header.Get("Proxy-Authorization") != "" {
					t.Error("the proxy passed its credentials on")
				}
			}
		})
	}
}

func TestProxyRoutes(t *testing.T) {
	t.Parallel()
	srv := authservertest.StartTLS(t, authserver.Config{}, authservertest.Valid)
	proxy := authservertest.StartProxy(t, "", "")
	proxy.Route(authservertest.TestHost+":443", strings.TrimPrefix(srv.URL, "https://"))
	client := through(t, srv, proxy, nil)
	response, err := get(t, client, "https://"+authservertest.TestHost+"/jwks")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("response is %v, %v", response, err)
	}
	if got := srv.Requests()[0].Host; got != authservertest.TestHost {
		t.Errorf("Host is %q", got)
	}
	// The unspecified address reaches the same server, but is not loopback.
	beyond := strings.Replace(srv.URL, "https://127.0.0.1", "http://0.0.0.0", 1)
	if response, err := get(t, client, beyond); err != nil || response.StatusCode != 502 {
		t.Errorf("beyond loopback the response is %v, %v", response, err)
	}
}
