// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// The rights that the package's documentation lists, without select.
const (
	keysRight = "resetkeys ~oauth2cc:v1:* -@all "
	rights    = "+eval +evalsha +getrange +pttl +set +del +get +pexpire"
)

// fleet is a server with a user that has these rights, and a password of characters that
// have a meaning in URLs.
func fleet(t *testing.T, rights string) (server *redistest.Server, url string) {
	t.Helper()
	const password = "p@ss/w#rd?"
	server = redistest.Start(t, redistest.Options{Users: []string{"fleet on >" + password + " " + rights}})
	return server, server.URL("fleet", password)
}

// noDenial is the reply to ACL LOG if the server has denied nothing.
const noDenial = "*0"

func TestDocumentedRightsSuffice(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, rights, database string }{
		{"database 0", rights, ""},
		{"database 3", rights + " +select", "/3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Storage {
				t.Helper()
				server, url := fleet(t, keysRight+row.rights)
				mustDenyNothing(t, server)
				return storage(t, url+row.database, nil)
			})
		})
	}
}

// TestEveryRightIsNeeded takes away one right after the other.
func TestEveryRightIsNeeded(t *testing.T) {
	t.Parallel()
	silent := []string{"+get", "+pexpire"} // to extend a lock and to give it back
	for right := range strings.FieldsSeq(rights) {
		t.Run(right, func(t *testing.T) {
			t.Parallel()
			fewer := slices.DeleteFunc(strings.Fields(rights), func(other string) bool { return other == right })
			server, url := fleet(t, keysRight+strings.Join(fewer, " "))
			unlock, err := useAll(t, open(t, url, nil))
			defer unlock()
			if !slices.Contains(silent, right) {
				if !errors.Is(err, redisstore.ErrDenied) {
					t.Errorf("got %v, want %v", err, redisstore.ErrDenied)
				}
				return
			}
			eventually(t, func() bool { return server.Do(t, "ACL", "LOG") != noDenial })
		})
	}
}

// clusterRights are those that a cluster needs besides.
const clusterRights = " +cluster|slots +asking"

// fleetCluster is fleet on a cluster.
func fleetCluster(t *testing.T, rights string) (nodes redistest.Cluster, url string) {
	t.Helper()
	nodes = redistest.StartCluster(t, redistest.Options{Users: []string{"fleet on >password " + rights}})
	return nodes, nodes.URL("fleet", "password")
}

// mustDenyNothing holds at the end of a test that a server has denied nothing.
func mustDenyNothing(t *testing.T, server *redistest.Server) {
	t.Helper()
	t.Cleanup(func() {
		if got := server.Do(t, "ACL", "LOG"); got != noDenial {
			t.Errorf("ACL LOG begins with %s", got)
		}
	})
}

func TestDocumentedRightsSufficeOnCluster(t *testing.T) {
	t.Parallel()
	nodes, url := fleetCluster(t, keysRight+rights+clusterRights)
	for _, node := range nodes {
		mustDenyNothing(t, node)
	}
	runShared(t, url)
}

func TestClusterSlotsAreNeeded(t *testing.T) {
	t.Parallel()
	_, url := fleet(t, keysRight+rights+" +asking")
	mustAllFail(t, open(t, everyTopology(url)["cluster, "], nil), redisstore.ErrDenied)
}

// TestDocumentedRightsSufficeOnSentinel: of the Sentinel, those who do not authenticate
// may only do what the test does.
func TestDocumentedRightsSufficeOnSentinel(t *testing.T) {
	t.Parallel()
	watched := redistest.StartSentinel(t, 1,
		redistest.Options{Users: []string{"fleet on >password " + keysRight + rights}},
		redistest.Options{Users: []string{
			"fleet on >password -@all +sentinel|get-master-addr-by-name",
			"default on nopass -@all +info",
		}})
	mustDenyNothing(t, watched.Master)
	runShared(t, watched.URL("fleet", "password"))
	mustAllFail(t, open(t, watched.URL("", ""), nil), redisstore.ErrDenied)
	mustAllFail(t, open(t, watched.URL("fleet", "passport"), nil), redisstore.ErrDenied)
}

// TestSentinelWithoutUsers: a Sentinel with requirepass does not know the master's user.
func TestSentinelWithoutUsers(t *testing.T) {
	t.Parallel()
	watched := redistest.StartSentinel(t, 1,
		redistest.Options{Users: []string{"fleet on >password " + keysRight + rights}}, redistest.Options{})
	watched.Sentinels[0].Do(t, "ACL", "SETUSER", "default", ">password")
	runShared(t, watched.URL("fleet", "password"))
}

func TestKeysOfOthersAreDenied(t *testing.T) {
	t.Parallel()
	_, url := fleet(t, "resetkeys ~other:* +@all")
	store := open(t, url, nil)
	for name, err := range outcomes(t, store) {
		if !errors.Is(err, redisstore.ErrDenied) {
			t.Errorf("%s: got %v, want %v", name, err, redisstore.ErrDenied)
		}
	}
}

// useAll calls all methods of a store, and returns the first error. It keeps the lock.
func useAll(t *testing.T, store *redisstore.Store) (unlock func(), err error) {
	t.Helper()
	if _, _, err := store.Load(t.Context(), key); !errors.Is(err, tokencache.ErrNotFound) {
		return func() {}, err
	}
	if err := store.Save(t.Context(), key, []byte("token"), time.Minute); err != nil {
		return func() {}, err
	}
	if err := store.Delete(t.Context(), key); err != nil {
		return func() {}, err
	}
	unlock, err = store.TryLock(t.Context(), key)
	if err != nil {
		return func() {}, err
	}
	return unlock, nil
}

// eventually waits until something has happened.
func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for late := time.After(20 * time.Second); ; {
		if happened() {
			return
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatal("it does not happen")
		}
	}
}
