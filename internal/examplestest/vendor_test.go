// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// values are those of an example's variables: strings verbatim, others as JSON.
type values map[string]string

// listen serves a vendor on loopback and returns its URL.
func listen(t *testing.T, vendor http.Handler) string {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	return server.URL
}

// newWorkspace returns a workspace with a vendor's example, unchanged.
func newWorkspace(t *testing.T, name string, variables values, env ...string) *acctest.Workspace {
	t.Helper()
	for variable, value := range variables {
		env = append(env, "TF_VAR_"+variable+"="+value)
	}
	workspace := acctest.New(t, "", env...)
	for file, content := range vendorFiles(t, name) {
		workspace.Write(file, content)
	}
	return workspace
}

// vendorFiles are the configuration files of a vendor's example, by name.
func vendorFiles(t *testing.T, example string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(examplesDirectory, "vendors", example, "*.tf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no example %s: %v", example, err)
	}
	found := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(path)] = string(content)
	}
	return found
}

// change gives an apply something to do: without changes, Terraform opens no
// ephemeral resources.
const change = `
resource "terraform_data" "change" {}
`
