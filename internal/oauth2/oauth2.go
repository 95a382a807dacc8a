// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package oauth2 is an OAuth 2.0 client for machines. It requests access tokens
// (RFC 6749 sections 4.4 and 6), revokes them (RFC 7009), and discovers endpoints
// from an issuer's metadata (RFC 8414).
//
// It is the only package that knows how these messages look on the wire. The caller
// provides client authentication ([ClientAuth]) and HTTP ([Doer]). The package has
// no state, never repeats a request, and never tries an alternative after a refusal.
package oauth2

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Doer sends one HTTP request and returns the whole response, whose size it limits.
type Doer interface {
	Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error)
}

// ClientAuth authenticates the client to an endpoint (RFC 6749 section 2.3).
type ClientAuth interface {
	// Authenticate adds credentials to a request. It is called for every request, so
	// that an assertion can be valid for one use only.
	Authenticate(ctx context.Context, request *RequestBuilder) error
}

// Client sends requests to an authorization server on behalf of one client.
type Client struct {
	HTTP Doer
	Auth ClientAuth
	// Prove adds proofs of possession to token requests; tokens of another type than DPoP
	// are then an error (RFC 9449 section 5). It is nil if tokens are not bound to a key.
	Prove func(base http.RoundTripper) http.RoundTripper
	// Secrets are redacted from responses, sent or not: the server knows those that only sign.
	Secrets []secret.String
}

// Grants whose authorization is a JWT. The client may authenticate beside it.
const (
	// GrantJWTBearer is the grant of RFC 7523 section 2.1.
	GrantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer" //nolint:gosec // the name of a grant, and no credential
	// GrantTokenExchange is the grant of RFC 8693 section 2.1.
	GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // likewise
)

// AssertionParameter is the parameter that has the JWT of a grant; "" for other grants.
func AssertionParameter(grantType string) string {
	switch grantType {
	case GrantJWTBearer:
		return "assertion"
	case GrantTokenExchange:
		return "subject_token"
	default:
		return ""
	}
}

// TokenRequest describes a token request.
type TokenRequest struct {
	// Endpoint is the absolute URL of the token endpoint. Parameters in its query are
	// kept, and not sent a second time (RFC 6749 section 3.2).
	Endpoint string
	// Method is the HTTP method; empty means POST (RFC 6749 section 3.2).
	Method string
	// ParametersIn is where the parameters are sent; empty means [InForm].
	ParametersIn ParametersIn
	GrantType    string
	// Assertion returns a new assertion, for a grant that has an [AssertionParameter]; nil
	// for others.
	Assertion func(context.Context) (secret.String, error) `cachekey:"-"`
	// Scopes are sent in this order, separated by spaces (RFC 6749 section 3.3).
	Scopes   []string
	Audience string
	// Resources are each sent as resource (RFC 8707 section 2).
	Resources []string
	// Parameters replace the parameters of the same name, or remove them if the value
	// is empty. The others are sent last, sorted by name.
	Parameters map[string]secret.String
	// Headers are added to the request and replace Accept and Content-Type.
	Headers map[string]secret.String
	// Body is sent verbatim instead of all parameters if it is not empty.
	Body secret.String
	// Fields maps the members of the response.
	Fields Fields
	// DefaultLifetime applies if neither the response nor the token has a lifetime; zero
	// leaves it unknown.
	DefaultLifetime time.Duration
}

