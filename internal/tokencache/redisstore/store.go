// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package redisstore shares tokens between the machines of a fleet, on a server
// that speaks the Redis protocol: Redis from 6.0 on, or Valkey.
//
// An entry lives under the key [Prefix] followed by the entry's own key, its lock
// under the same with [LockSuffix] behind it. The server lets both expire, by its
// own clock. A user with these rights suffices; select is for a database other
// than 0:
//
//	ACL SETUSER <user> on ><password> resetkeys ~oauth2cc:v1:* -@all
//	  +eval +evalsha +getrange +pttl +set +del +get +pexpire +select
//
// A lock is a key that its owner alone can extend or remove. It excludes others
// for as long as its owner can reach the server, which is enough to save requests
// and not enough to guard what must never happen twice.
//
// The package trusts the server with nothing: what is stored is sealed, answers
// are bounded, and texts of the server are cleaned before they are shown. It
// refuses to follow a Redis Cluster or to ask a Sentinel: the URL names one
// server, or what stands in for one.
package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// What every key on the server is made of. Who changes how entries are stored
// changes the version in Prefix.
const (
	Prefix     = "oauth2cc:v1:"
	LockSuffix = ":lock"
)

// Config says where the server is.
type Config struct {
	// URL is redis://, in the clear, or rediss://, with TLS, followed by
	// [user:password@]host[:port][/database]; or
	// unix://[user:password@]/path[?db=database].
	URL secret.String
	// TLS holds whom to trust and what certificate to show, for rediss alone.
	// Nil takes the system's roots. The server must have a certificate for the
	// URL's host, and speak TLS 1.2 or later.
	TLS *tls.Config
}

// Store is a [tokencache.Store]. Make one with [Open].
type Store struct {
	client *redis.Client
	locks  *redislock.Client
	clean  cleaner
}

// Open returns a store, and connects to nothing yet. Its error, that of
// [CheckURL], shows no part of the URL.
func Open(config Config) (*Store, error) {
	at, err := parseURL(config.URL.Reveal())
	if err != nil {
		return nil, err
	}
	client := newClient(at, config.TLS)
	return &Store{
		client: client,
		locks:  redislock.New(client),
		clean:  newCleaner(secret.New(at.user), secret.New(at.password)),
	}, nil
}

// Close ends all connections. Locks that are held end with their time.
func (s *Store) Close() error { return s.client.Close() }

// Load is described at [tokencache.Store]. A value without a lifetime is none of
// ours.
func (s *Store) Load(ctx context.Context, key string) (data []byte, left time.Duration, err error) {
	entry, err := run(ctx, s, func(ctx context.Context) (entry, error) { return s.load(ctx, Prefix+key) }, forget)
	switch {
	case err != nil:
		return nil, 0, err
	case entry.left <= 0:
		return nil, 0, tokencache.ErrNotFound
	case len(entry.data) > tokencache.MaxSize:
		return nil, 0, fmt.Errorf("%w: it has more than %d bytes", tokencache.ErrDamaged, tokencache.MaxSize)
	}
	return []byte(entry.data), entry.left, nil
}

// entry is what the server has under a key.
type entry struct {
	data string
	left time.Duration // not above zero where there is nothing, or nothing that ends
}

// loadScript reads a value and its lifetime as one, so that they belong together. A
// transaction would do the same, but not where the server is out of memory.
var loadScript = redis.NewScript(`return {redis.call("getrange", KEYS[1], 0, ARGV[1]), redis.call("pttl", KEYS[1])}`)

// load reads at most a byte more than a value may have.
func (s *Store) load(ctx context.Context, name string) (entry, error) {
	answer, err := loadScript.Run(ctx, s.client, []string{name}, tokencache.MaxSize).Slice()
	if err != nil {
		return entry{}, err
	}
	if len(answer) == 2 {
		data, isData := answer[0].(string)
		left, isLeft := answer[1].(int64)
		if isData && isLeft {
			return entry{data, time.Duration(left) * time.Millisecond}, nil
		}
	}
	return entry{}, errors.New("it does not answer what it was asked")
}

// Save is described at [tokencache.Store]. The server counts in milliseconds, and
// one is the least.
func (s *Store) Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error {
	if len(data) > tokencache.MaxSize {
		return fmt.Errorf("%d bytes are more than the %d that can be stored", len(data), tokencache.MaxSize)
	}
	_, err := run(ctx, s, func(ctx context.Context) (string, error) {
		return s.client.Set(ctx, Prefix+key, data, max(lifetime, time.Millisecond)).Result()
	}, forget)
	return err
}

// Delete is described at [tokencache.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	_, err := run(ctx, s, func(ctx context.Context) (int64, error) {
		return s.client.Del(ctx, Prefix+key).Result()
	}, forget)
	return err
}
