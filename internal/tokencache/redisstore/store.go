// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package redisstore shares tokens between the machines of a fleet, on servers that speak
// the Redis protocol: Redis from 6.0 on, or Valkey. They are one server, a cluster, or a
// master that Sentinels watch.
//
// An entry is stored under oauth2cc:v1: followed by its key, and its lock under the same
// name followed by :lock. Both expire by the server's clock. A user needs these
// permissions:
//
//	ACL SETUSER <user> on ><password> resetkeys ~oauth2cc:v1:* -@all
//	  +eval +evalsha +getrange +pttl +set +del +get +pexpire
//
// and besides select for a database other than 0, or cluster|slots and asking on a
// cluster. On Sentinels, if they have users, it is sentinel|get-master-addr-by-name.
//
// A lock is a key that only its owner extends or removes. It excludes others for as
// long as the owner can reach the server, which is enough to save requests but not to
// guard what must never happen twice. A fail-over may lose it, and entries of the last
// moments.
//
// The servers are not trusted: what is stored is sealed, replies are bounded, and texts
// of the servers are redacted before they are shown. The nodes of a cluster and the
// Sentinels say where else to connect, and the user and password are sent there; with
// TLS, the server there must prove that it is the host of this name.
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

// prefix is that of all names on the server. Its version changes with how entries are
// stored.
const prefix = "oauth2cc:v1:"

// Config says where the server is.
type Config struct {
	// URL is redis://, unencrypted, or rediss://, with TLS, followed by
	// [user:password@]host[:port][/database]; or
	// unix://[user:password@]/path[?db=database]; or redis+cluster:// or rediss+cluster://,
	// followed by [user:password@]host[:port][,host[:port]...]; or redis+sentinel:// or
	// rediss+sentinel://, followed by the same and /master-name[/database].
	//
	// The user and password are those of the nodes. A Sentinel that requires
	// authentication gets them too.
	URL secret.String
	// TLS holds the trusted authorities and the client certificate, for TLS only.
	// Nil means the system's authorities. A server must have a certificate for the host
	// that it is dialed by, which is the URL's or the one that a cluster or Sentinel
	// announces, and speak TLS 1.2 or later.
	TLS *tls.Config
}

// Store is a [tokencache.Store]. Make one with [Open].
type Store struct {
	client   redis.UniversalClient
	locks    *redislock.Client
	redactor *secret.Redactor // of the user and the password
}

var errReply = errors.New("the reply is not what was asked for")

// Open returns a store that connects when it is first used. The error is that of
// [CheckURL], which shows no part of the URL.
func Open(config Config) (*Store, error) {
	at, err := parseURL(config.URL.Reveal())
	if err != nil {
		return nil, err
	}
	client := newClient(at, config.TLS)
	return &Store{
		client:   client,
		locks:    redislock.New(client),
		redactor: secret.NewRedactor(secret.New(at.user), secret.New(at.password)),
	}, nil
}

// Close closes all connections. Locks that are held expire.
func (s *Store) Close() error { return s.client.Close() }

// Load is described at [tokencache.Store]. It reads at most one byte more than a
// value may have. A value without a lifetime was not stored by this package.
//
// The lifetime is read first: if the value is replaced in between, it is that of the
// earlier one, and if it is removed, the value is empty. A script would rule both out but
// takes a fifth longer; a transaction is refused by a server that is out of memory.
func (s *Store) Load(ctx context.Context, key string) (data []byte, left time.Duration, err error) {
	var lifetime *redis.DurationCmd
	var value *redis.StringCmd
	_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		lifetime = pipe.PTTL(ctx, prefix+key)
		value = pipe.GetRange(ctx, prefix+key, 0, tokencache.MaxSize)
		return nil
	})
	switch {
	case err != nil:
		return nil, 0, s.explain(ctx, err)
	case lifetime.Val() <= 0 || value.Val() == "": // there is no value, or it has no lifetime
		return nil, 0, tokencache.ErrNotFound
	case len(value.Val()) > tokencache.MaxSize:
		return nil, 0, fmt.Errorf("%w: it has more than %d bytes", tokencache.ErrDamaged, tokencache.MaxSize)
	}
	return []byte(value.Val()), lifetime.Val(), nil
}

// Save is described at [tokencache.Store]. The shortest lifetime is a millisecond.
func (s *Store) Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error {
	return s.explain(ctx, s.client.Set(ctx, prefix+key, data, max(lifetime, time.Millisecond)).Err())
}

// Delete is described at [tokencache.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.explain(ctx, s.client.Del(ctx, prefix+key).Err())
}

// LockTTL is how long a lock outlives an owner that died.
const LockTTL = 10 * time.Second

// refreshInterval leaves an owner two more chances before its lock expires.
const refreshInterval = LockTTL / 3

// TryLock is described at [tokencache.Store]. A lock outlives the process that holds
// it by at most [LockTTL].
func (s *Store) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	lock, err := s.locks.Obtain(ctx, prefix+key+":lock", LockTTL, nil)
	if errors.Is(err, redislock.ErrNotObtained) {
		return nil, tokencache.ErrLocked
	}
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return hold(context.WithoutCancel(ctx), lock), nil
}

// hold keeps a lock until it is unlocked: a token request that is slow or retried
// takes longer than LockTTL, which is short so that a CI job that is killed does not
// hold up the others.
func hold(ctx context.Context, lock *redislock.Lock) (unlock func()) {
	refreshing, stop := context.WithCancel(ctx)
	go func() {
		ticker := time.NewTicker(refreshInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if errors.Is(lock.Refresh(refreshing, LockTTL, nil), redislock.ErrNotObtained) {
					return // it is lost; another failure may pass before it expires
				}
			case <-refreshing.Done():
				return
			}
		}
	}()
	return func() {
		stop()
		releasing, cancel := context.WithTimeout(ctx, stepTimeout)
		defer cancel()
		_ = lock.Release(releasing) // if the server is not reached, the lock expires
	}
}
