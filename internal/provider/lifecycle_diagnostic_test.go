// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// diagnostics are what a provider tells the user.
type diagnostics []*tfprotov6.Diagnostic

// mustBeEmpty ends the test where there are diagnostics.
func (d diagnostics) mustBeEmpty(t *testing.T) {
	t.Helper()
	if len(d) > 0 {
		t.Fatalf("unexpected diagnostics:\n%s", d)
	}
}

// secretLines are the attributes whose source line may hold a secret, as the
// contract lists them. Terraform prints the line that a diagnostic points at.
var secretLines = []string{
	"client_secret", "signed_assertion", "federated_assertion", "parameters", "headers", "request_body",
	"tls", "proxy_url", "cache", "request_headers", "token",
}

// isAbout reports whether there are as many diagnostics as attributes, each about
// one: it points at the attribute, or below it, or names it in its text where
// pointing would show a secret.
func (d diagnostics) isAbout(names ...string) bool {
	if len(d) != len(names) {
		return false
	}
	for i, name := range names {
		at := pathText(d[i].Attribute)
		first, _, _ := strings.Cut(name, ".")
		named := at == "" && strings.Contains(d[i].Summary+d[i].Detail, name)
		pointed := at == name || strings.HasPrefix(at, name) && name != ""
		if !named && (!pointed || slices.Contains(secretLines, first)) {
			return false
		}
	}
	return true
}

// String shows the diagnostics much as the CLI does, without frames and without
// breaking lines.
func (d diagnostics) String() string {
	var shown []string
	for _, diagnostic := range d {
		severity := "Error"
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityWarning {
			severity = "Warning"
		}
		text := fmt.Sprintf("%s: %s\n", severity, diagnostic.Summary)
		if at := pathText(diagnostic.Attribute); at != "" {
			text += "  with " + at + "\n"
		}
		shown = append(shown, text+"\n"+diagnostic.Detail+"\n")
	}
	return strings.Join(shown, "\n")
}

// pathText writes a path as it is written in a configuration.
func pathText(path *tftypes.AttributePath) string {
	var text strings.Builder
	for _, step := range path.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			text.WriteString("." + string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&text, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", step)
		}
	}
	return strings.TrimPrefix(text.String(), ".")
}
