// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// operation is one that sends requests.
type operation struct {
	name      string
	endpoints []authserver.Endpoint // to which it sends them
	// run runs the operation and returns its diagnostics. What comes before it must
	// succeed.
	run func(*cell) diagnostics
}

// dataSource is the operation whose diagnostics are kept in full, under
// testdata/faults. It differs from token in pointing at no attribute.
const dataSource = "data source"

var operations = []operation{
	{"discovery", []authserver.Endpoint{authserver.Metadata, authserver.OpenIDMetadata}, discover},
	{"token", []authserver.Endpoint{authserver.TokenEndpoint}, requestToken},
	{dataSource, []authserver.Endpoint{authserver.TokenEndpoint}, readToken},
	{"refresh", []authserver.Endpoint{authserver.TokenEndpoint}, refresh},
	{"revocation", []authserver.Endpoint{authserver.RevocationEndpoint}, revoke},
	{"request", []authserver.Endpoint{authserver.API}, requestOrders},
	{"platform", []authserver.Endpoint{authserver.Elsewhere}, requestAssertion},
}

// client is the provider block of a client with secrets everywhere.
func (c *cell) client(more attributes) attributes {
	return providerBlock(c.srv, attributes{
		"client_secret": c.secrets.clientSecret.Value,
		"parameters":    attributes{"api_key": c.secrets.parameter.Value},
		"headers":       attributes{"X-Api-Key": c.secrets.header.Value},
	}, more)
}

func discover(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": nil, "issuer": c.address("", c.srv.Issuer())}))
	c.strike()
	return openToken(c.session)
}

func requestToken(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	c.strike()
	return openToken(c.session)
}

func readToken(c *cell) diagnostics {
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	c.strike()
	_, shown := c.session.read(tokenType, nil)
	return shown
}

func refresh(c *cell) diagnostics {
	c.srv.Fail(authserver.TokenEndpoint, 1, tokenAnswer(c.secrets))
	c.configure(c.client(attributes{"token_endpoint": c.address("/token", c.srv.TokenURL())}))
	token := c.session.open(tokenType, attributes{"keep_alive": true})
	token.diagnostics.mustBeEmpty(c.t)
	acctest.Search(c.t, "the private data", string(token.Private), c.secrets.all()...)
	c.strike()
	return renewToken(c.session, token)
}

func revoke(c *cell) diagnostics {
	c.configure(c.client(attributes{"revocation_endpoint": c.address("/revoke", c.srv.RevocationURL())}))
	token := c.session.open(tokenType, attributes{"revoke_on_close": true})
	token.diagnostics.mustBeEmpty(c.t)
	acctest.Search(c.t, "the private data", string(token.Private), c.secrets.all()...)
	c.strike()
	return closeToken(c.session, token)
}

func requestOrders(c *cell) diagnostics {
	c.configure(c.client(nil))
	c.strike()
	return c.session.open(requestType, attributes{
		"url":             c.address("/orders", c.srv.APIURL+"/orders") + "?key=" + c.secrets.apiQuery.Value,
		"request_headers": attributes{"X-Api-Key": c.secrets.apiHeader.Value},
	}).diagnostics
}

func requestAssertion(c *cell) diagnostics {
	c.configure(federated(c.srv, attributes{"request": attributes{
		"url":       c.address("/idtoken", c.srv.URL+"/idtoken"),
		"token_env": "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"query":     attributes{"audience": c.srv.TokenURL()},
	}}))
	c.strike()
	return openToken(c.session)
}
