// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Terraform prints the source line of the attribute that a diagnostic points at, and
// with it every literal on that line.

// hideLines takes the path out of those diagnostics whose line may hold a secret,
// and has their text name the attribute instead. The schema that pick chooses is
// that of config; both are nil where Terraform names no configuration.
func (s *server) hideLines(found []*tfprotov6.Diagnostic, config *tfprotov6.DynamicValue, pick func(*schemas) *tfprotov6.Schema) {
	for _, diagnostic := range found {
		name := attributeName(diagnostic.Attribute)
		if name == "" {
			continue
		}
		root, _, _ := strings.Cut(name, ".")
		if !s.isSensitive(root) && (config == nil || !holdsSecret(config, pick(s.schemas()), root)) {
			continue
		}
		diagnostic.Attribute = nil
		if !names(diagnostic.Summary, name) && !names(diagnostic.Detail, name) {
			diagnostic.Detail += "\n\nAttribute: " + name
		}
	}
}

// isSensitive reports whether an attribute at the top of a block is sensitive or has
// a sensitive member, in a block of any kind: those of actions cannot be marked.
func (s *server) isSensitive(name string) bool {
	all := s.schemas()
	blocks := []*tfprotov6.Schema{all.Provider}
	for _, schema := range all.EphemeralResourceSchemas {
		blocks = append(blocks, schema)
	}
	for _, schema := range all.DataSourceSchemas {
		blocks = append(blocks, schema)
	}
	return slices.ContainsFunc(blocks, func(schema *tfprotov6.Schema) bool {
		return slices.ContainsFunc(schema.Block.Attributes, func(attribute *tfprotov6.SchemaAttribute) bool {
			return attribute.Name == name && hasSensitive(attribute)
		})
	})
}

// hasSensitive reports whether an attribute or a member of it is sensitive.
func hasSensitive(attribute *tfprotov6.SchemaAttribute) bool {
	// Somebody may write the assertion itself into env or file, and a key into query.
	if attribute.Sensitive || attribute.Name == "federated_assertion" {
		return true
	}
	return attribute.NestedType != nil && slices.ContainsFunc(attribute.NestedType.Attributes, hasSensitive)
}

// holdsSecret reports whether an attribute that is not sensitive has a value that
// looks like a secret all the same. What cannot be decoded may.
func holdsSecret(config *tfprotov6.DynamicValue, schema *tfprotov6.Schema, root string) bool {
	block, err := config.Unmarshal(schema.ValueType())
	var attributes map[string]tftypes.Value
	if err != nil || block.As(&attributes) != nil {
		return true
	}
	holds := false
	_ = tftypes.Walk(attributes[root], func(_ *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		var text string
		if value.IsKnown() && value.Type().Is(tftypes.String) && value.As(&text) == nil {
			holds = holds || secret.LooksSecret(text)
		}
		return true, nil
	})
	return holds
}

// shownName repeats a name or a word of a closed list that a user gave, if it is
// short and looks like one: it may be a secret in the wrong place.
func shownName(text string) string {
	if !nameShaped.MatchString(text) || secret.LooksLikeKey(text) {
		return "…"
	}
	return text
}

var nameShaped = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]{0,40}$`)

// attributeName writes a path without the elements of maps and lists, as an
// attribute or a member of one is named in texts.
func attributeName(path *tftypes.AttributePath) string {
	var steps []string
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			steps = append(steps, string(name))
		}
	}
	return strings.Join(steps, ".")
}

// names reports whether a text has the name of an attribute in it as a word.
func names(text, attribute string) bool {
	words := strings.FieldsFunc(text, func(char rune) bool { return !isAlphanumeric(char) && char != '_' && char != '.' })
	return slices.ContainsFunc(words, func(word string) bool { return strings.Trim(word, ".") == attribute })
}
