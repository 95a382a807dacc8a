// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/x509"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
)

// cached is hclProvider with a cache.
func cached(srv *authservertest.Server, cache string) string {
	return strings.Replace(hclProvider(srv), "\n}", "\n  cache = "+cache+"\n}", 1)
}

// fileCache is a cache in a folder.
func fileCache(folder string) string { return fmt.Sprintf(`{ type = "file", path = %q }`, folder) }

// stack is a configuration whose resource depends on all that a token is known by.
const stack = `
data "oauth2cc_token" "test" {}

ephemeral "oauth2cc_token" "test" { count = 1 }

resource "terraform_data" "dependent" {
  input = {
    access_token = data.oauth2cc_token.test.access_token
    expires_in   = data.oauth2cc_token.test.expires_in
    expires_at   = data.oauth2cc_token.test.expires_at
  }
}
` + consumer

// tokenOutput shows the token of a stack.
const tokenOutput = `
output "token" {
  value     = data.oauth2cc_token.test.access_token
  sensitive = true
}
`

func emptyFolder(t *testing.T) string {
	t.Helper()
	return fileCache(t.TempDir())
}

func emptyRedis(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`{ type = "redis", url = %q }`, redistest.Start(t, redistest.Options{}).URL("", ""))
}

// emptySecureRedis is a server with a certificate of a private authority, and a
// user with no more rights than the guide says.
func emptySecureRedis(t *testing.T) string {
	t.Helper()
	ca := authservertest.NewAuthority(t)
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	server := redistest.Start(t, redistest.Options{TLS: &certificate, Users: []string{
		"oauth2cc on >password " + rightsInGuide(t), "default off",
	}})
	return fmt.Sprintf("{ type = \"redis\", url = %q }\n  tls = { ca_certificate = %q }", server.URL("oauth2cc", "password"), ca.PEM())
}

// rightsInGuide are the rights that the guide has a user be given.
func rightsInGuide(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../templates/guides/sharing-tokens.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rights, ok := strings.Cut(string(guide), "ACL SETUSER oauth2cc on >password ")
	if !ok {
		t.Fatal("the guide names no rights")
	}
	rights, _, _ = strings.Cut(rights, "\n")
	return rights
}

// TestAccSharedCache: plan, apply of the plan, a second plan and a whole second
// stack are one token request, and nothing changes while the token is valid.
func TestAccSharedCache(t *testing.T) {
	t.Parallel()
	caches := map[string]func(*testing.T) string{"file": emptyFolder, "redis": emptyRedis, "rediss": emptySecureRedis}
	for name, empty := range caches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := empty(t)
			srv := startServer(t)
			first := acctest.New(t, cached(srv, cache)+stack)
			first.Plan("-out=saved").MustExit(t, 2)
			first.Apply("saved").MustExit(t, 0)
			first.Plan().MustExit(t, 0).MustSay(t, "No changes.")
			acctest.New(t, cached(srv, cache)+stack).Apply().MustExit(t, 0)
			first.Destroy().MustExit(t, 0)
			if got := srv.Count(); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

// TestAccFileCacheIsPrivate: files are for their owner alone, and hold nothing that
// can be read.
func TestAccFileCacheIsPrivate(t *testing.T) {
	t.Parallel()
	srv, folder := startServer(t), filepath.Join(t.TempDir(), "made", "for", "this")
	w := acctest.New(t, cached(srv, fileCache(folder))+stack+tokenOutput)
	w.Apply().MustExit(t, 0)
	token := w.Run("output", "-raw", "token").MustExit(t, 0).Stdout
	files := 0
	root := os.DirFS(folder)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mustBePrivate(t, entry)
		if entry.IsDir() {
			return nil
		}
		files++
		contents, err := fs.ReadFile(root, path)
		for _, secret := range []string{token, clientSecret, clientID, srv.URL} {
			if strings.Contains(path+string(contents), secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files: %v", files, err)
	}
}

// mustBePrivate holds that only its owner has access to a file or folder.
func mustBePrivate(t *testing.T, entry fs.DirEntry) {
	t.Helper()
	info, err := entry.Info()
	if err != nil {
		t.Fatal(err)
	}
	want := fs.FileMode(0o600)
	if entry.IsDir() {
		want = 0o700
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %s", entry.Name(), info.Mode())
	}
}

// TestAccCacheFails: whatever is wrong with the cache is one warning and one
// request, and never the run.
func TestAccCacheFails(t *testing.T) {
	t.Parallel()
	occupied := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	redis := redistest.Start(t, redistest.Options{})
	tests := map[string]struct{ cache, says string }{
		"no cluster":       {fmt.Sprintf(`{ type = "redis", url = "redis+cluster://%s" }`, redis.Address), "for Redis Cluster"},
		"no Sentinel":      {fmt.Sprintf(`{ type = "redis", url = "redis+sentinel://%s/mymaster" }`, redis.Address), "for Sentinel"},
		"path is a file":   {fileCache(occupied), "cache.path"},
		"nobody answers":   {`{ type = "redis", url = "redis://127.0.0.1:1" }`, "cache.url"},
		"not Redis at all": {fmt.Sprintf(`{ type = "redis", url = %q }`, strings.Replace(startServer(t).URL, "http", "redis", 1)), "cache.url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			w := acctest.New(t, cached(srv, test.cache)+fmt.Sprintf("ephemeral \"oauth2cc_token\" \"test\" {\n  count = %d\n}\n", blocksOfEach)+consumer)
			planned := w.Plan().MustExit(t, 2).MustSay(t, "The token cache is unavailable").MustSay(t, test.says)
			if got := strings.Count(planned.Stdout, "The token cache is unavailable"); got != 1 {
				t.Errorf("%d warnings", got)
			}
			if got := srv.Count(); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}
