// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// validateFederated checks that the platform's assertion has exactly one source.
func (m clientModel) validateFederated(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	if model := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &diags); model != nil {
		diags.Append(model.validate(ctx)...)
	}
	return diags
}

// validate checks that the assertion has exactly one source.
func (m federatedAssertionModel) validate(ctx context.Context) diag.Diagnostics {
	at := path.Root("federated_assertion")
	diags := exactlyOne(at, map[string]attr.Value{"env": m.Env, "file": m.File, "request": m.Request})
	if request := objectAs[platformRequestModel](ctx, m.Request, &diags); request != nil {
		diags.Append(exactlyOne(at.AtName("request"), map[string]attr.Value{"url": request.URL, "url_env": request.URLEnv})...)
	}
	return diags
}

// exactlyOne checks that one value is set, as far as all are known.
func exactlyOne(at path.Path, values map[string]attr.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	var set int
	for _, value := range values {
		if value.IsUnknown() {
			return diags
		}
		if !value.IsNull() {
			set++
		}
	}
	if set != 1 {
		diags.AddAttributeError(at, "Exactly one attribute required", "Set exactly one of "+strings.Join(sortedKeys(values), ", ")+".")
	}
	return diags
}
