// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The attributes are those of oauth2cc_token, without validators and descriptions.

var dataSourceSchema = datasource.Schema{Attributes: map[string]datasource.Attribute{
	"audience":             datasource.StringAttribute{Optional: true},
	"default_expires_in":   datasource.NumberAttribute{Optional: true},
	"grant_type":           datasource.StringAttribute{Optional: true},
	"headers":              datasource.MapAttribute{Optional: true, Sensitive: true, ElementType: types.StringType},
	"min_validity":         datasource.StringAttribute{Optional: true},
	"parameters":           datasource.MapAttribute{Optional: true, Sensitive: true, ElementType: types.StringType},
	"resources":            datasource.ListAttribute{Optional: true, ElementType: types.StringType},
	"scopes":               datasource.ListAttribute{Optional: true, Computed: true, ElementType: types.StringType},
	"access_token":         datasource.StringAttribute{Computed: true, Sensitive: true},
	"token_type":           datasource.StringAttribute{Computed: true},
	"authorization_header": datasource.StringAttribute{Computed: true, Sensitive: true},
	"expires_in":           datasource.Int64Attribute{Computed: true},
	"expires_at":           datasource.StringAttribute{Computed: true, CustomType: timetypes.RFC3339Type{}},
	"claims":               datasource.DynamicAttribute{Computed: true},
	"response":             datasource.DynamicAttribute{Computed: true, Sensitive: true},
}}

var ephemeralSchema = schema.Schema{Attributes: map[string]schema.Attribute{
	"audience":                     text,
	"client_id":                    text,
	"client_secret":                secretText,
	"client_secret_basic_encoding": text,
	"default_expires_in":           schema.NumberAttribute{Optional: true},
	"dpop_bound_access_tokens":     schema.BoolAttribute{Optional: true},
	"dpop_private_key":             secretText,
	"federated_assertion":          schema.SingleNestedAttribute{Optional: true, Attributes: federatedAssertion},
	"grant_type":                   text,
	"headers":                      schema.MapAttribute{Optional: true, Sensitive: true, ElementType: types.StringType},
	"issuer":                       text,
	"keep_alive":                   schema.BoolAttribute{Optional: true},
	"method":                       text,
	"min_validity":                 text,
	"parameters":                   schema.MapAttribute{Optional: true, Sensitive: true, ElementType: types.StringType},
	"parameters_in":                text,
	"request_body":                 secretText,
	"resources":                    schema.ListAttribute{Optional: true, ElementType: types.StringType},
	"response_fields":              schema.MapAttribute{Optional: true, ElementType: types.StringType},
	"revocation_endpoint":          text,
	"revoke_on_close":              schema.BoolAttribute{Optional: true},
	"scopes":                       schema.ListAttribute{Optional: true, Computed: true, ElementType: types.StringType},
	"signed_assertion":             schema.SingleNestedAttribute{Optional: true, Attributes: signedAssertion},
	"token_endpoint":               text,
	"token_endpoint_auth_method":   text,
	"triggers":                     schema.DynamicAttribute{Optional: true},
	"access_token":                 schema.StringAttribute{Computed: true, Sensitive: true},
	"token_type":                   schema.StringAttribute{Computed: true},
	"authorization_header":         schema.StringAttribute{Computed: true, Sensitive: true},
	"expires_in":                   schema.Int64Attribute{Computed: true},
	"expires_at":                   schema.StringAttribute{Computed: true, CustomType: timetypes.RFC3339Type{}},
	"claims":                       schema.DynamicAttribute{Computed: true},
	"response":                     schema.DynamicAttribute{Computed: true, Sensitive: true},
	"refresh_token":                schema.StringAttribute{Computed: true, Sensitive: true},
	"refresh_expires_in":           schema.Int64Attribute{Computed: true},
}}

var (
	text       = schema.StringAttribute{Optional: true}
	secretText = schema.StringAttribute{Optional: true, Sensitive: true}
	command    = schema.ListAttribute{Optional: true, ElementType: types.StringType}
)

var signedAssertion = map[string]schema.Attribute{
	"algorithm":              text,
	"audience":               text,
	"certificate":            text,
	"claims":                 text,
	"key_id":                 text,
	"lifetime":               text,
	"pkcs12":                 secretText,
	"pkcs12_password":        secretText,
	"private_key":            secretText,
	"private_key_command":    command,
	"private_key_passphrase": secretText,
	"type":                   text,
}

var federatedAssertion = map[string]schema.Attribute{
	"command": command,
	"env":     text,
	"file":    text,
	"pointer": text,
	"value":   secretText,
	"request": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
		"method":    text,
		"pointer":   text,
		"query":     schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"token_env": text,
		"url":       text,
		"url_env":   text,
	}},
}
