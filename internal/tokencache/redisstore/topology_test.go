// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// part is a store with keys of its own on servers that several tests share.
type part struct {
	tokencache.Store
	name string
}

func (p part) key(key string) string {
	sum := sha256.Sum256([]byte(p.name + key))
	return hex.EncodeToString(sum[:])
}

func (p part) Load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	return p.Store.Load(ctx, p.key(key))
}

func (p part) Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error {
	return p.Store.Save(ctx, p.key(key), data, lifetime)
}

func (p part) Delete(ctx context.Context, key string) error { return p.Store.Delete(ctx, p.key(key)) }

func (p part) TryLock(ctx context.Context, key string) (func(), error) {
	return p.Store.TryLock(ctx, p.key(key))
}

// runShared runs the conformance suite on servers that take seconds to start.
func runShared(t *testing.T, url string) {
	t.Helper()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		return storetest.Storage{Open: func() tokencache.Store { return part{open(t, url, nil), t.Name()} }}
	})
}

func TestStoreOnCluster(t *testing.T) {
	t.Parallel()
	runShared(t, redistest.StartCluster(t, redistest.Options{}).URL("", ""))
}

func TestStoreOnSentinel(t *testing.T) {
	t.Parallel()
	runShared(t, redistest.StartSentinel(t, 1, redistest.Options{}, redistest.Options{}).URL("", "")+"/3")
}
