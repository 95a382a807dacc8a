// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"context"
	"net/http"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// DocumentRequest asks for a document beside the protocol's own: the identity
// token of a platform, for example.
type DocumentRequest struct {
	// Endpoint says in logs and errors who is asked.
	Endpoint string
	// Method is the HTTP method.
	Method string
	URL    *url.URL
	// Bearer is sent as the bearer token, where it is not empty.
	Bearer secret.String
	// MaxBody bounds the document, in bytes.
	MaxBody int64
}

// FetchDocument returns the body of an answer with a status of success. The error
// is an [*Error] where the server answered otherwise, and else comes from doer.
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
	response, err := doer.Do(ctx, message)
	if err != nil {
		return nil, err
	}
	if !success(response.StatusCode) {
		return nil, ReadError(describe(request.Endpoint, request.URL), response)
	}
	return response.Body, nil
}
