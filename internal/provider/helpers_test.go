// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func TestMain(m *testing.M) { acctest.Main(m.Run) }

// The client of the examples in RFC 6749 section 2.3.1, and some scopes.
const (
	clientID     = "s6BhdRkqt3"
	clientSecret = "7Fjfp0ZBr1KtDRbnfVdmIw"
)

// exampleClient is that client's registration, changed by change.
func exampleClient(change ...func(*authserver.Client)) authserver.Client {
	client := authserver.Client{ID: clientID, Secret: clientSecret, Scopes: []string{"read", "write"}, Lifetime: time.Hour}
	for _, f := range change {
		f(&client)
	}
	return client
}

// startServer starts a server that knows the client of exampleClient.
func startServer(t testing.TB, change ...func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{Clients: []authserver.Client{exampleClient(change...)}})
}

// providerBlock is a provider block for the client of exampleClient, with more
// merged over it.
func providerBlock(srv *authservertest.Server, more ...attributes) attributes {
	block := attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "client_secret": clientSecret}
	return merged(append([]attributes{block}, more...)...)
}

// merged merges each layer over those before it.
func merged(layers ...attributes) attributes {
	all := attributes{}
	for _, layer := range layers {
		maps.Copy(all, layer)
	}
	return all
}

// answering changes token answers.
func answering(mutations ...authserver.Mutation) func(*authserver.Client) {
	return func(client *authserver.Client) { client.TokenResponse = append(client.TokenResponse, mutations...) }
}

// diagnostics are what a provider tells the user.
type diagnostics []*tfprotov6.Diagnostic

// mustBeEmpty ends the test where there are diagnostics.
func (d diagnostics) mustBeEmpty(t testing.TB) {
	t.Helper()
	if len(d) > 0 {
		t.Fatalf("unexpected diagnostics:\n%s", d)
	}
}

// secretLines are the attributes whose source line may hold a secret, as the
// contract lists them. Terraform prints the line that a diagnostic points at.
var secretLines = []string{
	"client_secret", "signed_assertion", "federated_assertion", "parameters", "headers", "request_body",
	"dpop_private_key", "tls", "proxy_url", "cache", "request_headers", "token",
	"private_key", "private_key_passphrase", "pkcs12", "pkcs12_password", "secret",
}

// isAbout reports whether there are as many diagnostics as attributes, each about
// one: it points at the attribute, or below it, or names it in its text where
// pointing would show a secret.
func (d diagnostics) isAbout(names ...string) bool {
	if len(d) != len(names) {
		return false
	}
	for i, name := range names {
		at := pathText(d[i].Attribute)
		first, _, _ := strings.Cut(name, ".")
		named := at == "" && strings.Contains(d[i].Summary+d[i].Detail, name)
		pointed := at == name || strings.HasPrefix(at, name) && name != ""
		if !named && (!pointed || slices.Contains(secretLines, first)) {
			return false
		}
	}
	return true
}

// String shows the diagnostics much as the CLI does, without frames and without
// breaking lines.
func (d diagnostics) String() string {
	var shown []string
	for _, diagnostic := range d {
		severity := "Error"
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityWarning {
			severity = "Warning"
		}
		text := fmt.Sprintf("%s: %s\n", severity, diagnostic.Summary)
		if at := pathText(diagnostic.Attribute); at != "" {
			text += "  with " + at + "\n"
		}
		shown = append(shown, text+"\n"+diagnostic.Detail+"\n")
	}
	return strings.Join(shown, "\n")
}

// pathText writes a path as it is written in a configuration.
func pathText(path *tftypes.AttributePath) string {
	var text strings.Builder
	for _, step := range path.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			text.WriteString("." + string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&text, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", step)
		}
	}
	return strings.TrimPrefix(text.String(), ".")
}

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// What differs from run to run.
var (
	loopbackPort = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)
	elapsed      = regexp.MustCompile(`times over [0-9.]+m?s`)
	instant      = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)
)

// goldenName writes the name of a row as that of a file.
var goldenName = strings.NewReplacer(" ", "_", ",", "")

// matchGolden compares diagnostics with the file called name under
// testdata/diagnostics.
func matchGolden(t *testing.T, name string, got diagnostics) {
	t.Helper()
	matchGoldenFile(t, path.Join("diagnostics", goldenName.Replace(name)+".txt"), got)
}

// matchGoldenFile compares diagnostics with a file under testdata, ports and times
// aside.
func matchGoldenFile(t *testing.T, file string, got diagnostics) {
	t.Helper()
	text := loopbackPort.ReplaceAllString(got.String(), "$1:PORT")
	text = elapsed.ReplaceAllString(text, "times over DURATION")
	text = instant.ReplaceAllString(text, "TIME")
	file = filepath.Join("testdata", filepath.FromSlash(file))
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if text != string(want) {
		t.Errorf("the diagnostics are\n%s\nwant\n%s", text, want)
	}
}

// fileText is the text of a file.
func fileText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lockedBuffer holds a log that is written from several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String is what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// capture returns a context whose calls log into b, the provider and its framework
// at every level.
func (b *lockedBuffer) capture(ctx context.Context) context.Context {
	return tfsdklogtest.RootLogger(tflogtest.RootLogger(ctx, b), b)
}
