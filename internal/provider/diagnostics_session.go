// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// nothingToKeepAlive is for a session that no refresh token continues.
func nothingToKeepAlive() diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("keep_alive"), "Nothing to keep alive",
		"The server issued no refresh token, or named no lifetime, so that keep_alive has no effect. Remove it, "+
			"or have the server issue refresh tokens to this client.")
}

// renewWarning is for a session that could not be renewed.
func renewWarning(err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic("The session could not be kept alive", sentence(err.Error()))
}

// revocationWarning is for tokens that could not be revoked.
func revocationWarning(err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A token could not be revoked",
		sentence(err.Error())+"\n\nIt stays valid until it expires. Check revocation_endpoint and whether the server lets this client "+
			"revoke tokens of this kind; some cannot revoke JWTs.")
}
