// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// TestSchema holds that blocks of the floor have the attributes of oauth2cc_token.
func TestSchema(t *testing.T) {
	t.Parallel()
	floor := schemas(t, providerserver.NewProtocol6(floor{})())
	subject := schemas(t, provider.NewServer("test"))
	compare(t, "data source", attributes(floor.DataSourceSchemas["floor_token"].Block.Attributes),
		attributes(subject.DataSourceSchemas["oauth2cc_token"].Block.Attributes))
	compare(t, "ephemeral resource", attributes(floor.EphemeralResourceSchemas["floor_token"].Block.Attributes),
		attributes(subject.EphemeralResourceSchemas["oauth2cc_token"].Block.Attributes))
}

func schemas(t *testing.T, server interface {
	GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error)
},
) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	found, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// attribute is what counts of an attribute.
type attribute struct {
	kind                          string // its type
	optional, computed, sensitive bool
}

// attributes lists attributes and those nested in them.
func attributes(from []*tfprotov6.SchemaAttribute) map[string]attribute {
	all := map[string]attribute{}
	for _, one := range from {
		all[one.Name] = attribute{one.ValueType().String(), one.Optional, one.Computed, one.Sensitive}
		if one.NestedType != nil {
			for name, nested := range attributes(one.NestedType.Attributes) {
				all[one.Name+"."+name] = nested
			}
		}
	}
	return all
}

func compare(t *testing.T, kind string, got, want map[string]attribute) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %+v, want %+v", kind, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: oauth2cc_token has no %s", kind, name)
		}
	}
}
