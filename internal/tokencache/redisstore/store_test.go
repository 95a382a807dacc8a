// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// Keys that a store may be asked for.
var (
	key      = strings.Repeat("0123456789abcdef", 4)
	otherKey = strings.Repeat("fedcba9876543210", 4)
)

// open opens a store until the test ends.
func open(t testing.TB, url string, config *tls.Config) *redisstore.Store {
	t.Helper()
	store, err := redisstore.Open(redisstore.Config{URL: secret.New(url), TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // twice, where the test closes it
	return store
}

// storage is a storage on a server whose clock runs as it does.
func storage(t *testing.T, url string, config *tls.Config) storetest.Storage {
	t.Helper()
	return storetest.Storage{Open: func() tokencache.Store { return open(t, url, config) }}
}

func TestStoreOnDouble(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		double := miniredis.RunT(t)
		on := storage(t, "redis://"+double.Addr(), nil)
		on.Advance = double.FastForward
		return on
	})
}

func TestStoreOnServer(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		return storage(t, redistest.Start(t, redistest.Options{}).URL("", ""), nil)
	})
}

func TestStoreOnSocket(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		return storage(t, redistest.Start(t, redistest.Options{}).SocketURL("", "")+"?db=3", nil)
	})
}

func TestKeysOnServer(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	store := open(t, "redis://"+double.Addr(), nil)
	if err := store.Save(t.Context(), key, []byte("token"), 90*time.Second); err != nil {
		t.Fatal(err)
	}
	unlock, err := store.TryLock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	for name, want := range map[string]time.Duration{
		"oauth2cc:v1:" + key:           90 * time.Second,
		"oauth2cc:v1:" + key + ":lock": 10 * time.Second,
	} {
		if got := double.TTL(name); got != want {
			t.Errorf("%s lasts for %v, want %v", name, got, want)
		}
	}
	if got := double.Keys(); len(got) != 2 {
		t.Errorf("keys %q", got)
	}
}

// TestRemovedWhileLoading: a value that is removed after its lifetime was read is not
// damaged.
func TestRemovedWhileLoading(t *testing.T) {
	t.Parallel()
	url := listen(t, func(connection net.Conn) {
		command := make([]byte, 1<<10)
		for _, reply := range []string{"-ERR unknown command 'hello'\r\n", ":1000\r\n$0\r\n\r\n"} {
			_, _ = connection.Read(command)
			_, _ = io.WriteString(connection, reply)
		}
	})
	if data, _, err := open(t, url, nil).Load(t.Context(), key); !isNotFound(err) {
		t.Errorf("loaded %q, %v", data, err)
	}
}

func TestForeignValues(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	store := open(t, server.URL("", ""), nil)
	for _, row := range []struct {
		name    string
		command []string
		check   func(error) bool
	}{
		{"without an end", []string{"SET", "oauth2cc:v1:" + key, "token"}, isNotFound},
		{"much too large", []string{"SETRANGE", "oauth2cc:v1:" + key, "100000000", "a"}, isNotFound},
		{"much too large, with an end", []string{"EXPIRE", "oauth2cc:v1:" + key, "60"}, isDamaged},
		{"one byte too large", []string{
			"SET", "oauth2cc:v1:" + key, strings.Repeat("a", tokencache.MaxSize+1), "PX", "60000",
		}, isDamaged},
		{"nothing", []string{"DEL", "oauth2cc:v1:" + key}, isNotFound},
		{"a list", []string{"LPUSH", "oauth2cc:v1:" + key, "token"}, isDamaged},
	} { // in this order
		if reply := server.Do(t, row.command...); strings.HasPrefix(reply, "-") {
			t.Fatalf("%s: %s", row.name, reply)
		}
		if data, _, err := store.Load(t.Context(), key); !row.check(err) {
			t.Errorf("%s: loaded %d bytes, %v", row.name, len(data), err)
		}
	}
	if err := store.Save(t.Context(), key, []byte("token"), time.Minute); err != nil {
		t.Errorf("in place of a list: %v", err)
	}
}

func isNotFound(err error) bool { return errors.Is(err, tokencache.ErrNotFound) }

func isDamaged(err error) bool { return errors.Is(err, tokencache.ErrDamaged) }

func TestNothingIsSentBeforeUse(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	open(t, "redis://"+double.Addr(), nil)
	if got := double.TotalConnectionCount(); got != 0 {
		t.Errorf("%d connections", got)
	}
}

func BenchmarkStore(b *testing.B) {
	store := open(b, redistest.Start(b, redistest.Options{}).URL("", ""), nil)
	data := bytes.Repeat([]byte("token"), 400)
	b.Run("Save", func(b *testing.B) {
		for b.Loop() {
			if err := store.Save(b.Context(), key, data, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Load", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := store.Load(b.Context(), key); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("LockUnlock", func(b *testing.B) {
		for b.Loop() {
			unlock, err := store.TryLock(b.Context(), key)
			if err != nil {
				b.Fatal(err)
			}
			unlock()
		}
	})
}
