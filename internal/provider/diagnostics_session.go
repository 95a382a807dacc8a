// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// nothingToKeepAlive is for a session without a refresh token.
func nothingToKeepAlive() diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("keep_alive"), "Nothing to keep alive",
		"The server issued no refresh token, or no lifetime with it, so keep_alive has no effect. Remove it, "+
			"or enable refresh tokens for this client at the server.")
}

// stoppingError is for a session that was opened after the provider was told to end.
func stoppingError() diag.Diagnostic {
	return diag.NewErrorDiagnostic("The provider is stopping",
		"The provider was told to end while it requested this token, and has revoked it. Run Terraform again.")
}

// missingScopes is for scopes that were requested and not granted.
func missingScopes(session *tokensource.Session) diag.Diagnostics {
	var diags diag.Diagnostics
	granted := session.Token().Scopes
	missing := slices.DeleteFunc(session.RequestedScopes(), func(scope string) bool { return slices.Contains(granted, scope) })
	if granted == nil || len(missing) == 0 {
		return diags
	}
	diags.AddAttributeWarning(path.Root("scopes"), "Fewer scopes granted than requested",
		"The server did not grant: "+strings.Join(missing, " ")+". Calls that need them will be refused. Allow them for this client at the server, "+
			"or remove them from scopes.")
	return diags
}

// renewWarning is for a session that could not be renewed.
func renewWarning(err error) diag.Diagnostic {
	if bug, ok := bugIn(err); ok {
		return bug.diagnostic(kind{})
	}
	found := describeError(err)
	found.facts = append([]string{found.summary + "."}, found.facts...)
	return found.warning("keep_alive", "The session could not be kept alive")
}

// revocationWarning is for tokens that could not be revoked, each with an error.
func revocationWarning(err error) diag.Diagnostic {
	if bug, ok := bugIn(err); ok {
		return bug.diagnostic(kind{})
	}
	failures := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		failures = joined.Unwrap()
	}
	var found finding
	for _, failure := range failures {
		facts, remedy := describeRevocation(failure)
		for _, fact := range facts {
			if !slices.Contains(found.facts, fact) { // the access and the refresh token usually fail alike
				found.facts = append(found.facts, fact)
			}
		}
		found.remedy = "The token stays valid until it expires. " + remedy
	}
	if given, ok := errors.AsType[*tokensource.RetriedError](err); ok { // the attempts of one stand for those of both
		found.facts = append(found.facts, attemptsFacts(given.Attempts)...)
	}
	return found.warning("revoke_on_close", "A token could not be revoked")
}

// describeRevocation says why a token could not be revoked, and what to do.
func describeRevocation(err error) (facts []string, remedy string) {
	if errors.Is(err, context.DeadlineExceeded) {
		return []string{"The revocation endpoint did not respond within the few seconds available at the end of a run."}, "Check revocation_endpoint."
	}
	remedy = "Check revocation_endpoint, and that this client may revoke such tokens. Some servers cannot revoke JWTs."
	if response, ok := errors.AsType[*oauth2.Error](err); ok {
		facts = serverFacts(response)
		switch {
		case response.StatusCode == http.StatusProxyAuthRequired:
			remedy = proxyCredentials
		case response.Temporary():
			remedy = "The server may be unavailable. If the token must not live that long, revoke it there."
		}
	} else if failure, ok := errors.AsType[*httpstack.Error](err); ok {
		found := describeNetwork(failure, "revocation_endpoint")
		facts, remedy = append([]string{found.summary + "."}, found.facts...), found.remedy
	} else {
		return describeCause(err).facts, remedy
	}
	return facts, remedy
}
