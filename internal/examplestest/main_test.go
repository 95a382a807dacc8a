// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" {
		if err := curl(context.Background(), os.Args[1:], os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, "curl:", err)
			os.Exit(1)
		}
		return
	}
	acctest.Main(func() int { return run(m) })
}

func run(m *testing.M) int {
	directory, err := installPrograms()
	defer func() { _ = os.RemoveAll(directory) }()
	// What users set in their environment.
	err = errors.Join(err, os.Setenv("OAUTH2CC_CLIENT_ID", environmentID), os.Setenv("OAUTH2CC_CLIENT_SECRET", environmentSecret))
	cache, cacheErr := os.MkdirTemp("", "cache")
	defer func() { _ = os.RemoveAll(cache) }()
	err = errors.Join(err, cacheErr, os.Setenv("XDG_CACHE_HOME", cache)) // instead of the default cache of the user who runs the tests
	stop, platformErr := startPipeline()
	defer stop()
	if err := errors.Join(err, platformErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// The client in the environment, from RFC 6749 section 2.3.1.
const (
	environmentID     = "s6BhdRkqt3"
	environmentSecret = "7Fjfp0ZBr1KtDRbnfVdmIw"
)
