// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// call sends the request of a block, with the client's token unless the block
// says otherwise. A status that the block does not expect is an error.
func (c *configured) call(ctx context.Context, model callModel, from kind) (*tokensource.Answer, diag.Diagnostics) {
	request, err := model.request()
	if err == nil && c.stack != nil {
		err = c.stack.Check(request) // before a token is asked for that would go nowhere
	}
	if err != nil {
		return nil, diag.Diagnostics{tokenError(err, from)}
	}
	answer, diags := c.send(ctx, model, request, from)
	if diags.HasError() {
		return nil, diags
	}
	if answer.StatusCode/100 != 2 && !slices.Contains(request.Expected, answer.StatusCode) {
		failure := oauth2.ReadError("API", answer.Response)
		found := describeCall(failure, request, model.authenticated())
		found.facts = append(found.facts, attemptsFacts(answer.Attempts)...)
		diags.Append(found.diagnostic(from))
	}
	return answer, diags
}

// send sends a request with a token or without.
func (c *configured) send(
	ctx context.Context, model callModel, request httpstack.Request, from kind,
) (*tokensource.Answer, diag.Diagnostics) {
	if !model.authenticated() {
		return c.sendPlain(ctx, request, from)
	}
	block, diags := model.client(ctx)
	client, laid := c.effective(ctx, block, from)
	diags.Append(laid...)
	if diags.HasError() {
		return nil, diags
	}
	header, _ := model.tokenHeader()
	answer, err := c.tokens.CallAs(ctx, client, tokensource.Call{Request: request, TokenHeader: header})
	diags.Append(c.cacheTrouble()...)
	if err != nil {
		diags.Append(tokenError(err, from))
	}
	return answer, diags
}

// sendPlain sends a request without a token, for which the client need not be
// known.
func (c *configured) sendPlain(ctx context.Context, request httpstack.Request, from kind) (*tokensource.Answer, diag.Diagnostics) {
	if len(c.unknown) > 0 {
		return nil, diag.Diagnostics{unknownError(c.unknown, from)}
	}
	answer, err := c.tokens.Call(ctx, tokensource.Call{Request: request})
	if err != nil {
		return nil, diag.Diagnostics{tokenError(err, from)}
	}
	return answer, nil
}

// asIs takes nothing out of an answer.
func asIs(answer string) string { return answer }

// joined joins the values of a repeated header field (RFC 9110 section 5.3).
func joined(values []string) string { return strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD") }
