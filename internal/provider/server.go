// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a provider that has actions, as Terraform talks to it.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
}

// server is what Terraform talks to: the framework's server, with diagnostics that
// pass through hideLines. All of them do, those of the framework itself and of
// other libraries' validators included.
type server struct {
	Server

	// schemas are needed only once there are diagnostics.
	schemas func() *schemas
}

// schemas are all of a provider's.
type schemas = tfprotov6.GetProviderSchemaResponse

// NewServer returns a server of a new provider of the given version, with a cache
// of its own.
func NewServer(version string, options ...Option) Server {
	// The framework returns its server as a type without actions.
	framework, _ := providerserver.NewProtocol6(newProvider(version, options...))().(Server)
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
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.Provider })
	}
	return resp, err
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (s *server) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := s.Server.ConfigureProvider(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.Provider })
	}
	return resp, err
}

// ValidateDataResourceConfig implements [tfprotov6.DataSourceServer].
func (s *server) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := s.Server.ValidateDataResourceConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.DataSourceSchemas[req.TypeName] })
	}
	return resp, err
}

// ReadDataSource implements [tfprotov6.DataSourceServer].
func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.Server.ReadDataSource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.DataSourceSchemas[req.TypeName] })
	}
	return resp, err
}

// ValidateEphemeralResourceConfig implements [tfprotov6.EphemeralResourceServer].
func (s *server) ValidateEphemeralResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest,
) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	resp, err := s.Server.ValidateEphemeralResourceConfig(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.EphemeralResourceSchemas[req.TypeName] })
	}
	return resp, err
}

// OpenEphemeralResource implements [tfprotov6.EphemeralResourceServer].
func (s *server) OpenEphemeralResource(
	ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest,
) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := s.Server.OpenEphemeralResource(ctx, req)
	if err == nil {
		s.hideLines(resp.Diagnostics, req.Config, func(all *schemas) *tfprotov6.Schema { return all.EphemeralResourceSchemas[req.TypeName] })
	}
	return resp, err
}

// RenewEphemeralResource implements [tfprotov6.EphemeralResourceServer]. Terraform
// names no configuration here, nor for the next.
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

// actionSchema picks the schema of an action.
func actionSchema(typeName string) func(*schemas) *tfprotov6.Schema {
	return func(all *schemas) *tfprotov6.Schema {
		if found := all.ActionSchemas[typeName]; found != nil {
			return found.Schema
		}
		return nil
	}
}
