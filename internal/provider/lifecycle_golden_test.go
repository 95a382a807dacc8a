// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

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
		t.Errorf("the user is told\n%s\nwant\n%s", text, want)
	}
}
