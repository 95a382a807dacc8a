// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// commandAttribute is a command of the user's.
func commandAttribute(description string) schema.ListAttribute {
	return schema.ListAttribute{
		Optional:    true,
		ElementType: types.StringType,
		MarkdownDescription: description + " It is run without a shell; " +
			"see [Commands](https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs/guides/pipeline-identity#commands).",
		Validators: []validator.List{commandArguments{}},
	}
}

// commandArguments validates the arguments of a command, as far as they are known.
type commandArguments struct{}

func (commandArguments) Description(context.Context) string { return "" }

func (commandArguments) MarkdownDescription(context.Context) string { return "" }

func (commandArguments) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	arguments := req.ConfigValue.Elements()
	problem, rule := "", text(problemOfProgram)
	if len(arguments) == 0 {
		problem = problemOfProgram("")
	}
	for _, argument := range arguments {
		argument, _ := argument.(types.String)
		if argument.IsNull() {
			problem = "An argument is null. Leave it out, or write an empty string."
		} else if !argument.IsUnknown() && problem == "" {
			problem = rule(argument.ValueString())
		}
		rule = text() // for all after the first
	}
	if problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+shownPath(req.Path), problem)
	}
}

func problemOfProgram(program string) string {
	switch {
	case program == "":
		return "The command is empty. Its first element is the program, as in [\"sign.sh\", \"--key\", \"1\"]."
	case secret.LooksLikeKey(program):
		return "The first element looks like a JWT or a key, and should be the program."
	}
	return ""
}
