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

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	oauth2cc "github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

const examplesDirectory = "../../examples"

// runElsewhere lists the examples that are not in the table.
var runElsewhere = []string{
	"demo/main.tf", // internal/cmd/demo
	"vendors/brainysoft",
	"vendors/http-basic",
	"vendors/neonomics",
	"vendors/neucron",
	"vendors/neucron-grant-action",
	"vendors/neuroflash",
}

// TestEveryExampleIsRun fails on an example without a test and on a row without an
// example.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	var found []string
	err := fs.WalkDir(os.DirFS(examplesDirectory), ".", func(path string, entry fs.DirEntry, err error) error {
		if vendor, _ := filepath.Match("vendors/*", path); vendor && entry.IsDir() {
			found = append(found, path)
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
	known := slices.AppendSeq(slices.Concat(runElsewhere, testedModules), maps.Keys(examples(t)))
	for file := range longRuns(t) {
		known = append(known, "long-runs/"+file)
	}
	slices.Sort(known)
	if !slices.Equal(found, known) {
		t.Errorf("examples are\n%q, run are\n%q", found, known)
	}
}

func TestAccExamples(t *testing.T) {
	t.Parallel()
	for path, row := range examples(t) {
		if row.alone {
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			apply(t, path, row)
		})
	}
}

// TestAccExamplesWithoutClient runs those whose credentials are elsewhere, while no
// other test runs.
func TestAccExamplesWithoutClient(t *testing.T) {
	for path, row := range examples(t) {
		if !row.alone {
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Setenv("OAUTH2CC_CLIENT_ID", "")
			t.Setenv("OAUTH2CC_CLIENT_SECRET", "")
			apply(t, path, row)
		})
	}
}

// TestAccGrantedScopes has the server grant less than the example needs.
func TestAccGrantedScopes(t *testing.T) {
	t.Parallel()
	const path = "recipes/granted_scopes.tf"
	row := examples(t)[path]
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
	acctest.Needs(t, source(t, path))
	srv := startServer(t, row)
	if row.script != nil {
		row.script(srv)
	}
	if row.prepare != nil {
		row.variables = row.prepare(t)
	}
	factories := map[string]func() (tfprotov6.ProviderServer, error){
		"oauth2cc":   func() (tfprotov6.ProviderServer, error) { return oauth2cc.NewServer("test"), nil },
		"http":       factory(func() provider.Provider { return httpProvider{} }),
		"kubernetes": factory(func() provider.Provider { return kubernetesProvider{} }),
	}
	// Each is started for each command, needed or not.
	maps.DeleteFunc(factories, func(name string, _ func() (tfprotov6.ProviderServer, error)) bool {
		return !strings.Contains(source(t, path), name)
	})
	resource.Test(t, resource.TestCase{
		Steps: []resource.TestStep{{
			ConfigDirectory:          config.StaticDirectory(stage(t, path, row, srv)),
			ConfigVariables:          row.variables,
			ExpectError:              row.fails,
			ProtoV6ProviderFactories: factories,
		}},
	})
	compare(t, "token requests", forms(srv), encoded(row.forms))
	if row.wire != nil {
		compare(t, "requests", elsewhere(srv), row.wire)
	}
	compare(t, "API calls", calls(srv), row.calls)
	if row.check != nil {
		row.check(t, srv)
	}
}

// factory returns a new provider for each command, like a process of its own.
func factory(make func() provider.Provider) func() (tfprotov6.ProviderServer, error) {
	return func() (tfprotov6.ProviderServer, error) { return providerserver.NewProtocol6WithError(make())() }
}

func startServer(t *testing.T, row example) *authservertest.Server {
	t.Helper()
	clients := append([]authserver.Client{row.client}, row.others...)
	for i := range clients {
		if clients[i].ID == "" {
			clients[i].ID = environmentID
		}
		if clients[i].Secret == "" && withSecret(clients[i].AuthMethod) {
			clients[i].Secret = environmentSecret
		}
		clients[i].Lifetime = time.Hour
	}
	settings := row.settings
	settings.Clients = clients
	switch {
	case row.mutual:
		return authservertest.StartMTLSAliases(t, settings)
	case row.encrypted:
		return authservertest.StartTLS(t, settings, authservertest.Valid)
	default:
		return authservertest.Start(t, settings)
	}
}

