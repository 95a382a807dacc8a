// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
)

// contain is deferred by every method that Terraform has called: a panic in it
// becomes an error, where it would end the process and with it all other
// operations of the run.
func contain(diags *diag.Diagnostics) {
	if caught := panics.Caught(recover()); caught != nil {
		diags.Append(describeBug(caught).diagnostic(kind{}))
	}
}

// containFunction is contain for functions, which have no diagnostics.
func containFunction(failure **function.FuncError) {
	if caught := panics.Caught(recover()); caught != nil {
		bug := describeBug(caught)
		*failure = function.NewFuncError(bug.summary + ". " + strings.Join(bug.facts, " ") + " " + bug.remedy)
	}
}

// bugIn describes the panic that is behind an error, if there is one.
func bugIn(err error) (finding, bool) {
	caught, ok := errors.AsType[*panics.Error](err)
	if !ok {
		return finding{}, false
	}
	return describeBug(caught), true
}

// describeBug is for a panic. Whoever mends it needs to know where it was; what it
// was about may be secret.
func describeBug(caught *panics.Error) finding {
	return finding{
		summary: "This is a bug in the provider",
		facts: []string{
			fmt.Sprintf("A mistake in its own code (%s) stopped it in:\n  %s", caught.Type, strings.Join(caught.Functions, "\n  ")),
			"What it was working on is not shown, as that may be secret.",
		},
		remedy: "Please report these lines, with the version of the provider, at https://github.com/oauth2cc/terraform-provider-oauth2cc/issues.",
	}
}
