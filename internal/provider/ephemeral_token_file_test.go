// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// tokenFileType is the type name of the ephemeral resource.
const tokenFileType = "oauth2cc_token_file"

// mustBeGone holds that a file, and its folder if it is a temporary one, was removed.
func mustBeGone(t *testing.T, path string) {
	t.Helper()
	paths := []string{path}
	if strings.HasPrefix(filepath.Base(filepath.Dir(path)), "oauth2cc-") {
		paths = append(paths, filepath.Dir(path))
	}
	for _, path := range paths {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}

// TestAccTokenFile echoes the outputs, with a path and without one, of tokens and of an
// assertion. The files are gone when the run is over.
func TestAccTokenFile(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	unknownLifetime := startServer(t, func(client *authserver.Client) { client.Lifetime = 0 })
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	if err := os.WriteFile(path, []byte("of an earlier run"), 0o600); err != nil {
		t.Fatal(err)
	}
	testStep(t, hclProvider(srv)+fmt.Sprintf(`
ephemeral "oauth2cc_token_file" "default" {
  scopes       = ["read"]
  min_validity = "10m"
  triggers     = "x"
}

ephemeral "oauth2cc_token_file" "path" {
  path    = %[1]q
  content = "access_token"
}

ephemeral "oauth2cc_token_file" "unknown" {
  token_endpoint = %[2]q
}

ephemeral "oauth2cc_token_file" "assertion" {
  content          = "assertion"
  client_secret    = "0123456789012345678901234567890123456789"
  signed_assertion = { audience = "https://login.example.com/" }
}

ephemeral "oauth2cc_token" "same" {
}
`, path, unknownLifetime.TokenURL())+echo(`{
    default   = ephemeral.oauth2cc_token_file.default
    path      = ephemeral.oauth2cc_token_file.path
    unknown   = ephemeral.oauth2cc_token_file.unknown
    assertion = ephemeral.oauth2cc_token_file.assertion
    expires   = ephemeral.oauth2cc_token.same.expires_at
  }`),
		echoed(matches(`/.*oauth2cc-.*/token`), "default", "path"),
		echoed(matches(instantPattern), "default", "expires_at"),
		echoed(knownvalue.StringExact(path), "path", "path"),
		echoed(matches(instantPattern), "path", "expires_at"),
		echoed(knownvalue.Null(), "unknown", "expires_at"),
		echoed(matches(instantPattern), "assertion", "expires_at"),
	)
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v stays, %v", left, err)
	}
}

// TestAccTokenFileRefused holds what is no path for a file, at validate and at plan.
func TestAccTokenFileRefused(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	folder := t.TempDir()
	linked := filepath.Join(folder, "linked")
	if err := os.Symlink("elsewhere", linked); err != nil {
		t.Fatal(err)
	}
	file := func(attributes string) string {
		return hclProvider(srv) + "ephemeral \"oauth2cc_token_file\" \"test\" {\n" + attributes + "\n}\n" + bystander
	}
	at := func(path string) string { return file(fmt.Sprintf("path = %q", path)) }
	testSteps(t,
		refused(file(`content = "refresh_token"`), "Invalid value for content", `must be one of "access_token", "assertion", but is "refresh_token"`),
		refused(at(""), "Invalid value for path", "The value is empty"),
		refused(at("~/token"), "Invalid value for path", "pathexpand"),
		refused(file(`min_validity = "1"`), "Invalid value for min_validity", "not a duration"),
		refused(at(folder+"/none/token"), "The token file cannot be written", "is in a folder that cannot be opened", "Create the folder"),
		refused(at(folder), "The token file cannot be written", folder, "is not a regular file"),
		refused(at(linked), "The token file cannot be written", linked, "is not a regular file", "Links, folders and devices are not replaced"),
		refused(file("count = 2\npath = \""+folder+"/token\""), "The token file cannot be written", "is in use by another block", "make count.index or each.key part of it"),
		refused(file(`content = "assertion"`), "Missing attribute signed_assertion"),
	)
}

// TestTokenFileContent holds what is in the file, and that replacing it renews what
// others share.
func TestTokenFileContent(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Lifetime = 2 * time.Second })
	s := newSession(t).mustConfigure(providerBlock(srv))
	first := s.mustOpen(tokenType, nil)["access_token"]
	file := s.open(tokenFileType, nil)
	file.diagnostics.mustBeEmpty(t)
	path, _ := file.result["path"].(string)
	if got := fileText(t, path); got != first {
		t.Errorf("the file has %q, want the shared %q", got, first)
	}
	acctest.Eventually(t, "the token is replaced", func() bool { return fileText(t, path) != first })
	if second := s.mustOpen(tokenType, nil)["access_token"]; second != fileText(t, path) || srv.Count(authserver.TokenEndpoint) != 2 {
		t.Errorf("%d tokens were requested for one file", srv.Count(authserver.TokenEndpoint))
	}
	s.close(t.Context(), file).mustBeEmpty(t)
	mustBeGone(t, path)
}

