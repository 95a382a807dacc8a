// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// headerFields validates a map of header fields.
type headerFields struct{}

// Description implements [validator.Describer].
func (headerFields) Description(context.Context) string { return "must be header fields" }

// MarkdownDescription implements [validator.Describer].
func (v headerFields) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map]. Values are not quoted, as they may be
// secrets.
func (headerFields) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	defer contain(&resp.Diagnostics)
	spelled := map[string]string{}
	elements := req.ConfigValue.Elements()
	for _, name := range sortedKeys(elements) {
		value, _ := elements[name].(types.String)
		if problem := headerField(name).problem(value.ValueString()); problem != "" {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(name), "Invalid header field", problem)
		}
		canonical := http.CanonicalHeaderKey(name)
		if other, ok := spelled[canonical]; ok {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(name), "Duplicate header field",
				fmt.Sprintf("The names %q and %q differ only in case, and header names are case-insensitive. Remove one.", shownName(name), shownName(other)))
		}
		spelled[canonical] = name
	}
}

// headerField is the value of the field of this name.
func headerField(name string) stringValidator {
	return stringValidator{must: "must be the value of a header field", rule: func(value string) string {
		return problemOf(httpstack.CheckHeader(name, value))
	}}
}

// headerName is the name of a header field.
func headerName() validator.String {
	return stringValidator{must: "must be the name of a header field", rule: func(name string) string {
		return problemOf(httpstack.CheckHeader(name, ""))
	}}
}

// tokenScheme is what precedes a token in a header field; it may be empty.
func tokenScheme() validator.String {
	return stringValidator{must: "must be visible ASCII characters", rule: func(scheme string) string {
		if strings.TrimSpace(scheme) != scheme || hasControl(scheme) || strings.ContainsFunc(scheme, isNotASCII) {
			return "A scheme consists of visible ASCII characters, and of spaces between them. Leave out the space before the token."
		}
		return ""
	}}
}
