// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// The client of RFC 6749 section 4.4.2.
const (
	clientID     = "s6BhdRkqt3"
	clientSecret = "gX1fBat3bV"
)

// requestedAt is the time of every request. RFC 7519's example token expired
// exactly an hour later.
var requestedAt = time.Unix(1300819380-3600, 0).UTC()

// endpoint stands in for a server: it sends the same response to everything and keeps
// what it was asked.
type endpoint struct {
	response httpstack.Response
	asked    []httpstack.Request
}

func (e *endpoint) Do(_ context.Context, request httpstack.Request) (*httpstack.Response, error) {
	e.asked = append(e.asked, request)
	response := e.response
	response.RequestedAt, response.Secrets = requestedAt, request.Sent()
	if response.Header == nil {
		response.Header = http.Header{}
	}
	return &response, nil
}

// responding returns an endpoint whose responses are labelled as JSON.
func responding(status int, body string) *endpoint {
	return &endpoint{response: httpstack.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json;charset=UTF-8"}},
		Body:       []byte(body),
	}}
}

// ask asks for a token as the client of RFC 6749 section 4.4.2, whose secret goes
// into the body.
func (e *endpoint) ask(ctx context.Context, request oauth2.TokenRequest) (*oauth2.Token, error) {
	client := oauth2.Client{
		HTTP: e,
		Auth: clientauth.Post{ClientID: clientID, ClientSecret: secret.New(clientSecret)},
	}
	if request.Endpoint == "" {
		request.Endpoint = "https://server.example.com/token"
	}
	return client.Token(ctx, request)
}

// issued returns the token in a response of status 200.
func issued(t *testing.T, body string) *oauth2.Token {
	t.Helper()
	token, err := responding(http.StatusOK, body).ask(t.Context(), oauth2.TokenRequest{})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return token
}

// refused returns the error that a response amounts to.
func (e *endpoint) refused(t *testing.T, request oauth2.TokenRequest) *oauth2.Error {
	t.Helper()
	token, err := e.ask(t.Context(), request)
	if err == nil {
		t.Fatalf("%d %q was taken for a token: %+v", e.response.StatusCode, e.response.Body, token)
	}
	failure, ok := errors.AsType[*oauth2.Error](err)
	if !ok {
		t.Fatalf("got %T: %v", err, err)
	}
	return failure
}

// failing is a network on which no name is known.
type failing struct{}

func (failing) Do(context.Context, httpstack.Request) (*httpstack.Response, error) {
	return nil, &httpstack.Error{Kind: httpstack.DNS, Detail: "no such host"}
}

// echoing is a server that responds with a page about the whole request.
type echoing int

func (status echoing) Do(_ context.Context, request httpstack.Request) (*httpstack.Response, error) {
	page := "<html><body><pre>" + html.EscapeString(request.Method+" "+request.URL.String()+"\n"+fmt.Sprint(request.Header)+"\n"+string(request.Body))
	return &httpstack.Response{StatusCode: int(status), Header: http.Header{}, Body: []byte(page), Secrets: request.Sent()}, nil
}
