// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestFrameworkStructs holds that the framework decodes into an object far faster than into
// a struct. Once it no longer does, decode can use structs as its documentation does.
//
//nolint:paralleltest // AllocsPerRun counts those of other tests too
func TestFrameworkStructs(t *testing.T) {
	config := tfsdk.Config{
		Schema: schema.Schema{Attributes: map[string]schema.Attribute{"audience": schema.StringAttribute{Optional: true}}},
		Raw: tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"audience": tftypes.String}},
			map[string]tftypes.Value{"audience": tftypes.NewValue(tftypes.String, "api")}),
	}
	var model struct {
		Audience types.String `tfsdk:"audience"`
	}
	var object types.Object
	inStruct := testing.AllocsPerRun(100, func() { _ = config.Get(t.Context(), &model) })
	inObject := testing.AllocsPerRun(100, func() { _ = config.Get(t.Context(), &object) })
	if model.Audience.ValueString() != "api" || object.Attributes()["audience"].String() != `"api"` {
		t.Fatalf("decoded %s and %s", model.Audience, object)
	}
	if inStruct < 2*inObject {
		t.Errorf("%g allocations for a struct, %g for an object", inStruct, inObject)
	}
}
