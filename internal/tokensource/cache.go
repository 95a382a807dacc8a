// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Cache configures with whom tokens are shared. The zero value shares them within one
// [Source].
type Cache struct {
	// Off turns sharing off.
	Off bool
	// Store shares tokens with other processes; nil keeps them in this one.
	Store tokencache.Store
	// EncryptionKey takes part in sealing what is stored. A client that authenticates
	// with neither a secret nor a private key needs one.
	EncryptionKey secret.String
	// ClientKey is the private key of the connections' client certificate, see [keys.PKCS8],
	// if there is one.
	ClientKey secret.String
}

// lockMargin is how much longer another process waits than the retries of this one may
// take: their budget does not include the waits between attempts.
const lockMargin = 20 * time.Second

type entry = tokencache.Entry[*oauth2.Token]

// newTokenCache returns a cache of tokens, which are in a store too if it is not nil.
func newTokenCache(config Config, store tokencache.Store) *tokencache.Cache[*oauth2.Token] {
	return tokencache.New(tokencache.Config[*oauth2.Token]{
		Store:       store,
		Codec:       tokencache.Codec[*oauth2.Token]{Encode: (*oauth2.Token).Marshal, Decode: oauth2.UnmarshalToken},
		LockTimeout: config.Retries.Budget() + lockMargin,
		Now:         config.Now,
	})
}

// CacheErr returns why the store could not be used, once: nil if it could, or if the
// error was returned before. It is a [*tokencache.StoreError], and tokens are issued
// all the same.
func (s *Source) CacheErr() error { return s.tokens.Err() }

// cacheOf returns the cache that has the client's tokens.
func (s *Source) cacheOf(client *Client) *tokencache.Cache[*oauth2.Token] {
	if client.staysInProcess() {
		return s.processTokens
	}
	return s.tokens
}

// shares reports whether the client's tokens are shared.
func (s *Source) shares(client *Client) bool { return !s.cache.Off && client.shareable() }

// drop removes a token that an API refused, for all that share it. A token that was
// fetched for the same client since stays.
func (s *Source) drop(ctx context.Context, client *Client, refused *oauth2.Token) {
	key, err := s.entryKey(ctx, client)
	if err != nil {
		return // then it has not been shared
	}
	s.cacheOf(client).Drop(ctx, key, func(cached entry) bool { return sameToken(cached.Value, refused) })
}

func sameToken(a, b *oauth2.Token) bool { return a.AccessToken.Reveal() == b.AccessToken.Reveal() }

// shared returns the client's cached token if usable accepts it, or fetches one. It
// must not be changed.
func (s *Source) shared(
	ctx context.Context, client *Client, usable func(entry) bool, fetch func(context.Context) (*oauth2.Token, error),
) (*oauth2.Token, error) {
	key, err := s.entryKey(ctx, client)
	if err != nil {
		return nil, err
	}
	fetched := false
	cached, err := s.cacheOf(client).Get(ctx, key, usable, func(ctx context.Context) (entry, error) {
		fetched = true
		token, err := fetch(ctx)
		if err != nil {
			return entry{}, err
		}
		return entry{Value: token, IssuedAt: token.RequestedAt, ExpiresAt: token.ExpiresAt}, nil
	})
	if err != nil {
		return nil, err
	}
	s.log.LogAttrs(ctx, slog.LevelDebug, "got a token",
		slog.String("client_id", client.ClientID), slog.Bool("from_cache", !fetched), slog.Time("expires_at", cached.ExpiresAt))
	return cached.Value, nil
}

// By default a token is reused if it remains valid for a tenth of its lifetime, or for
// a minute if that is shorter.
const (
	defaultMinValidity      = time.Minute
	defaultMinValidityShare = 10
)

// usable accepts entries that a client may use.
func (s *Source) usable(client *Client) func(entry) bool {
	return func(cached entry) bool {
		now, share := s.now(), time.Duration(client.minShare)
		left, lifetime := cached.ExpiresAt.Sub(now), cached.ExpiresAt.Sub(cached.IssuedAt)
		return validFor(client.minValidity, cached, now) && (share == 0 || left >= lifetime/share)
	}
}

// validFor reports whether an entry remains valid for at least minValidity, or for the
// default if that is nil.
func validFor(minValidity *time.Duration, cached entry, now time.Time) bool {
	needed := min(defaultMinValidity, cached.ExpiresAt.Sub(cached.IssuedAt)/defaultMinValidityShare)
	if minValidity != nil {
		needed = *minValidity
	}
	return cached.ExpiresAt.Sub(now) >= needed
}

// entryInputs are what the key of a cached token is derived from, see
// [tokencache.NewEntryKey].
type entryInputs struct {
	Client                             Client
	EncryptionKey, ClientKey, Platform string
}

func (s *Source) entryInputs(client *Client) entryInputs {
	inputs := entryInputs{Client: *client, EncryptionKey: trimmed(s.cache.EncryptionKey)}
	if clientauth.UsesCertificate(client.TokenEndpointAuthMethod) {
		inputs.ClientKey = s.cache.ClientKey.Reveal()
	}
	return inputs
}

// entryKey names and seals the client's cached token.
func (s *Source) entryKey(ctx context.Context, client *Client) (tokencache.EntryKey, error) {
	stored := s.cache.Store != nil && !client.staysInProcess()
	if stored && trimmed(s.cache.EncryptionKey) == "" && !client.canSeal() {
		return tokencache.EntryKey{}, missingError("cache.encryption_key")
	}
	if federated := client.FederatedAssertion; stored && federated != nil {
		identity, err := s.platformIdentity(ctx, client)
		if err != nil {
			return tokencache.EntryKey{}, err
		}
		inputs, anyValue := s.entryInputs(client), *federated
		anyValue.Value = secret.String{} // each run has another, with the same identity
		inputs.Platform, inputs.Client.FederatedAssertion = identity, &anyValue
		return tokencache.NewEntryKey(inputs), nil
	}
	return client.key, nil
}

// trimmed is a key without the line breaks around it, which differ between machines
// that read it from a file and those that do not.
func trimmed(key secret.String) string { return strings.TrimSpace(key.Reveal()) }

// identityLifetime is how long the identity of this process is remembered: for a whole
// run, as it does not change. The assertion that names it may expire long before a
// token does.
const identityLifetime = 24 * time.Hour

// platformIdentity is what the platform says of this process. Two jobs may have the
// same configuration and be issued different tokens: these are not shared. Claims that
// differ between two assertions for the same job do not count (RFC 7519 section 4.1).
func (s *Source) platformIdentity(ctx context.Context, client *Client) (string, error) {
	type entry = tokencache.Entry[string]
	key := tokencache.NewEntryKey(client.identity())
	cached, err := s.identities.Get(ctx, key, anyEntry, func(ctx context.Context) (entry, error) {
		claims, err := client.FederatedAssertion.Claims(ctx)
		if err != nil {
			return entry{}, &FetchError{Client: *client, Err: err}
		}
		maps.DeleteFunc(claims, func(name string, _ any) bool {
			return name == "exp" || name == "iat" || name == "nbf" || name == "jti"
		})
		data, err := json.Marshal(claims) // sorts the names
		return entry{Value: string(data), ExpiresAt: s.now().Add(identityLifetime)}, err
	})
	return cached.Value, err
}

func anyEntry[V any](tokencache.Entry[V]) bool { return true }
