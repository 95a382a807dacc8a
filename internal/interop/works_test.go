// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// page is the guide that ends with the table of what works, which these tests write.
const (
	page        = "../../templates/guides/what-works.md.tmpl"
	tableHeader = "| Server | Method | Feature |\n|---|---|---|\n"
)

// passed are the rows of the table whose tests have passed in this run.
var passed = struct {
	sync.Mutex

	rows map[row]bool
}{rows: map[row]bool{}}

type row struct{ server, method, feature string }

// works adds a row to the table in the guide if t passes. Server is a key of versions; method
// and feature are Markdown.
func works(t *testing.T, server, method, feature string) {
	t.Helper()
	if versions[server] == nil {
		t.Fatalf("versions has no command that prints the version of %s", server)
	}
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		passed.Lock()
		defer passed.Unlock()
		passed.rows[row{server, method, feature}] = true
	})
}

// worksByName is [works] for a row of a table of tests, named "method" or "method, feature".
func worksByName(t *testing.T, server, name string) {
	t.Helper()
	method, feature, found := strings.Cut(name, ", ")
	if !found {
		feature = "a token"
	}
	works(t, server, "`"+method+"`", feature)
}

// versions are commands that print the version of an installed server.
var versions = map[string][]string{
	"curl":             {"curl", "--version"},
	"glewlwyd":         {"glewlwyd", "--version"},
	"nginx":            {"nginx", "-v"},
	"oidc-provider":    {"node", "-p", "require('./oidc-provider/node_modules/oidc-provider/package.json').version"},
	"OpenSC":           {"opensc-tool", "--info"},
	"provider http":    {"go", "list", "-C", "../../tools/http", "-m", "-f", "{{.Version}}", "github.com/terraform-providers/terraform-provider-http"},
	"provider restapi": {"go", "list", "-C", "../../tools/restapi", "-m", "-f", "{{.Version}}", "github.com/Mastercard/terraform-provider-restapi"},
	"Redis":            {"redis-server", "--version"},
	"SoftHSM":          {"softhsm2-util", "--version"},
	"squid":            {"squid", "-v"},
	"tinyproxy":        {"tinyproxy", "-v"},
	"Valkey":           {"valkey-server", "--version"},
}

// release is the part of a version that security updates of a distribution do not change.
var release = regexp.MustCompile(`\d+\.\d+`)

// table is the table of what passed.
func table() (string, error) {
	named, lines := map[string]string{}, map[string]bool{}
	for row := range passed.rows {
		if named[row.server] == "" {
			command := versions[row.server]
			path, err := find(command[0])
			if err != nil {
				return "", err
			}
			output, err := exec.CommandContext(context.Background(), path, command[1:]...).CombinedOutput()
			if err != nil {
				return "", fmt.Errorf("%s: %w\n%s", path, err, output)
			}
			named[row.server] = row.server + " " + release.FindString(string(output))
		}
		lines[fmt.Sprintf("| %s | %s | %s |\n", named[row.server], row.method, row.feature)] = true
	}
	return tableHeader + strings.Join(slices.Sorted(maps.Keys(lines)), ""), nil
}

// checkPage compares the guide's table with what passed in a run of all tests. With -update, it
// rewrites the table.
func checkPage() error {
	if !enabled || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" {
		return nil
	}
	got, err := table()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(text), tableHeader)
	if _, err := find("valkey-server"); err != nil { // not every mirror has it for Debian 12
		after = regexp.MustCompile(`(?m)^\| Valkey .*\n`).ReplaceAllString(after, "")
	}
	switch {
	case !found:
		return fmt.Errorf("%s has no table", page)
	case *update:
		return os.WriteFile(page, []byte(before+got), 0o644) //nolint:gosec // a page of the documentation
	case tableHeader+after != got:
		return fmt.Errorf("the table of %s is stale: run again with -update, then make generate. What passed:\n%s", page, got)
	}
	return nil
}
