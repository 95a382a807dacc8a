// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed configurations
var configurations embed.FS

// Configuration is what a template of a provider's configuration can use.
type Configuration struct {
	Case

	TokenEndpoint string
	ClientSecret  string // of every client; their ids are client-0, client-1 and so on
}

// TokensPerClient is the number of tokens of each client.
func (c Configuration) TokensPerClient() int { return c.Tokens / c.Clients }

// provider is one of those that are compared.
type provider struct {
	name       string // in results
	kind       string // as in terraform-provider-KIND
	executable string
	template   *template.Template
}

// newProvider reads the template of a provider, or takes the one for its kind if path is
// empty.
func newProvider(name, executable, path string) (provider, error) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(executable), "terraform-provider-"), "_")
	executable, err := filepath.Abs(executable)
	if err != nil {
		return provider{}, err
	}
	if _, err := os.Stat(executable); err != nil {
		return provider{}, err
	}
	var text []byte
	if path == "" {
		text, err = fs.ReadFile(configurations, "configurations/"+kind+".tf.tmpl")
	} else {
		text, err = os.ReadFile(path) //nolint:gosec // the user names it
	}
	if err != nil {
		return provider{}, err
	}
	parsed, err := template.New(name).Parse(string(text))
	return provider{name, kind, executable, parsed}, err
}

// configure returns the configuration for a case, or "" if the provider cannot run it.
// It has a resource too, as an apply without changes does nothing.
func (p provider) configure(configuration Configuration) (string, error) {
	var text strings.Builder
	if err := p.template.Execute(&text, configuration); err != nil {
		return "", fmt.Errorf("configuration of %s: %w", p.name, err)
	}
	if strings.TrimSpace(text.String()) == "" {
		return "", nil
	}
	return text.String() + "\nresource \"terraform_data\" \"change\" {}\n", nil
}
