// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// signedAssertionModel holds the attribute signed_assertion.
type signedAssertionModel struct {
	PrivateKey  types.String `tfsdk:"private_key"`
	KeyID       types.String `tfsdk:"key_id"`
	Algorithm   types.String `tfsdk:"algorithm"`
	Certificate types.String `tfsdk:"certificate"`
	Audience    types.String `tfsdk:"audience"`
	Type        types.String `tfsdk:"type"`
	Claims      types.String `tfsdk:"claims"`
	Lifetime    types.String `tfsdk:"lifetime"`
}

// federatedAssertionModel holds the attribute federated_assertion.
type federatedAssertionModel struct {
	Env     types.String `tfsdk:"env"`
	File    types.String `tfsdk:"file"`
	Request types.Object `tfsdk:"request"`
}

// platformRequestModel holds the attribute federated_assertion.request.
type platformRequestModel struct {
	URL      types.String `tfsdk:"url"`
	URLEnv   types.String `tfsdk:"url_env"`
	TokenEnv types.String `tfsdk:"token_env"`
	Method   types.String `tfsdk:"method"`
	Query    types.Map    `tfsdk:"query"`
	Pointer  types.String `tfsdk:"pointer"`
}

// githubPointer is where GitHub's answer has the JWT.
var githubPointer = jsonpointer.MustParse("/value")

// objectAs decodes an attribute that is an object. It returns nil for one that is
// null or unknown.
func objectAs[M any](ctx context.Context, value types.Object, diags *diag.Diagnostics) *M {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var model M
	diags.Append(value.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	return &model
}

// signedAssertion maps the attribute; nil where there is none.
func (m clientModel) signedAssertion(ctx context.Context, diags *diag.Diagnostics) *clientauth.SignedAssertion {
	model := objectAs[signedAssertionModel](ctx, m.SignedAssertion, diags)
	if model == nil {
		return nil
	}
	assertion := model.assertion()
	return &assertion
}

// assertion maps the members, all of them known.
func (m signedAssertionModel) assertion() clientauth.SignedAssertion {
	lifetime, _ := time.ParseDuration(m.Lifetime.ValueString()) // the schema refuses others, and null is zero
	return clientauth.SignedAssertion{
		PrivateKey:  secret.New(m.PrivateKey.ValueString()),
		KeyID:       m.KeyID.ValueString(),
		Algorithm:   m.Algorithm.ValueString(),
		Certificate: m.Certificate.ValueString(),
		Audience:    m.Audience.ValueString(),
		Type:        m.Type.ValueString(),
		Claims:      m.Claims.ValueString(),
		Lifetime:    lifetime,
	}
}

// federatedAssertion maps the attribute; nil where there is none.
func (m clientModel) federatedAssertion(ctx context.Context, getenv func(string) string, diags *diag.Diagnostics) *clientauth.FederatedAssertion {
	model := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, diags)
	if model == nil {
		return nil
	}
	federated := &clientauth.FederatedAssertion{
		Variable: model.Env.ValueString(),
		File:     model.File.ValueString(),
		Getenv:   getenv,
	}
	if request := objectAs[platformRequestModel](ctx, model.Request, diags); request != nil {
		pointer := githubPointer
		if !request.Pointer.IsNull() {
			pointer, _ = jsonpointer.Parse(request.Pointer.ValueString()) // the schema refuses others
		}
		federated.Request = &clientauth.PlatformRequest{
			URL:           request.URL.ValueString(),
			URLVariable:   request.URLEnv.ValueString(),
			TokenVariable: request.TokenEnv.ValueString(),
			Method:        request.Method.ValueString(),
			Query:         plainTexts(request.Query),
			Pointer:       pointer,
		}
	}
	return federated
}
