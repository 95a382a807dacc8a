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

// server is the framework's server. The methods that it replaces are calls, see
// callContext, and pass their diagnostics through hideLines, including those of the
// framework itself and of other libraries' validators. The framework's methods never
// return an error.
type server struct {
	Server

	// schemas are those of all blocks, named as in blockSchemas. They are needed only if there
	// are diagnostics.
	schemas func() map[string]*tfprotov6.Schema
}

// NewServer returns a server of a new provider, with a cache of its own.
func NewServer(version string, options ...Option) Server {
	// The framework returns its server as a type without actions.
	p := &oauth2ccProvider{version: version, getenv: os.Getenv, now: time.Now, cleanup: new(Cleanup)}
	for _, option := range options {
		option(p)
	}
	framework, _ := providerserver.NewProtocol6(p)().(Server)
	return &server{framework, sync.OnceValue(func() map[string]*tfprotov6.Schema { return blockSchemas(framework) })}
}

// blockSchemas returns the schemas of a provider: "provider", "data.<type>",
// "ephemeral.<type>" and "action.<type>".
func blockSchemas(framework Server) map[string]*tfprotov6.Schema {
	all, _ := framework.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	schemas := map[string]*tfprotov6.Schema{"provider": all.Provider}
	for name, schema := range all.DataSourceSchemas {
		schemas["data."+name] = schema
	}
	for name, schema := range all.EphemeralResourceSchemas {
		schemas["ephemeral."+name] = schema
	}
	for name, schema := range all.ActionSchemas {
		schemas["action."+name] = schema.Schema
	}
	return schemas
}

func (s *server) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := call(ctx, s.Server.ValidateProviderConfig, req)
	s.hideLines(resp.Diagnostics, req.Config, "provider")
	return resp, err
}

func (s *server) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := call(ctx, s.Server.ConfigureProvider, req)
	s.hideLines(resp.Diagnostics, req.Config, "provider")
	return resp, err
}

func (s *server) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := call(ctx, s.Server.ValidateDataResourceConfig, req)
	s.hideLines(resp.Diagnostics, req.Config, "data."+req.TypeName)
	return resp, err
}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := call(ctx, s.Server.ReadDataSource, req)
	s.hideLines(resp.Diagnostics, req.Config, "data."+req.TypeName)
	return resp, err
}

func (s *server) ValidateEphemeralResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest,
) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	resp, err := call(ctx, s.Server.ValidateEphemeralResourceConfig, req)
	s.hideLines(resp.Diagnostics, req.Config, "ephemeral."+req.TypeName)
	return resp, err
}

func (s *server) OpenEphemeralResource(
	ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest,
) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := call(ctx, s.Server.OpenEphemeralResource, req)
	s.hideLines(resp.Diagnostics, req.Config, "ephemeral."+req.TypeName)
	return resp, err
}

// Terraform sends no configuration here, nor to CloseEphemeralResource.
func (s *server) RenewEphemeralResource(
	ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest,
) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	resp, err := call(ctx, s.Server.RenewEphemeralResource, req)
	s.hideLines(resp.Diagnostics, nil, "ephemeral."+req.TypeName)
	return resp, err
}

func (s *server) CloseEphemeralResource(
	ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest,
) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	resp, err := call(ctx, s.Server.CloseEphemeralResource, req)
	s.hideLines(resp.Diagnostics, nil, "ephemeral."+req.TypeName)
	return resp, err
}

func (s *server) ValidateActionConfig(
	ctx context.Context, req *tfprotov6.ValidateActionConfigRequest,
) (*tfprotov6.ValidateActionConfigResponse, error) {
	resp, err := call(ctx, s.Server.ValidateActionConfig, req)
	s.hideLines(resp.Diagnostics, req.Config, "action."+req.ActionType)
	return resp, err
}

func (s *server) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	resp, err := call(ctx, s.Server.PlanAction, req)
	s.hideLines(resp.Diagnostics, req.Config, "action."+req.ActionType)
	return resp, err
}

// The call ends with its events.
func (s *server) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	ctx, end := newCall(ctx)
	resp, err := s.Server.InvokeAction(ctx, req)
	events := resp.Events
	resp.Events = func(yield func(tfprotov6.InvokeActionEvent) bool) {
		defer end()
		events(func(event tfprotov6.InvokeActionEvent) bool {
			if completed, ok := event.Type.(tfprotov6.CompletedInvokeActionEventType); ok {
				s.hideLines(completed.Diagnostics, req.Config, "action."+req.ActionType)
			}
			return yield(event)
		})
	}
	return resp, err
}

func (s *server) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return call(ctx, s.Server.CallFunction, req)
}

// hideLines removes the path of diagnostics whose source line may hold a secret, since
// Terraform prints that line with every literal on it. The text then names the
// attribute. It also removes paths of attributes that the block does not have. Config is
// that of the block, nil if it is not known.
func (s *server) hideLines(found []*tfprotov6.Diagnostic, config *tfprotov6.DynamicValue, block string) {
	for _, diagnostic := range found {
		name := attributeName(diagnostic.Attribute)
		if name == "" {
			continue
		}
		root, _, _ := strings.Cut(name, ".")
		schema := s.schemas()[block]
		if !slices.ContainsFunc(schema.Block.Attributes, func(attribute *tfprotov6.SchemaAttribute) bool { return attribute.Name == root }) {
			diagnostic.Attribute = nil
			continue
		}
		if !s.isSensitive(root) && (config == nil || !holdsSecret(config, schema, root)) {
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
	for _, schema := range s.schemas() {
		for _, attribute := range schema.Block.Attributes {
			if attribute.Name == name && hasSensitive(attribute) {
				return true
			}
		}
	}
	return false
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

var words = regexp.MustCompile(`[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*`)

// names reports whether a text contains the name of an attribute as a word.
func names(text, attribute string) bool {
	return slices.Contains(words.FindAllString(text, -1), attribute)
}
