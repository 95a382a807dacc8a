// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"context"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Hints of what kind a token is (RFC 7009 section 2.1).
const (
	HintAccessToken  = "access_token"
	HintRefreshToken = "refresh_token"
)

// Revoke tells the revocation endpoint that a token which request brought is no
// longer needed (RFC 7009 section 2), always form-encoded and with the header
// fields of the request. A token that the server does not know counts as revoked
// (section 2.2). Errors are those of [Client.Token].
func (c *Client) Revoke(ctx context.Context, endpoint string, request TokenRequest, token secret.String, hint string) error {
	builder, err := newRequestBuilder(endpoint, request.Headers)
	if err != nil {
		return err
	}
	builder.Header.Del("Content-Type") // it was that of the token request
	builder.Params.Add("token", token)
	builder.Params.AddPublic("token_type_hint", hint)
	if err := c.Auth.Authenticate(ctx, builder); err != nil {
		return err
	}
	builder.Params.override(credentials(request.Parameters))
	message, err := builder.message("", InForm, secret.String{})
	if err != nil {
		return err
	}
	message.Endpoint = endpointRevocation
	response, err := c.HTTP.Do(ctx, message)
	if err != nil {
		return err
	}
	if !success(response.StatusCode) {
		return ReadError(describe(endpointRevocation, builder.Endpoint), response)
	}
	return nil
}
