// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"slices"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Response is an API's response.
type Response struct {
	*httpstack.Response
	// Attempts is the number of requests that it took, and why there was no other one.
	Attempts httpstack.Attempts
	// Tokens are those that were sent, for redacting a response that echoes them.
	Tokens []secret.String
}

// Do sends a request to an API without a token, and retries it as often as is
// permitted. The response is that of the last attempt, whatever its status.
func (s *Source) Do(ctx context.Context, request httpstack.Request) (*Response, error) {
	repeat := repeatableMethod(request.Method)
	response, attempts, err := httpstack.Retry(ctx, s.retries, func() (*httpstack.Response, httpstack.Decision, error) {
		response, err := s.http.Do(ctx, request)
		switch {
		case err != nil:
			return nil, repeat.decide(err), err
		case !httpstack.TransientStatus(response.StatusCode), slices.Contains(request.Expected, response.StatusCode):
			return response, httpstack.Decision{}, nil
		default:
			return response, repeat.decideStatus(response.StatusCode, httpstack.RetryAfter(response), request.Endpoint), nil
		}
	})
	if err != nil {
		return nil, retriedError(err, attempts)
	}
	return &Response{Response: response, Attempts: attempts}, nil
}

// DoWithToken is Do with the client's token, as [Transport] attaches and replaces it.
// Errors of token requests are those of [Source.Open].
func (s *Source) DoWithToken(ctx context.Context, config ClientConfig, header TokenHeader, request httpstack.Request) (*Response, error) {
	transport, err := s.Transport(ctx, config, header)
	if err != nil {
		return nil, err
	}
	request.Transport = transport.Over
	response, err := s.Do(ctx, request)
	if fetch, ok := errors.AsType[*FetchError](err); ok {
		return nil, fetch // without the attempts at the API
	}
	if err != nil {
		return nil, err
	}
	response.Tokens = transport.Tokens()
	return response, nil
}
