// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Server is a provider that has actions, as Terraform talks to it.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
}

// server is the framework's server, with all diagnostics passed through hideLines,
// including those of the framework itself and of other libraries' validators.
type server struct {
	Server

	// schemas are those of the provider. They are needed only if there are diagnostics.
	schemas func() *schemas
}

// schemas are the schemas of a provider.
type schemas = tfprotov6.GetProviderSchemaResponse

// NewServer returns a server of a new provider, with a cache of its own.
func NewServer(version string, options ...Option) Server {
	// The framework returns its server as a type without actions.
	p := &Provider{version: version, getenv: os.Getenv, now: time.Now, cleanup: new(Cleanup)}
	for _, option := range options {
		option(p)
	}
	framework, _ := providerserver.NewProtocol6(p)().(Server)
	return &server{framework, sync.OnceValue(func() *schemas {
		all, _ := framework.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}) // never an error
		return all
	})}
}

// ValidateProviderConfig implements [tfprotov6.ProviderServer].
func (s *server) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := s.Server.ValidateProviderConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, providerSchema)
	}
	return resp, err
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (s *server) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := s.Server.ConfigureProvider(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, providerSchema)
	}
	return resp, err
}

// ValidateDataResourceConfig implements [tfprotov6.DataSourceServer].
func (s *server) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := s.Server.ValidateDataResourceConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, dataSourceSchema(req.TypeName))
	}
	return resp, err
}

// ReadDataSource implements [tfprotov6.DataSourceServer].
func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.Server.ReadDataSource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, dataSourceSchema(req.TypeName))
	}
	return resp, err
}

// ValidateEphemeralResourceConfig implements [tfprotov6.EphemeralResourceServer].
func (s *server) ValidateEphemeralResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest,
) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	resp, err := s.Server.ValidateEphemeralResourceConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, ephemeralSchema(req.TypeName))
	}
	return resp, err
}

// OpenEphemeralResource implements [tfprotov6.EphemeralResourceServer].
func (s *server) OpenEphemeralResource(
	ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest,
) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := s.Server.OpenEphemeralResource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, ephemeralSchema(req.TypeName))
	}
	return resp, err
}

// RenewEphemeralResource implements [tfprotov6.EphemeralResourceServer]. Terraform
// sends no configuration here, nor to CloseEphemeralResource.
func (s *server) RenewEphemeralResource(
	ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest,
) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	resp, err := s.Server.RenewEphemeralResource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, nil, nil)
	}
	return resp, err
}

// CloseEphemeralResource implements [tfprotov6.EphemeralResourceServer].
func (s *server) CloseEphemeralResource(
	ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest,
) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	resp, err := s.Server.CloseEphemeralResource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, nil, nil)
	}
	return resp, err
}

// ValidateActionConfig implements [tfprotov6.ActionServer].
func (s *server) ValidateActionConfig(
	ctx context.Context, req *tfprotov6.ValidateActionConfigRequest,
) (*tfprotov6.ValidateActionConfigResponse, error) {
	resp, err := s.Server.ValidateActionConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, actionSchema(req.ActionType))
	}
	return resp, err
}

// PlanAction implements [tfprotov6.ActionServer].
func (s *server) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	resp, err := s.Server.PlanAction(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, actionSchema(req.ActionType))
	}
	return resp, err
}

// InvokeAction implements [tfprotov6.ActionServer].
func (s *server) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	resp, err := s.Server.InvokeAction(ctx, req)
	if err != nil {
		return resp, err
	}
	events := resp.Events
	resp.Events = func(yield func(tfprotov6.InvokeActionEvent) bool) {
		for event := range events {
			if completed, ok := event.Type.(tfprotov6.CompletedInvokeActionEventType); ok {
				s.hideLines(completed.Diagnostics, req.Config, actionSchema(req.ActionType))
			}
			if !yield(event) {
				return
			}
		}
	}
	return resp, nil
}

func providerSchema(all *schemas) *tfprotov6.Schema { return all.Provider }

func dataSourceSchema(typeName string) func(*schemas) *tfprotov6.Schema {
	return func(all *schemas) *tfprotov6.Schema { return all.DataSourceSchemas[typeName] }
}

func ephemeralSchema(typeName string) func(*schemas) *tfprotov6.Schema {
	return func(all *schemas) *tfprotov6.Schema { return all.EphemeralResourceSchemas[typeName] }
}

// actionSchema returns a function that picks the schema of an action.
func actionSchema(typeName string) func(*schemas) *tfprotov6.Schema {
	return func(all *schemas) *tfprotov6.Schema {
		if found := all.ActionSchemas[typeName]; found != nil {
			return found.Schema
		}
		return nil
	}
}

// hideLines removes the path of diagnostics whose source line may hold a secret, since
// Terraform prints that line with every literal on it. The text then names the
// attribute. Pick chooses the schema of config; both are nil if there is no
// configuration.
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

// isSensitive reports whether a top-level attribute is sensitive, or has a sensitive
// member, in any kind of block: attributes of actions cannot be marked.
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
	// env or file may hold the assertion itself by mistake, and query a key.
	if attribute.Sensitive || attribute.Name == "federated_assertion" {
		return true
	}
	return attribute.NestedType != nil && slices.ContainsFunc(attribute.NestedType.Attributes, hasSensitive)
}

// holdsSecret reports whether an attribute that is not sensitive has a value that looks
// like a secret, or cannot be decoded.
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

// shownName returns a name, or a word of a closed list, for quoting it, if it is short
// and looks like one: it may be a secret in the wrong place.
func shownName(text string) string {
	if !nameShaped.MatchString(text) || secret.LooksLikeKey(text) {
		return "…"
	}
	return text
}

var nameShaped = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]{0,40}$`)

// attributeName writes a path without the elements of maps and lists, as texts name
// attributes.
func attributeName(path *tftypes.AttributePath) string {
	var steps []string
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			steps = append(steps, string(name))
		}
	}
	return strings.Join(steps, ".")
}

// names reports whether a text contains the name of an attribute as a word.
func names(text, attribute string) bool {
	words := strings.FieldsFunc(text, func(char rune) bool { return !isAlphanumeric(char) && char != '_' && char != '.' })
	return slices.ContainsFunc(words, func(word string) bool { return strings.Trim(word, ".") == attribute })
}
