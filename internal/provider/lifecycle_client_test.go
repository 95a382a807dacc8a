// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// The client of the examples in RFC 6749 section 2.3.1, and some scopes.
const (
	clientID     = "s6BhdRkqt3"
	clientSecret = "7Fjfp0ZBr1KtDRbnfVdmIw"
)

// exampleClient is that client's registration, changed by change.
func exampleClient(change ...func(*authserver.Client)) authserver.Client {
	client := authserver.Client{ID: clientID, Secret: clientSecret, Scopes: []string{"read", "write"}, Lifetime: time.Hour}
	for _, f := range change {
		f(&client)
	}
	return client
}

// startServer starts a server that knows the client of exampleClient.
func startServer(t *testing.T, change ...func(*authserver.Client)) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{Clients: []authserver.Client{exampleClient(change...)}})
}

// providerBlock is a provider block for the client of exampleClient, with more
// laid over it.
func providerBlock(srv *authservertest.Server, more ...attributes) attributes {
	block := attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "client_secret": clientSecret}
	return merged(append([]attributes{block}, more...)...)
}

// merged lays each layer over those before it.
func merged(layers ...attributes) attributes {
	all := attributes{}
	for _, layer := range layers {
		maps.Copy(all, layer)
	}
	return all
}

// answering changes token answers.
func answering(mutations ...authserver.Mutation) func(*authserver.Client) {
	return func(client *authserver.Client) { client.Answer = append(client.Answer, mutations...) }
}
