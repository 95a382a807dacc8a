// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// forwardProxy is a proxy for those who know its password.
type forwardProxy struct {
	name, password string
	port           int
	// log is what the proxy says of its requests.
	log func() string
}

// The proxies connect to servers from this address, so that servers see who has come by another
// way.
const behindProxy = "127.0.0.2"

// destinations are ports that proxies treat differently. No proxy connects to refused, and
// nothing listens on closed.
type destinations struct{ open, mtls, refused, closed int }

// url is a value of proxy_url.
func (p *forwardProxy) url(user *url.Userinfo) string {
	return (&url.URL{Scheme: "http", User: user, Host: fmt.Sprintf("127.0.0.1:%d", p.port)}).String()
}

// startSquid starts a squid with the configuration in squid/squid.conf. As root, it becomes
// another user, who must be able to read and write in its directory.
func startSquid(t *testing.T, to destinations) *forwardProxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "squid-") //nolint:usetesting // only root may enter those of tests
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &forwardProxy{name: "squid", password: "p@ss w/rd%41", port: freePorts(t, 1)[0]}
	config := fill(t, "squid/squid.conf", dir, map[string]string{
		"PORT": strconv.Itoa(p.port), "REFUSED_PORT": strconv.Itoa(to.refused), "DIR": dir,
	})
	passwords := filepath.Join(dir, "passwords")
	write(t, passwords, "run:"+run(t, dir, p.password, "openssl", "passwd", "-apr1", "-stdin"))
	for path, mode := range map[string]os.FileMode{dir: 0o777, passwords: 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	start(t, []int{p.port}, "squid", "-N", "-f", config)
	p.log = func() string { return read(t, filepath.Join(dir, "access.log")) }
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("squid logged:\n%s%s", p.log(), read(t, filepath.Join(dir, "cache.log")))
		}
	})
	return p
}

// startTinyproxy starts a tinyproxy with the configuration in tinyproxy/tinyproxy.conf.
func startTinyproxy(t *testing.T, to destinations) *forwardProxy {
	t.Helper()
	p := &forwardProxy{name: "tinyproxy", password: "p.ss-w_rd", port: freePorts(t, 1)[0]}
	config := fill(t, "tinyproxy/tinyproxy.conf", t.TempDir(), map[string]string{
		"PORT": strconv.Itoa(p.port), "USER": "run", "PASSWORD": p.password,
		"OPEN_PORT": strconv.Itoa(to.open), "MTLS_PORT": strconv.Itoa(to.mtls), "CLOSED_PORT": strconv.Itoa(to.closed),
	})
	p.log = start(t, []int{p.port}, "tinyproxy", "-d", "-c", config).output.String
	return p
}

// TestForwardProxies has everything that the provider sends pass a proxy with a password.
func TestForwardProxies(t *testing.T) {
	t.Parallel()
	needServers(t)
	server := startOIDCProvider(t, newPKI(t), everyMethod...)
	ports := freePorts(t, 2)
	to := destinations{portOf(t, server.origin), portOf(t, server.mtlsOrigin), ports[0], ports[1]}
	t.Cleanup(func() {
		for _, path := range []string{"/.well-known/oauth-authorization-server", "/token", "/jwks", "/.well-known/openid-configuration"} {
			for _, one := range server.requests(path) {
				if one.From != behindProxy {
					t.Errorf("a request for %s comes from %s, past the proxy", path, one.From)
				}
			}
		}
	})
	for _, p := range []*forwardProxy{startSquid(t, to), startTinyproxy(t, to)} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.testPasses(t, server)
			p.testRefuses(t, server, to)
		})
	}
}

// portOf is the port of an origin.
func portOf(t *testing.T, origin string) int {
	t.Helper()
	parsed, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(parsed.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// everySender is a configuration in which each kind of block calls @ORIGIN@.
var everySender = `
ephemeral "oauth2cc_token" "api" {}
data "oauth2cc_request" "metadata" {
  url = "@ORIGIN@/.well-known/openid-configuration"
}
ephemeral "oauth2cc_proxy" "api" {
  url = "@ORIGIN@"
}
` + fetch("jwks")

// testPasses has the proxy pass on what it should.
func (p *forwardProxy) testPasses(t *testing.T, server *oidcProvider) {
	t.Helper()
	tests := map[string]struct {
		methodTest
		origin string
		// logged is what the proxy is asked for.
		logged []string
	}{
		"`https` by `CONNECT`": {
			methodTest{client: "basic", config: basicClient},
			server.origin, []string{"CONNECT localhost:"},
		},
		"client certificate by `CONNECT`": {
			methodTest{client: "tls", key: "client.key", certificate: "client.crt", config: clientCertificate},
			server.origin, []string{"CONNECT localhost:"},
		},
		"`http`": {
			methodTest{client: "basic", config: basicClient + `token_endpoint = "@PLAIN_ORIGIN@/token"`},
			server.plainOrigin, []string{"POST http://localhost:", "GET http://localhost:"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			works(t, p.name, "`proxy_url` with a password", name)
			config := test.config + fmt.Sprintf("\n  proxy_url = %q\n", p.url(url.UserPassword("run", p.password)))
			w := workspace(t, server.pki, server.client(test.client, config)+strings.ReplaceAll(everySender, "@ORIGIN@", test.origin), test.files(t, server.pki))
			w.Apply().MustExit(t, 0)
			for _, request := range test.logged {
				// It logs a tunnel when it ends.
				acctest.Eventually(t, request, func() bool { return strings.Contains(p.log(), request) })
			}
		})
	}
}

// testRefuses holds what Terraform prints when the proxy refuses.
func (p *forwardProxy) testRefuses(t *testing.T, server *oidcProvider, to destinations) {
	t.Helper()
	known, wrong := url.UserPassword("run", p.password), url.UserPassword("run", "wr0ng-passw0rd")
	tests := map[string]struct {
		user     *url.Userinfo
		endpoint string
	}{
		"wrong password":           {wrong, server.origin + "/token"},
		"wrong password, http":     {wrong, server.plainOrigin + "/token"},
		"no password":              {nil, server.origin + "/token"},
		"no password, http":        {nil, server.plainOrigin + "/token"},
		"refused port":             {known, fmt.Sprintf("https://localhost:%d/token", to.refused)},
		"unreachable server":       {known, fmt.Sprintf("https://localhost:%d/token", to.closed)},
		"unreachable server, http": {known, fmt.Sprintf("http://localhost:%d/token", to.closed)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, server.pki, server.client("basic", basicClient+fmt.Sprintf(
				"\n  token_endpoint = %q\n  proxy_url = %q\n", test.endpoint, p.url(test.user)))+ephemeralToken, nil)
			got := told(t, w)
			matchGolden(t, p.name, name, got)
			if password, _ := test.user.Password(); password != "" && strings.Contains(got, password) {
				t.Error("the password is shown")
			}
		})
	}
}
