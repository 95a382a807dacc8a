// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// nginx stands in front of an oidc-provider.
type nginx struct {
	*process
	behind *oidcProvider
	// origin has a path for each thing that a front can do. At wall, nobody passes
	// without a certificate.
	origin, wall string
}

// startNginx starts an nginx with the configuration in nginx/nginx.conf.
func startNginx(t *testing.T) *nginx {
	t.Helper()
	needServers(t)
	pki := newPKI(t)
	behind := startOIDCProvider(t, pki, "client_secret_basic")
	ports, dir := freePorts(t, 2), t.TempDir()
	write(t, filepath.Join(dir, "nobody"), "")
	config := fill(t, "nginx/nginx.conf", dir, map[string]string{
		"PORT":      strconv.Itoa(ports[0]),
		"WALL_PORT": strconv.Itoa(ports[1]),
		"UPSTREAM":  behind.origin,
		"PKI":       string(pki),
		"DIR":       dir,
	})
	return &nginx{
		process: start(t, ports, "nginx", "-c", config, "-e", "stderr"),
		behind:  behind,
		origin:  fmt.Sprintf("https://localhost:%d", ports[0]),
		wall:    fmt.Sprintf("https://localhost:%d", ports[1]),
	}
}

// frontTest is a token endpoint behind nginx.
type frontTest struct {
	path string
	// certificate is the name of the client certificate in the PKI, empty where the
	// connection has none.
	certificate string
	// works is what the guide says of a front that passes the request on. Otherwise what
	// Terraform prints is in a golden file.
	works string
}

// fronts are those at nginx's own origin.
var fronts = map[string]frontTest{
	"passed on":           {path: "/token", works: "a token, through nginx"},
	"307 here":            {path: "/moved/token", works: "a redirect with 307 within the origin"},
	"307 elsewhere":       {path: "/moved-elsewhere/token"},
	"302 to a login page": {path: "/login/token"},
	"200 login page":      {path: "/login"},
	"401 HTML":            {path: "/password/token"},
	"403 HTML":            {path: "/forbidden/token"},
	"404 HTML":            {path: "/nothing/token"},
	"413 HTML":            {path: "/small/token"},
	"429 HTML":            {path: "/limited/token"},
	"502 HTML":            {path: "/unreachable/token"},
	"503 HTML":            {path: "/down/token"},
}

// walls are those at the origin that wants a client certificate.
var walls = map[string]frontTest{
	"client certificate":                      {path: "/token", certificate: "client", works: "a client certificate that nginx requires"},
	"no client certificate":                   {path: "/token"},
	"client certificate of another authority": {path: "/token", certificate: "forged"},
	"self-signed client certificate":          {path: "/token", certificate: "self-signed"},
}

// testRateLimit has two clients meet a limit of one request in three seconds. The one that is refused
// comes again when the server says.
func (n *nginx) testRateLimit(t *testing.T) {
	t.Parallel()
	works(t, "nginx", "`client_secret_basic`", "rate limit with `Retry-After`")
	w := workspace(t, n.behind.pki, `
		provider "oauth2cc" {
		  token_endpoint = "`+n.origin+`/throttled/token"
		  client_id      = "basic"
		  client_secret  = "`+oidcProviderSecret+`"
		  max_retries    = 3
		  tls            = { ca_certificate = file("ca.crt") }
		}
		ephemeral "oauth2cc_token" "api" {
		  for_each = toset(["api:read", "api:write"])
		  scopes   = [each.key]
		}`, nil)
	w.Plan().MustExit(t, 0)
	if log := n.output.String(); !strings.Contains(log, `"POST /throttled/token HTTP/1.1" 429 `) {
		t.Error("nginx refused no request")
	}
}

// TestNginx holds what becomes of a request that something answers before the
// authorization server does.
func TestNginx(t *testing.T) {
	t.Parallel()
	front := startNginx(t)
	t.Run("rate limit", front.testRateLimit)
	for origin, tests := range map[string]map[string]frontTest{front.origin: fronts, front.wall: walls} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test.run(t, front.behind.pki, origin, "nginx", name)
			})
		}
	}
}

// run asks for a token at an origin. What Terraform prints is in the golden file of
// a server's row.
func (test frontTest) run(t *testing.T, pki pki, origin, server, row string) {
	t.Helper()
	config, beside := `
		provider "oauth2cc" {
		  token_endpoint = "`+origin+test.path+`"
		  client_id      = "basic"
		  client_secret  = "`+oidcProviderSecret+`"
		  tls            = { ca_certificate = file("ca.crt") }
		}`+ephemeralToken, files{}
	if test.certificate != "" {
		config = strings.Replace(config, `file("ca.crt")`,
			`file("ca.crt"), client_certificate = file("certificate.pem"), client_key = file("key.pem")`, 1)
		beside["certificate.pem"], beside["key.pem"] = pki.text(t, test.certificate+".crt"), pki.text(t, test.certificate+".key")
	}
	w := workspace(t, pki, config, beside)
	if test.works != "" {
		works(t, server, "`client_secret_basic`", test.works)
		w.Plan().MustExit(t, 0)
		return
	}
	matchGolden(t, server, row, told(t, w))
}

// TestHandshakeWall has no client certificate where the handshake fails for it: by
// TLS 1.3 the client thinks itself connected when that happens (RFC 8446 section
// 4.4.2.4), by TLS 1.2 not.
func TestHandshakeWall(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	for _, version := range []string{"tls1_2", "tls1_3"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			port := freePorts(t, 1)[0]
			start(t, []int{port}, "openssl", "s_server", "-accept", fmt.Sprintf("127.0.0.1:%d", port), "-www", "-"+version,
				"-cert", pki.path("server.crt"), "-key", pki.path("server.key"),
				"-CAfile", pki.path("ca.crt"), "-Verify", "1", "-verify_return_error")
			test := frontTest{path: "/token"}
			test.run(t, pki, fmt.Sprintf("https://localhost:%d", port), "openssl", "no client certificate, "+version)
		})
	}
}
