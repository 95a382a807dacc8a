// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"errors"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/dpop"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// provers has a prover for each key, since it remembers the servers' nonces.
type provers struct {
	now func() time.Time
	// own returns the key for clients that configure none, made when it is first needed.
	own func() (keys.Key, error)

	mu   sync.Mutex
	made map[string]*dpop.Prover
}

func newProvers(now func() time.Time) *provers {
	return &provers{now: now, own: sync.OnceValues(dpop.GenerateKey), made: map[string]*dpop.Prover{}}
}

// of returns the prover for a private key, or if that is empty, for the source's own.
func (p *provers) of(private secret.String, supported []string) (*dpop.Prover, error) {
	name := tokencache.NewEntryKey(struct {
		Key       secret.String
		Supported []string
	}{private, supported}).Name()
	p.mu.Lock()
	defer p.mu.Unlock()
	if prover, ok := p.made[name]; ok {
		return prover, nil
	}
	key, err := p.own()
	if !private.IsZero() {
		key, err = keys.Parse(private, "")
	}
	if err != nil {
		return nil, err
	}
	prover, err := dpop.New(key, supported, p.now)
	if err != nil {
		return nil, err
	}
	p.made[name] = prover
	return prover, nil
}

// bind has the client's tokens bound to a key, if it asks for that. A key that it does
// not use takes no part in anything.
func (s *Source) bind(client *Client) error {
	client.DPoPPrivateKey = secret.New(trimmed(client.DPoPPrivateKey))
	if !client.DPoPBoundAccessTokens {
		client.DPoPPrivateKey = secret.String{}
		return nil
	}
	prover, err := s.provers.of(client.DPoPPrivateKey, client.Metadata.Strings("dpop_signing_alg_values_supported"))
	if err != nil {
		return &ConfigError{Attribute: "dpop_private_key", Err: err}
	}
	client.prover, client.DPoPThumbprint = prover, prover.Thumbprint()
	return nil
}

// withProof makes a token request, with a proof if the token is to be bound. If the server
// asks for a nonce (RFC 9449 section 8), it is made once more: the server has not processed
// it, but an assertion in it may be used up, so all of it is made anew.
func (c *Client) withProof(request func(sender oauth2.Client) (*oauth2.Token, error)) (*oauth2.Token, error) {
	sender := c.sender
	if c.prover == nil {
		return request(sender)
	}
	sender.Prove = c.prover.TokenEndpoint()
	token, err := request(sender)
	if response, ok := errors.AsType[*oauth2.Error](err); ok && response.RequiresNonce() {
		return request(sender)
	}
	return token, err
}
