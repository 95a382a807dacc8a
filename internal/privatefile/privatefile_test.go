// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package privatefile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
)

// TestReplaceFails: what cannot be replaced stays as it is, and nothing is left beside it.
// The stores and token files test the rest.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	folder, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Close() }()
	if err := privatefile.Replace(folder, "taken", []byte("content")); err == nil {
		t.Error("a folder was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || !left[0].IsDir() {
		t.Errorf("the folder has %v, %v", left, err)
	}
}