// withSecret tells whether the environment's secret is for clients that
// authenticate so.
func withSecret(method string) bool {
	return slices.Contains([]string{"", authserver.ClientSecretBasic, authserver.ClientSecretPost}, method)
}

// stage puts an example into a directory of its own, with the files that it
// refers to, and with the addresses of the servers that run. Nothing else in it
// is changed.
func stage(t *testing.T, path string, row example, srv *authservertest.Server) string {
	t.Helper()
	proxy := authservertest.StartProxy(t, "", "")
	if row.encrypted {
		t.Cleanup(func() {
			if proxy.Count() == 0 && !t.Skipped() {
				t.Error("nothing went through the proxy")
			}
		})
	}
	directory := t.TempDir()
	files := map[string]string{
		"main.tf":            here(directory, srv, proxy).Replace(apiURL.ReplaceAllString(source(t, path), "${1}"+srv.APIURL)),
		"ca.pem":             srv.CAPEM,
		"identity.jwt":       os.Getenv("OAUTH2CC_ID_TOKEN") + "\n",
		"register-client.sh": "curl --request POST " + srv.URL + "/register\n",
		"place-order.sh":     `curl --fail --request POST --header "Authorization: $AUTHORIZATION" ` + srv.APIURL + "/baskets\n",
	}
	maps.Copy(files, row.files)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// apiURL is the protected API, or a vendor's, as a request's address. It stays where it
// is an audience.
var apiURL = regexp.MustCompile(`(?m)^( *url *= ")https://(?:api\.example\.com|api\.github\.com|api\.appstoreconnect\.apple\.com|` +
	`[a-z-]+\.snowflakecomputing\.com|shop\.ghost\.io|(?:iamcredentials|storage)\.googleapis\.com)`)

// here writes the addresses of the examples as those of what runs in their place.
func here(directory string, srv *authservertest.Server, proxy *authservertest.Proxy) *strings.Replacer {
	jwtFile := filepath.Join(directory, "identity.jwt")
	return strings.NewReplacer(
		`"https://auth.example.com`, `"`+srv.URL,
		`"https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"`, `"`+srv.TokenURL()+`"`,
		`"https://oauth2.googleapis.com/token"`, `"`+srv.TokenURL()+`"`,
		`"https://sts.googleapis.com/v1/token"`, `"`+srv.TokenURL()+`"`,
		`"https://account-d.docusign.com/oauth/token"`, `"`+srv.TokenURL()+`"`,
		`"https://login.salesforce.com/services/oauth2/token"`, `"`+srv.TokenURL()+`"`,
		`--header @- https://api.example.com`, `--header @- `+srv.APIURL,
		"https://cluster.example.com", srv.APIURL,
		"http://proxy.example.com:3128", proxy.URL,
		"/var/run/secrets/tokens/oauth2cc", jwtFile,
		"/var/run/secrets/azure/tokens/azure-identity-token", jwtFile,
		"/run/identity/oauth2cc.jwt", jwtFile,
		// terraform-plugin-testing serves providers of this namespace alone.
		`"oauth2cc/oauth2cc"`, `"hashicorp/oauth2cc"`,
	)
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
		form := request.Form()
		for _, name := range []string{"assertion", "client_assertion", "subject_token"} {
			if form.Has(name) {
				form.Set(name, anyJWT)
			}
		}
		text := form.Encode()
		if request.Status != http.StatusOK {
			text += fmt.Sprint(" answered ", request.Status)
		}
		found = append(found, text)
	}
	return found
}

// anyJWT stands for a JWT, and uuid for an identifier of Terraform's making.
const anyJWT, uuid = "<JWT>", "<UUID>"

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// elsewhere are the requests to addresses that are not endpoints of the server.
func elsewhere(srv *authservertest.Server) []string {
	var found []string
	for _, request := range srv.Requests(authserver.OtherPath) {
		found = append(found, strings.TrimSpace(request.Method+" "+request.Target+"\n"+string(request.Body)))
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
		found = append(found, fmt.Sprintf("%s %s %d", request.Method, uuidPattern.ReplaceAllString(request.Target, uuid), request.Status))
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