// TestTokenFileAssertion holds that no token is requested for an assertion, and that none
// but the audience needs an address.
func TestTokenFileAssertion(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	signed := attributes{"private_key": key, "audience": "https://login.example.com/", "lifetime": "2s"}
	s := newSession(t).mustConfigure(attributes{"client_id": clientID, "signed_assertion": signed})
	file := s.open(tokenFileType, attributes{"content": "assertion"})
	file.diagnostics.mustBeEmpty(t)
	path, _ := file.result["path"].(string)
	first := fileText(t, path)
	decoded, err := oauth2.DecodeJWT(first)
	if err != nil || decoded.Claims["aud"] != "https://login.example.com/" || decoded.Claims["sub"] != clientID {
		t.Errorf("the file has %v, %v", decoded, err)
	}
	if want := decoded.ExpiresAt().Format(time.RFC3339); file.result["expires_at"] != want {
		t.Errorf("expires_at is %v, want %s", file.result["expires_at"], want)
	}
	acctest.Eventually(t, "the assertion is replaced", func() bool { return fileText(t, path) != first })
	s.close(t.Context(), file).mustBeEmpty(t)
	mustBeGone(t, path)
	jwt := token(t, authservertest.StartPlatform(t, authserver.PlatformConfig{}), "api://as")
	both := attributes{"content": "assertion", "signed_assertion": signed, "federated_assertion": attributes{"value": jwt}}
	s = newSession(t).mustConfigure(attributes{})
	s.validateEphemeral(tokenFileType, both).mustBeEmpty(t)
	file = s.open(tokenFileType, both)
	file.diagnostics.mustBeEmpty(t)
	if path, _ := file.result["path"].(string); fileText(t, path) != jwt {
		t.Errorf("the file does not have the federated assertion")
	}
	s.close(t.Context(), file).mustBeEmpty(t)
	delete(signed, "audience")
	s = newSession(t).mustConfigure(attributes{"client_id": clientID, "signed_assertion": signed})
	matchGolden(t, "assertion without audience", s.open(tokenFileType, attributes{"content": "assertion"}).diagnostics)
}

// TestWarningsOfTokenFile checks the diagnostics about a file that does not or cannot do
// what it is for.
func TestWarningsOfTokenFile(t *testing.T) {
	t.Parallel()
	t.Run("at open", func(t *testing.T) {
		t.Parallel()
		assertion := attributes{"content": "assertion", "min_validity": "10m", "client_secret": strings.Repeat("x", 32), "signed_assertion": attributes{"audience": "x"}}
		for name, config := range map[string]attributes{
			"warning, file with request_body":   {"request_body": "grant_type=client_credentials"},
			"warning, file with short token":    {"min_validity": "2h"},
			"warning, file with short JWT":      assertion,
			"warning, file in a missing folder": {"path": "/no/such/folder/token"},
		} {
			s := newSession(t, provider.WithNow(func() time.Time { return noon })).mustConfigure(providerBlock(startServer(t)))
			file := s.open(tokenFileType, config)
			matchGolden(t, name, file.diagnostics)
			s.close(t.Context(), file).mustBeEmpty(t)
		}
	})
	t.Run("at close", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t, func(client *authserver.Client) { client.Lifetime = time.Second })
		var log lockedBuffer
		s := newSession(t)
		s.ctx = log.capture(t.Context())
		s.mustConfigure(providerBlock(srv))
		file := s.open(tokenFileType, nil)
		file.diagnostics.mustBeEmpty(t)
		path, _ := file.result["path"].(string)
		token := fileText(t, path)
		srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(400, "invalid_scope", "no longer granted"))
		acctest.Eventually(t, "the failure is logged", func() bool {
			return strings.Contains(log.String(), "the token file could not be replaced")
		})
		if got := fileText(t, path); got != token {
			t.Errorf("the file has %q, want %q", got, token)
		}
		matchGolden(t, "warning, file not replaced", s.close(s.ctx, file))
		mustBeGone(t, path)
		if !strings.Contains(log.String(), `"@level":"warn"`) || strings.Contains(log.String(), token) {
			t.Errorf("logged is\n%s", log.String())
		}
	})
}

// TestCleanupRemovesTokenFiles holds that what core does not close is removed when the
// process ends, and that nothing is written by a provider that stops.
func TestCleanupRemovesTokenFiles(t *testing.T) {
	t.Parallel()
	cleanup := new(provider.Cleanup)
	s := newSession(t, provider.WithCleanup(cleanup)).mustConfigure(providerBlock(startServer(t)))
	var paths []string
	for range 3 {
		file := s.open(tokenFileType, nil)
		file.diagnostics.mustBeEmpty(t)
		path, _ := file.result["path"].(string)
		paths = append(paths, path)
	}
	closeAll(t, cleanup, time.Minute)
	for _, path := range paths {
		mustBeGone(t, path)
	}
	own := filepath.Join(t.TempDir(), "token")
	got := s.open(tokenFileType, attributes{"path": own})
	matchGolden(t, "file while stopping", got.diagnostics)
	mustBeGone(t, own)
}
