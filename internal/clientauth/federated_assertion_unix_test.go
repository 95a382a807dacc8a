// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package clientauth_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
)

// TestPipe: opening one that has no writer would never return.
func TestPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	noAssertion(t, platform(clientauth.FederatedAssertion{File: pipe}, nil), "file", pipe, "not a file")
}
