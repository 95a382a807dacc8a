// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// What differs from run to run.
var (
	loopbackPort = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)
	instant      = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
)

// registry is another with OpenTofu.
var registry = regexp.MustCompile(`registry\.(terraform\.io|opentofu\.org)`)

// told is what Terraform prints for a plan that must fail, without the frames and
// line breaks that depend on the terminal.
func told(t *testing.T, w *acctest.Workspace) string {
	t.Helper()
	result := w.Run("plan", "-json", "-input=false").MustExit(t, 1)
	var text strings.Builder
	for line := range strings.Lines(result.Stdout) {
		var message struct {
			Diagnostic *struct {
				Severity, Summary, Detail, Address string
				Snippet                            struct{ Code string }
			}
		}
		if json.Unmarshal([]byte(line), &message) != nil || message.Diagnostic == nil ||
			message.Diagnostic.Summary == "Provider development overrides are in effect" {
			continue
		}
		d := message.Diagnostic
		fmt.Fprintf(&text, "%s: %s\n  with %s\n  at %s\n\n%s\n", d.Severity, d.Summary, d.Address, strings.TrimSpace(d.Snippet.Code), d.Detail)
	}
	shown := loopbackPort.ReplaceAllString(text.String(), "$1:PORT")
	return registry.ReplaceAllString(instant.ReplaceAllString(shown, "TIME"), "REGISTRY")
}

// goldenName writes the name of a row as that of a file.
var goldenName = strings.NewReplacer(" ", "_", ",", "")

// matchGolden compares what Terraform prints with the file for a row of a server's
// table. A person has read each file.
func matchGolden(t *testing.T, server, row, got string) {
	t.Helper()
	path := filepath.Join("testdata", server, goldenName.Replace(row)+".txt")
	if *update {
		write(t, path, got)
		return
	}
	if want := read(t, path); got != want {
		t.Errorf("the diagnostics are\n%s\nwant\n%s", got, want)
	}
}