// Token requests an access token.
//
// The error is an [*Error] if the server responded. Otherwise it comes from the
// client authentication or from [Doer].
func (c *Client) Token(ctx context.Context, request TokenRequest) (*Token, error) {
	builder, err := c.newRequestBuilder(request.Endpoint, request.Headers)
	if err != nil {
		return nil, err
	}
	builder.Params.AddPublic("grant_type", request.GrantType)
	if request.Assertion != nil {
		assertion, err := request.Assertion(ctx)
		if err != nil {
			return nil, err
		}
		builder.Params.Add(AssertionParameter(request.GrantType), assertion)
		if request.GrantType == GrantTokenExchange {
			builder.Params.AddPublic("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
		}
	}
	if err := c.Auth.Authenticate(ctx, builder); err != nil {
		return nil, err
	}
	builder.Params.AddPublic("scope", strings.Join(request.Scopes, " "))
	builder.Params.AddPublic("audience", request.Audience)
	for _, resource := range request.Resources {
		builder.Params.AddPublic("resource", resource)
	}
	builder.Params.override(request.Parameters)
	return c.requestToken(ctx, request, builder)
}

// Refresh exchanges a refresh token for a new access token (RFC 6749 section 6). It
// uses the method, encoding and header fields of the original request, and requests
// the same scopes by omitting the parameter. Errors are those of [Client.Token].
//
// A refresh token may be valid for one use only. The returned token holds the one to
// use next, which is the previous one if the server issued no other.
func (c *Client) Refresh(ctx context.Context, request TokenRequest, previous *Token) (*Token, error) {
	builder, err := c.newRequestBuilder(request.Endpoint, request.Headers)
	if err != nil {
		return nil, err
	}
	if !request.Body.IsZero() {
		builder.Header.Del("Content-Type") // that of the body
		request.Body = secret.String{}
	}
	builder.Params.AddPublic("grant_type", "refresh_token")
	builder.Params.Add("refresh_token", previous.RefreshToken)
	if err := c.authenticate(ctx, request, builder); err != nil {
		return nil, err
	}
	token, err := c.requestToken(ctx, request, builder)
	if err == nil && token.RefreshToken.IsZero() {
		token.keepRefreshToken(previous)
	}
	return token, err
}

func (c *Client) requestToken(ctx context.Context, request TokenRequest, builder *RequestBuilder) (*Token, error) {
	message := builder.encode(request.Method, request.ParametersIn, request.Body)
	message.Endpoint, message.KeepMethod, message.Transport = "token endpoint", true, c.Prove
	response, err := c.HTTP.Do(ctx, message)
	if err != nil {
		return nil, err
	}
	reader := newResponseReader(describe(message), response, request.Fields)
	token, err := reader.token()
	if err == nil && c.Prove != nil && !token.DPoPBound() {
		err = reader.unusable(reader.notBound(token))
	}
	if err != nil {
		if failure, ok := errors.AsType[*Error](err); ok {
			failure.Assertion = builder.Params.assertion()
		}
		return nil, err
	}
	token.setLifetime(request.Fields, request.DefaultLifetime)
	return token, nil
}

// Values of token_type_hint (RFC 7009 section 2.1).
const (
	HintAccessToken  = "access_token"
	HintRefreshToken = "refresh_token"
)

// Revoke revokes a token that request obtained (RFC 7009 section 2). Parameters are
// always form-encoded, and the header fields are those of the request. A token that
// the server does not know counts as revoked (section 2.2). Errors are those of
// [Client.Token].
func (c *Client) Revoke(ctx context.Context, endpoint string, request TokenRequest, token secret.String, hint string) error {
	builder, err := c.newRequestBuilder(endpoint, request.Headers)
	if err != nil {
		return err
	}
	builder.Header.Del("Content-Type") // that of the token request
	builder.Params.Add("token", token)
	builder.Params.AddPublic("token_type_hint", hint)
	if err := c.authenticate(ctx, request, builder); err != nil {
		return err
	}
	message := builder.encode("", InForm, secret.String{})
	message.Endpoint = "revocation endpoint"
	_, err = fetch(ctx, c.HTTP, message)
	return err
}

// authenticate authenticates a request that carries none of the token request's
// parameters, except those that are the client's credentials.
func (c *Client) authenticate(ctx context.Context, request TokenRequest, builder *RequestBuilder) error {
	if err := c.Auth.Authenticate(ctx, builder); err != nil {
		return err
	}
	credentials := map[string]secret.String{}
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"} {
		if value, ok := request.Parameters[name]; ok {
			credentials[name] = value
		}
	}
	builder.Params.override(credentials)
	return nil
}

// DocumentRequest is a request outside the protocol, such as one for a platform's
// identity token.
type DocumentRequest struct {
	// Endpoint names the server in logs and errors.
	Endpoint string
	Method   string
	URL      *url.URL
	Bearer   secret.String
	// MaxBody limits the response body, in bytes.
	MaxBody int64
}

// FetchDocument returns the body of a successful response. The error is an [*Error]
// if the server responded otherwise, and else comes from doer.
func FetchDocument(ctx context.Context, doer Doer, request DocumentRequest) ([]byte, error) {
	message := httpstack.Request{
		Method:   request.Method,
		URL:      request.URL,
		Header:   http.Header{"Accept": {jsonMediaType}},
		MaxBody:  request.MaxBody,
		Endpoint: request.Endpoint,
	}
	if !request.Bearer.IsZero() {
		message.Header.Set("Authorization", "Bearer "+request.Bearer.Reveal())
	}
	return fetch(ctx, doer, message)
}

func fetch(ctx context.Context, doer Doer, message httpstack.Request) ([]byte, error) {
	response, err := doer.Do(ctx, message)
	if err != nil {
		return nil, err
	}
	if !isSuccess(response.StatusCode) {
		return nil, ReadError(describe(message), response)
	}
	return response.Body, nil
}

func describe(message httpstack.Request) string {
	return message.Endpoint + " " + httpstack.ShowURL(message.URL)
}
