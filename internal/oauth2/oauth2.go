// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package oauth2 speaks OAuth 2.0 from the client's side: it asks a token
// endpoint for an access token (RFC 6749 sections 4.4 and 6), reads the answer,
// revokes tokens (RFC 7009), and finds endpoints through an issuer's metadata
// (RFC 8414).
//
// It is the one place that knows how these messages look on the wire. How a
// client proves who it is comes in through [ClientAuth], how bytes travel
// through [Doer]. The package keeps nothing between calls, never repeats a
// request, and never tries a second way after the first was refused.
package oauth2

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Doer sends one HTTP request and returns the whole, bounded answer.
type Doer interface {
	Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error)
}

// ClientAuth proves to an endpoint which client is asking (RFC 6749 section 2.3).
type ClientAuth interface {
	// Authenticate adds the proof to a request that is being built. It is called
	// anew for every request, so that a proof can be good for one use only.
	Authenticate(ctx context.Context, builder *RequestBuilder) error
}

// Client asks the endpoints of an authorization server on behalf of one client.
type Client struct {
	// HTTP sends the requests.
	HTTP Doer
	// Auth authenticates them.
	Auth ClientAuth
}

// Token asks the token endpoint for an access token.
//
// The error is an [*Error] where the server answered, whatever it answered, and
// otherwise comes from the client authentication or from [Doer].
func (c *Client) Token(ctx context.Context, request TokenRequest) (*Token, error) {
	builder, err := request.builder(ctx, c.Auth)
	if err != nil {
		return nil, err
	}
	return c.exchange(ctx, request, builder)
}

// Refresh asks the token endpoint for a new access token in exchange for a
// refresh token (RFC 6749 section 6), with the method, the encoding and the
// header fields of the request that brought it. Scopes are not repeated, which
// asks for the same ones. Errors are those of [Client.Token].
//
// The refresh token may be good for one use only. The returned token has the one
// to use next, which is the same where the server issued no other.
func (c *Client) Refresh(ctx context.Context, request TokenRequest, previous *Token) (*Token, error) {
	builder, err := newRequestBuilder(request.Endpoint, request.Headers)
	if err != nil {
		return nil, err
	}
	if !request.Body.IsZero() {
		builder.Header.Del("Content-Type") // it was that of the body
		request.Body = secret.String{}
	}
	builder.Params.AddPublic("grant_type", grantRefreshToken)
	builder.Params.Add("refresh_token", previous.RefreshToken)
	if err := c.Auth.Authenticate(ctx, builder); err != nil {
		return nil, err
	}
	builder.Params.override(credentials(request.Parameters))
	token, err := c.exchange(ctx, request, builder)
	if err == nil && token.RefreshToken.IsZero() {
		token.keepRefreshToken(previous)
	}
	return token, err
}

// credentials are those parameters by which a client proves itself, where it does
// that with parameters of its own.
func credentials(parameters map[string]secret.String) map[string]secret.String {
	found := map[string]secret.String{}
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"} {
		if value, ok := parameters[name]; ok {
			found[name] = value
		}
	}
	return found
}

// exchange sends a token request and reads the answer.
func (c *Client) exchange(ctx context.Context, request TokenRequest, builder *RequestBuilder) (*Token, error) {
	message, err := builder.message(request.Method, request.ParametersIn, request.Body)
	if err != nil {
		return nil, err
	}
	message.Endpoint, message.KeepMethod = endpointToken, true
	response, err := c.HTTP.Do(ctx, message)
	if err != nil {
		return nil, err
	}
	reader := answerReader{fields: request.Fields, endpoint: describe(endpointToken, builder.Endpoint)}
	token, err := reader.token(response)
	if failure, ok := errors.AsType[*Error](err); ok {
		failure.Assertion = builder.Params.assertion()
	}
	if err != nil {
		return nil, err
	}
	token.setLifetime(request.Fields, request.DefaultLifetime)
	return token, nil
}

// grantRefreshToken is the grant type of RFC 6749 section 6.
const grantRefreshToken = "refresh_token"

// Names of endpoints, as logs and errors show them.
const (
	endpointToken      = "token endpoint"
	endpointRevocation = "revocation endpoint"
	endpointMetadata   = "metadata address"
)

// describe names an endpoint and its address.
func describe(endpoint string, address *url.URL) string {
	return endpoint + " " + httpstack.ShowURL(address)
}

// TokenRequest says what is asked of the token endpoint.
type TokenRequest struct {
	// Endpoint is the token endpoint's absolute URL. Its own query is kept, and what
	// that names is not sent a second time (RFC 6749 section 3.2).
	Endpoint string
	// Method is the HTTP method; empty means POST (RFC 6749 section 3.2).
	Method string
	// ParametersIn says where the parameters travel; empty means [InForm].
	ParametersIn ParametersIn
	// GrantType is sent as grant_type; empty sends none.
	GrantType string
	// Assertion brings the assertion of the JWT bearer grant (RFC 7523 section 2.1),
	// anew for each request; nil where there is none.
	Assertion func(context.Context) (secret.String, error) `cachekey:"-"`
	// Scopes are joined by a space, in their order (RFC 6749 section 3.3).
	Scopes []string
	// Audience is sent as audience where it is not empty.
	Audience string
	// Resources are sent as resource, repeated (RFC 8707 section 2).
	Resources []string
	// Parameters are sent last, in the order of their names. One replaces a
	// parameter of the same name that would be sent, or removes it where the value
	// is empty.
	Parameters map[string]secret.String
	// Headers are added to the request and win over Accept and Content-Type.
	Headers map[string]secret.String
	// Body, where it is not empty, is sent verbatim instead of all parameters.
	Body secret.String
	// Fields says where in the answer its members are.
	Fields Fields
	// DefaultLifetime is assumed where neither the answer nor the token tells one;
	// zero leaves it unknown.
	DefaultLifetime time.Duration
}

// builder builds the request up to, but not including, its encoding.
func (r TokenRequest) builder(ctx context.Context, auth ClientAuth) (*RequestBuilder, error) {
	builder, err := newRequestBuilder(r.Endpoint, r.Headers)
	if err != nil {
		return nil, err
	}
	builder.Params.addPublic("grant_type", r.GrantType)
	if r.Assertion != nil {
		assertion, err := r.Assertion(ctx)
		if err != nil {
			return nil, err
		}
		builder.Params.Add("assertion", assertion)
	}
	if err := auth.Authenticate(ctx, builder); err != nil {
		return nil, err
	}
	builder.Params.addPublic("scope", joinScopes(r.Scopes))
	builder.Params.addPublic("audience", r.Audience)
	for _, resource := range r.Resources {
		builder.Params.addPublic("resource", resource)
	}
	builder.Params.override(r.Parameters)
	return builder, nil
}
