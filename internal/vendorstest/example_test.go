// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendorstest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

const examplesDirectory = "../../examples/vendors"

// values are those of an example's variables, texts as they are and others as
// JSON.
type values map[string]string

// start listens on loopback for a vendor and returns its URL.
func start(t *testing.T, vendor http.Handler) string {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	return server.URL
}

// stage puts an example into a workspace, as it is.
func stage(t *testing.T, name string, variables values, env ...string) *acctest.Workspace {
	t.Helper()
	for variable, value := range variables {
		env = append(env, "TF_VAR_"+variable+"="+value)
	}
	workspace := acctest.New(t, "", env...)
	for file, content := range files(t, name) {
		add(t, workspace, file, content)
	}
	return workspace
}

// add writes one more file into a workspace.
func add(t *testing.T, workspace *acctest.Workspace, file, content string) {
	t.Helper()
	if err := os.WriteFile(workspace.Path(file), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// files are the configuration of an example, by their names.
func files(t *testing.T, example string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(examplesDirectory, example, "*.tf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is no example %s: %v", example, err)
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

// change has an apply do something: Terraform does not begin one, and so opens no
// ephemeral resource, where there is nothing to change.
const change = `
resource "terraform_data" "change" {}
`

// TestEveryExampleIsRun fails on an example that no test of this package knows.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(filepath.Join(examplesDirectory, "*", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range found {
		found[i] = filepath.Base(filepath.Dir(path))
	}
	known := []string{"brainysoft", "http-basic", "neonomics", "neucron", "neucron-grant-action", "neuroflash"}
	if !slices.Equal(found, known) {
		t.Errorf("examples are %q, run are %q", found, known)
	}
}
