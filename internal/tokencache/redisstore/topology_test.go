// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
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

// TestSlotMoves uses all of a store while the slots of its keys move to another node, and
// after: the one that has them redirects to the other. A user has no more than the
// documented rights.
func TestSlotMoves(t *testing.T) {
	t.Parallel()
	nodes, url := fleetCluster(t, keysRight+rights+clusterRights)
	store := open(t, url, nil)
	use := func(when string) {
		t.Helper()
		unlock, err := useAll(t, store)
		unlock()
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
	use("before")
	moves := map[string]string{} // slots, and the nodes they move to
	for _, name := range []string{"oauth2cc:v1:" + key, "oauth2cc:v1:" + key + ":lock"} {
		slot := strings.TrimPrefix(nodes[0].Do(t, "CLUSTER", "KEYSLOT", name), ":")
		from := nodes.Owner(t, name)
		to := nodes[(from+1)%len(nodes)]
		to.Do(t, "CLUSTER", "SETSLOT", slot, "IMPORTING", nodes[from].Do(t, "CLUSTER", "MYID"))
		nodes[from].Do(t, "CLUSTER", "SETSLOT", slot, "MIGRATING", to.Do(t, "CLUSTER", "MYID"))
		moves[slot] = to.Do(t, "CLUSTER", "MYID")
	}
	use("while they move")
	for slot, to := range moves {
		for _, node := range nodes {
			node.Do(t, "CLUSTER", "SETSLOT", slot, "NODE", to)
		}
	}
	use("after")
	for _, node := range nodes {
		if got := node.Do(t, "ACL", "LOG"); got != noDenial {
			t.Errorf("ACL LOG begins with %s", got)
		}
	}
}

// TestFailOver kills a master. What is tried meanwhile ends in time, with or without an
// error; then the replica serves.
func TestFailOver(t *testing.T) {
	t.Parallel()
	watched := redistest.StartSentinel(t, 1, redistest.Options{}, redistest.Options{})
	store := open(t, watched.URL("", ""), nil)
	if err := store.Save(t.Context(), key, []byte("token"), time.Hour); err != nil {
		t.Fatal(err)
	}
	watched.Master.Kill()
	outcomes(t, store)
	watched.AwaitFailOver(t)
	for name, store := range map[string]*redisstore.Store{"the same store": store, "another": open(t, watched.URL("", ""), nil)} {
		if err := store.Save(t.Context(), otherKey, []byte("token"), time.Hour); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		unlock, err := store.TryLock(t.Context(), otherKey)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		unlock()
	}
}

// TestDemotedMaster has a Sentinel that at first names a replica, as one may that has not
// heard of a fail-over.
func TestDemotedMaster(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, redistest.Options{})
	addresses := make(chan string, 2)
	addresses <- redistest.Start(t, redistest.Options{Directives: []string{"replicaof 127.0.0.1 1"}}).Address
	addresses <- master.Address
	url := listen(t, func(connection net.Conn) {
		host, port, _ := net.SplitHostPort(<-addresses)
		announces(fmt.Sprintf(masterReply, len(host), host, port))(connection)
	})
	store := open(t, everyTopology(url)["sentinel, "], nil)
	if err := store.Save(t.Context(), key, []byte("token"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := master.Do(t, "GET", "oauth2cc:v1:"+key); got != "token" {
		t.Errorf("the master has %q", got)
	}
}

// TestNodeKilled: the keys of other nodes are served as before, and those of the one that
// is gone fail in time.
func TestNodeKilled(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartCluster(t, redistest.Options{Directives: []string{"cluster-require-full-coverage no"}})
	store := open(t, nodes.URL("", ""), nil)
	if _, _, err := store.Load(t.Context(), key); !isNotFound(err) {
		t.Fatal(err)
	}
	gone := nodes.Owner(t, "oauth2cc:v1:"+key)
	if nodes.Owner(t, "oauth2cc:v1:"+otherKey) == gone {
		t.Fatal("choose keys of different nodes")
	}
	nodes[gone].Kill()
	found := outcomes(t, store)
	for operation, failed := range map[string]bool{"load": true, "delete": true, "save": false} {
		if (found[operation] != nil) != failed {
			t.Errorf("%s: %v", operation, found[operation])
		}
	}
}
