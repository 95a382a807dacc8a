// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Cache says with whom tokens are shared. Its zero value shares them among those
// who ask the same [Source].
type Cache struct {
	// Off has every request for a token be one of its own.
	Off bool
	// Store shares them with other processes; nil keeps them in this one.
	Store tokencache.Store
	// EncryptionKey has a part in sealing what goes to the store. Clients that prove
	// themselves without a secret or a private key have no other.
	EncryptionKey secret.String
	// ClientKey is the private key that belongs to the client certificate of the
	// connections, where there is one.
	ClientKey secret.String
}

// patienceMargin is how much longer than the retries of one process another waits
// for it: the waits between attempts are not in their budget.
const patienceMargin = 20 * time.Second

// Trouble returns why the store could not be used, once: nil if it could, or if
// that was told before. It is a [*tokencache.StoreError] and no reason to fail.
func (s *Source) Trouble() error { return s.tokens.Trouble() }

// shares tells whether the client's tokens are shared.
func (s *Source) shares(client Client) bool { return !s.cache.Off && client.shareable() }

// drop forgets a token that an API refused, for all who share it. Another one,
// fetched for the same client since, stays.
func (s *Source) drop(ctx context.Context, client Client, refused *oauth2.Token) {
	key, err := s.entryKey(ctx, client)
	if err != nil {
		return // then it has not been shared
	}
	s.tokens.Drop(ctx, key, func(entry tokencache.Entry) bool { return holds(entry, refused) })
}

// holds tells whether an entry is a certain token.
func holds(entry tokencache.Entry, token *oauth2.Token) bool {
	stored, err := oauth2.UnmarshalToken(entry.Data)
	return err == nil && stored.AccessToken.Reveal() == token.AccessToken.Reveal()
}

// shared returns the token that is stored for client if usable accepts it, or
// fetches and stores one.
func (s *Source) shared(
	ctx context.Context, client Client, usable func(tokencache.Entry) bool, fetch func(context.Context) (*oauth2.Token, error),
) (*oauth2.Token, error) {
	key, err := s.entryKey(ctx, client)
	if err != nil {
		return nil, err
	}
	asked := false
	entry, err := s.tokens.Get(ctx, key, usable, func(ctx context.Context) (tokencache.Entry, error) {
		asked = true
		token, err := fetch(ctx)
		if err != nil {
			return tokencache.Entry{}, err
		}
		data, err := token.Marshal()
		return tokencache.Entry{Data: data, IssuedAt: token.RequestedAt, ExpiresAt: token.ExpiresAt}, err
	})
	if err != nil {
		return nil, err
	}
	s.log.DebugContext(ctx, "got a token", "client_id", client.ClientID, "from_cache", !asked, "expires_at", entry.ExpiresAt)
	return oauth2.UnmarshalToken(entry.Data)
}

// Bounds of how long a token must still be valid to be reused, where the user
// names none: a tenth of its lifetime, and at most a minute.
const (
	usualMinValidity = time.Minute
	usualMinShare    = 10
)

// validFor accepts the entries that are valid for at least minValidity, or where
// that is nil, for as long as is usual.
func (s *Source) validFor(minValidity *time.Duration) func(tokencache.Entry) bool {
	return func(entry tokencache.Entry) bool {
		needed := min(usualMinValidity, entry.ExpiresAt.Sub(entry.IssuedAt)/usualMinShare)
		if minValidity != nil {
			needed = *minValidity
		}
		return entry.ExpiresAt.Sub(s.now()) >= needed
	}
}

// entryInputs are what the key of a cached token is derived from, see
// [tokencache.NewEntryKey].
type entryInputs struct {
	Client                             Client
	EncryptionKey, ClientKey, Platform string
}

// entryKey names and seals the client's cached token.
func (s *Source) entryKey(ctx context.Context, client Client) (tokencache.EntryKey, error) {
	inputs := entryInputs{Client: client, EncryptionKey: trimmed(s.cache.EncryptionKey)}
	if clientauth.UsesCertificate(client.TokenEndpointAuthMethod) {
		inputs.ClientKey = trimmed(s.cache.ClientKey)
	}
	if s.cache.Store != nil && inputs.EncryptionKey+inputs.ClientKey == "" && !client.hasSecret() {
		return tokencache.EntryKey{}, missingError("cache.encryption_key")
	}
	if client.FederatedAssertion != nil && s.cache.Store != nil {
		identity, err := s.platformIdentity(ctx, client)
		if err != nil {
			return tokencache.EntryKey{}, err
		}
		inputs.Platform = string(identity)
	}
	return tokencache.NewEntryKey(inputs), nil
}

// trimmed is the text of a key without the line breaks around it, which differ
// between machines that read it from a file and others.
func trimmed(key secret.String) string { return strings.TrimSpace(key.Reveal()) }

// identityLifetime is how long the identity is believed that the platform gives
// this process: for a whole run, as it does not change, while the assertion that
// tells it may expire long before a token does.
const identityLifetime = 24 * time.Hour

// platformIdentity is who the platform says this process is. Two jobs may have the
// same configuration, and a server may give each of them another token: those are
// never shared. What differs between two assertions for the same job makes no
// difference (RFC 7519 section 4.1).
func (s *Source) platformIdentity(ctx context.Context, client Client) ([]byte, error) {
	key := tokencache.NewEntryKey(client.identity())
	entry, err := s.documents.Get(ctx, key, anyEntry, func(ctx context.Context) (tokencache.Entry, error) {
		claims, err := client.FederatedAssertion.Claims(ctx)
		if err != nil {
			return tokencache.Entry{}, &FetchError{Client: client, Err: err}
		}
		maps.DeleteFunc(claims, func(name string, _ any) bool {
			return name == "exp" || name == "iat" || name == "nbf" || name == "jti"
		})
		data, err := json.Marshal(claims) // in the order of the names
		return tokencache.Entry{Data: data, ExpiresAt: s.now().Add(identityLifetime)}, err
	})
	return entry.Data, err
}

// anyEntry accepts every entry.
func anyEntry(tokencache.Entry) bool { return true }
