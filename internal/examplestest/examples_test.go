// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	oauth2cc "github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

const examplesDirectory = "../../examples"

// runElsewhere lists the examples that have a test of their own.
var runElsewhere = []string{"demo/main.tf"} // internal/cmd/demo

// TestEveryExampleIsRun fails on an example that nobody runs, and on a row
// without an example.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	var found []string
	err := fs.WalkDir(os.DirFS(examplesDirectory), ".", func(path string, _ fs.DirEntry, err error) error {
		if path == "vendors" { // internal/vendorstest
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".tf") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	known := slices.AppendSeq(slices.Clone(runElsewhere), maps.Keys(examples()))
	slices.Sort(known)
	if !slices.Equal(found, known) {
		t.Errorf("examples are\n%q, run are\n%q", found, known)
	}
}

func TestAccExamples(t *testing.T) {
	t.Parallel()
	for path, row := range examples() {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			apply(t, path, row)
		})
	}
}

// TestAccGrantedScopes has the server grant less than the example needs.
func TestAccGrantedScopes(t *testing.T) {
	t.Parallel()
	const path = "recipes/granted_scopes.tf"
	row := examples()[path]
	row.client.Granted = []string{"orders:read"}
	row.fails = regexp.MustCompile("did not grant orders:write")
	row.calls = nil
	apply(t, path, row)
}

// TestAccReadme runs the configuration in the README.
func TestAccReadme(t *testing.T) {
	t.Parallel()
	apply(t, "../README.md", example{forms: []url.Values{clientCredentials(url.Values{"audience": {"kubernetes"}})}})
}

// apply runs plan, apply, a second plan and destroy, and checks what the servers
// saw of it.
func apply(t *testing.T, path string, row example) {
	t.Helper()
	srv := startServer(t, row)
	if row.script != nil {
		row.script(srv)
	}
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		Steps: []resource.TestStep{{
			ConfigDirectory: config.StaticDirectory(stage(t, path, row, srv)),
			ConfigVariables: row.variables,
			ExpectError:     row.fails,
			ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
				"oauth2cc":   served(oauth2cc.New("test")),
				"http":       served(func() provider.Provider { return httpProvider{} }),
				"kubernetes": served(func() provider.Provider { return kubernetesProvider{} }),
			},
		}},
	})
	compare(t, "token requests", forms(srv), encoded(row.forms))
	compare(t, "API calls", calls(srv), row.calls)
	if row.check != nil {
		row.check(t, srv)
	}
}

// served makes a new provider for each command, as a process of its own would be.
func served(make func() provider.Provider) func() (tfprotov6.ProviderServer, error) {
	return func() (tfprotov6.ProviderServer, error) { return providerserver.NewProtocol6WithError(make())() }
}

func startServer(t *testing.T, row example) *authservertest.Server {
	t.Helper()
	clients := append([]authserver.Client{row.client}, row.others...)
	for i := range clients {
		if clients[i].ID == "" {
			clients[i].ID = environmentID
		}
		if clients[i].Secret == "" {
			clients[i].Secret = environmentSecret
		}
		clients[i].Lifetime = time.Hour
	}
	settings := authserver.Config{Clients: clients}
	if row.encrypted {
		return authservertest.StartTLS(t, settings, authservertest.Valid)
	}
	return authservertest.Start(t, settings)
}

// stage puts an example into a directory of its own, with the files that it
// refers to, and with the addresses of the servers that run. Nothing else in it
// is changed.
func stage(t *testing.T, path string, row example, srv *authservertest.Server) string {
	t.Helper()
	proxy := authservertest.StartProxy(t, "", "")
	if row.encrypted {
		t.Cleanup(func() {
			if proxy.Count() == 0 {
				t.Error("nothing went through the proxy")
			}
		})
	}
	addresses := strings.NewReplacer(
		`"https://auth.example.com`, `"`+srv.URL,
		`url = "https://api.example.com`, `url = "`+srv.APIURL,
		`--header @- https://api.example.com`, `--header @- `+srv.APIURL,
		"https://cluster.example.com", srv.APIURL,
		"http://proxy.example.com:3128", proxy.URL,
		// terraform-plugin-testing serves providers of this namespace alone.
		`source = "oauth2cc/oauth2cc"`, `source = "hashicorp/oauth2cc"`,
	)
	directory := t.TempDir()
	for name, content := range map[string]string{
		"main.tf":            addresses.Replace(source(t, path)),
		"ca.pem":             srv.CAPEM,
		"register-client.sh": "curl --request POST " + srv.URL + "/register\n",
		"place-order.sh":     `curl --fail --request POST --header "Authorization: $AUTHORIZATION" ` + srv.APIURL + "/baskets\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// source is the text of an example, or of the first configuration in a document.
func source(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(examplesDirectory, path))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	if filepath.Ext(path) == ".md" {
		_, text, _ = strings.Cut(text, "```hcl\n")
		text, _, _ = strings.Cut(text, "```\n")
	}
	return text
}

// forms are the token requests, all of which must have been accepted.
func forms(srv *authservertest.Server) []string {
	var found []string
	for _, request := range srv.Requests(authserver.TokenEndpoint) {
		text := request.Form().Encode()
		if request.Status != http.StatusOK {
			text += fmt.Sprint(" answered ", request.Status)
		}
		found = append(found, text)
	}
	return found
}

func encoded(forms []url.Values) []string {
	var found []string
	for _, form := range forms {
		found = append(found, form.Encode())
	}
	return found
}

func calls(srv *authservertest.Server) []string {
	var found []string
	for _, request := range srv.Requests(authserver.API) {
		found = append(found, fmt.Sprintf("%s %s %d", request.Method, request.Target, request.Status))
	}
	return found
}

// compare takes no notice of order and repetition: the steps of a test are runs
// of their own, and an example opens its tokens side by side.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	unique := func(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }
	if !slices.Equal(unique(got), unique(want)) {
		t.Errorf("%s are\n%q, want\n%q", what, unique(got), unique(want))
	}
}
