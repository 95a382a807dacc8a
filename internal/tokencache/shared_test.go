// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// faulty is a store whose methods fail as configured.
type faulty struct {
	*storetest.Memory
	load, save, lock, delete func(context.Context) error

	mu   sync.Mutex
	uses int
}

func newFaulty() *faulty { return &faulty{Memory: storetest.NewMemory(time.Now)} }

func (f *faulty) use(ctx context.Context, fail func(context.Context) error) error {
	f.mu.Lock()
	f.uses++
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(ctx)
}

func (f *faulty) Load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	if err := f.use(ctx, f.load); err != nil {
		return nil, 0, err
	}
	return f.Memory.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error {
	if err := f.use(ctx, f.save); err != nil {
		return err
	}
	return f.Memory.Save(ctx, key, data, lifetime)
}

func (f *faulty) TryLock(ctx context.Context, key string) (func(), error) {
	if err := f.use(ctx, f.lock); err != nil {
		return nil, err
	}
	return f.Memory.TryLock(ctx, key)
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	if err := f.use(ctx, f.delete); err != nil {
		return err
	}
	return f.Memory.Delete(ctx, key)
}

var errBroken = errors.New("broken")

func broken(context.Context) error  { return errBroken }
func damaged(context.Context) error { return fmt.Errorf("%w: it is a list", tokencache.ErrDamaged) }
func held(context.Context) error    { return tokencache.ErrLocked }

// hangs returns when nobody waits any more.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestStoreFails: whatever is wrong with the store, it costs one fetch, one error and
// a bounded time, and the store is not used for a while unless only that entry is at
// fault.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		store *faulty
		cause error
		takes time.Duration
		uses  int // of the store, for the second time
	}{
		"load fails":            {&faulty{load: broken}, errBroken, 0, 0},
		"load hangs":            {&faulty{load: hangs}, context.DeadlineExceeded, 5 * time.Second, 0},
		"save fails":            {&faulty{save: broken}, errBroken, 0, 0},
		"save hangs":            {&faulty{save: hangs}, context.DeadlineExceeded, 5 * time.Second, 0},
		"lock fails":            {&faulty{lock: broken}, errBroken, 0, 0},
		"lock hangs":            {&faulty{lock: hangs}, context.DeadlineExceeded, 5 * time.Second, 0},
		"lock is another thing": {&faulty{lock: damaged}, tokencache.ErrDamaged, 0, 1},
		"lock is held":          {&faulty{lock: held}, tokencache.ErrLocked, 30 * time.Second, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.store.Memory = storetest.NewMemory(time.Now)
				cache, from := sharing(test.store), &source{lifetime: time.Hour}
				start := time.Now()
				get(t, cache, from)
				const oneWait = 250 * time.Millisecond // between two attempts to lock
				if took := time.Since(start); took < test.takes || took > test.takes+oneWait {
					t.Errorf("it took %s", took)
				}
				if err := cache.Err(); !errors.Is(err, test.cause) {
					t.Errorf("reported: %v", err)
				}
				uses := test.store.uses
				if got := get(t, cache, from); got != 1 || test.store.uses != uses+test.uses {
					t.Errorf("got entry %d, and the store was used %d times more", got, test.store.uses-uses)
				}
				if err := cache.Err(); err != nil {
					t.Errorf("reported again: %v", err)
				}
			})
		})
	}
}

// TestStoreRecovers: after a rest the store is used again.
func TestStoreRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty()
		store.load = broken
		cache, from := sharing(store), &source{lifetime: time.Hour}
		get(t, cache, from)
		store.load = nil
		time.Sleep(time.Minute)
		if got := get(t, cache, from); got != 1 {
			t.Errorf("got entry %d, want the one that the store missed", got)
		}
		if got := get(t, sharing(store), from); got != 2 {
			t.Errorf("another process got entry %d", got)
		}
	})
}

// TestStoreTakesNothing: what could not be stored is shared within the process until it
// expires or is dropped.
func TestStoreTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty()
		store.save = broken
		cache, from := sharing(store), &source{lifetime: time.Hour}
		for range 59 {
			if got := get(t, cache, from); got != 1 {
				t.Fatalf("got entry %d", got)
			}
			time.Sleep(time.Minute)
		}
		cache.Drop(t.Context(), key(), anyEntry)
		if got := get(t, cache, from); got != 2 {
			t.Errorf("got entry %d, which was dropped", got)
		}
	})
}

// TestDropLeavesTheNext: an entry that is stored while another is being dropped stays.
func TestDropLeavesTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, gate := newFaulty(), make(chan struct{})
		from := &source{lifetime: time.Hour}
		get(t, sharing(store), from)
		store.delete = func(context.Context) error {
			<-gate
			return nil
		}
		var both sync.WaitGroup
		both.Go(func() { sharing(store).Drop(t.Context(), key(), anyEntry) })
		synctest.Wait() // it has seen the first entry
		both.Go(func() {
			second := func(entry entry) bool { return entry.Value == 2 }
			if _, err := sharing(store).Get(t.Context(), key(), second, from.fetch); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(gate)
		both.Wait()
		if got := get(t, sharing(store), from); got != 2 {
			t.Errorf("got entry %d", got)
		}
	})
}

// TestProcessesShare: caches with the same store fetch once.
func TestProcessesShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory(time.Now)
		from := &source{gate: make(chan struct{}), lifetime: time.Hour}
		var waiting sync.WaitGroup
		for range 20 {
			cache := sharing(store)
			waiting.Go(func() {
				if got := get(t, cache, from); got != 1 {
					t.Errorf("got entry %d", got)
				}
			})
		}
		synctest.Wait()
		close(from.gate)
		waiting.Wait()
		if got := from.fetches.Load(); got != 1 {
			t.Errorf("%d fetches", got)
		}
	})
}

// TestValuesAreEncodedForTheStoreOnly: a fetched value is encoded once and not decoded
// by the cache that fetched it. A stored value is decoded once, however often it is used.
// Without a store, there is no codec at all.
func TestValuesAreEncodedForTheStoreOnly(t *testing.T) {
	t.Parallel()
	encoded, decoded := 0, 0
	codec := tokencache.Codec[int64]{
		Encode: func(number int64) ([]byte, error) { encoded++; return decimal.Encode(number) },
		Decode: func(data []byte) (int64, error) { decoded++; return decimal.Decode(data) },
	}
	store, from := storetest.NewMemory(time.Now), &source{lifetime: time.Hour}
	for decodings, what := range []string{"fetched", "stored"} {
		cache := tokencache.New(tokencache.Config[int64]{Store: store, Codec: codec})
		for range 3 {
			if got := get(t, cache, from); got != 1 {
				t.Errorf("got entry %d", got)
			}
		}
		if encoded != 1 || decoded != decodings {
			t.Errorf("a %s value: encoded %d times, decoded %d times", what, encoded, decoded)
		}
	}
}

// TestStoreFailsLater: what a process has seen in the store is used until it expires or is
// dropped, should the store fail.
func TestStoreFailsLater(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dropped bool
		want    int64
	}{
		"seen":    {dropped: false, want: 1},
		"dropped": {dropped: true, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, from := newFaulty(), &source{lifetime: time.Hour}
			get(t, sharing(store), from)
			cache := sharing(store)
			get(t, cache, from)
			if test.dropped {
				cache.Drop(t.Context(), key(), anyEntry)
			}
			store.load, store.lock = broken, broken
			if got := get(t, cache, from); got != test.want {
				t.Errorf("got entry %d, want %d", got, test.want)
			}
		})
	}
}

// TestEntryEndsTheWait: those that wait for another process's lock look for the entry,
// and need not have the lock once it is there. They look often while the wait is short,
// and seldom later.
func TestEntryEndsTheWait(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		takes, late time.Duration // late is by how much it may be noticed
		uses        int           // of the store, by each
	}{
		"a fast endpoint":            {50 * time.Millisecond, 13 * time.Millisecond, 20},
		"a slow endpoint":            {time.Second, 250 * time.Millisecond, 50},
		"an endpoint that must wake": {20 * time.Second, 250 * time.Millisecond, 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const number = 20
				store := newFaulty()
				unlock, err := store.Memory.TryLock(t.Context(), key().Name())
				if err != nil {
					t.Fatal(err)
				}
				defer unlock() // only in the end
				from := &source{lifetime: time.Hour}
				var waiting sync.WaitGroup
				for range number {
					cache := sharing(store)
					waiting.Go(func() {
						if got := get(t, cache, from); got != 7 {
							t.Errorf("got entry %d", got)
						}
					})
				}
				time.Sleep(test.takes)
				saveElsewhere(t, store.Memory)
				start := time.Now()
				waiting.Wait()
				if took := time.Since(start); took > test.late {
					t.Errorf("it took %s", took)
				}
				if got := from.fetches.Load(); got != 0 {
					t.Errorf("%d fetches", got)
				}
				if each := store.uses / number; each > test.uses {
					t.Errorf("each used the store %d times", each)
				}
			})
		})
	}
}

// saveElsewhere saves entry 7 as another process that holds the lock.
func saveElsewhere(t *testing.T, store tokencache.Store) {
	t.Helper()
	other := storetest.NewMemory(time.Now)
	get(t, sharing(other), &source{number: 6, lifetime: time.Hour})
	data, left, err := other.Load(t.Context(), key().Name())
	if err == nil {
		err = store.Save(t.Context(), key().Name(), data, left)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDropIsShared: what one process drops is gone for all.
func TestDropIsShared(t *testing.T) {
	t.Parallel()
	store := storetest.NewMemory(time.Now)
	one, other, from := sharing(store), sharing(store), &source{lifetime: time.Hour}
	get(t, one, from)
	get(t, other, from)
	other.Drop(t.Context(), key(), anyEntry)
	if got := get(t, one, from); got != 2 {
		t.Errorf("got entry %d", got)
	}
}

// TestDamagedEntryIsReplaced: it is reported, and the store stays in use.
func TestDamagedEntryIsReplaced(t *testing.T) {
	t.Parallel()
	damages := map[string]func(*testing.T, tokencache.Store) error{
		"cut off": func(t *testing.T, store tokencache.Store) error {
			t.Helper()
			return store.Save(t.Context(), key().Name(), nil, time.Hour)
		},
		"not sealed": func(t *testing.T, store tokencache.Store) error {
			t.Helper()
			return store.Save(t.Context(), key().Name(), []byte("\x01damaged"), time.Hour)
		},
		"not decoded": func(t *testing.T, store tokencache.Store) error {
			t.Helper()
			codec := decimal
			codec.Encode = func(int64) ([]byte, error) { return []byte("not a number"), nil }
			other := tokencache.New(tokencache.Config[int64]{Store: store, Codec: codec})
			_, err := other.Get(t.Context(), key(), anyEntry, (&source{lifetime: time.Hour}).fetch)
			return err
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := storetest.NewMemory(time.Now)
			if err := damage(t, store); err != nil {
				t.Fatal(err)
			}
			mustBeReplaced(t, store)
		})
	}
}

// mustBeReplaced gets an entry where there is a damaged one.
func mustBeReplaced(t *testing.T, store tokencache.Store) {
	t.Helper()
	cache, from := sharing(store), &source{lifetime: time.Hour}
	get(t, cache, from)
	if err := cache.Err(); !errors.Is(err, tokencache.ErrDamaged) {
		t.Errorf("reported: %v", err)
	}
	if got := get(t, sharing(store), from); got != 1 {
		t.Errorf("another process got entry %d", got)
	}
}

// TestNothingReadableIsStored: the store sees only sealed entries.
func TestNothingReadableIsStored(t *testing.T) {
	t.Parallel()
	store := storetest.NewMemory(time.Now)
	cache := sharing(store)
	const canary = 31415926
	fetch := func(context.Context) (entry, error) {
		return entry{Value: canary, ExpiresAt: time.Now().Add(time.Hour)}, nil
	}
	if _, err := cache.Get(t.Context(), key(), anyEntry, fetch); err != nil {
		t.Fatal(err)
	}
	stored, _, err := store.Load(t.Context(), key().Name())
	if err != nil || len(stored) < len("31415926") || bytes.Contains(stored, []byte("31415926")) {
		t.Errorf("stored: %q, %v", stored, err)
	}
}

// distant is a store on another machine, with a clock of its own.
type distant struct {
	*storetest.Memory
	left time.Duration
}

func (h distant) Load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	data, _, err := h.Memory.Load(ctx, key)
	return data, h.left, err
}

// TestClocksDiffer: an entry is valid for as long as both clocks say.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		left   time.Duration // by the store
		ahead  time.Duration // of the clock that stored it
		reused bool
	}{
		"as stored":                        {time.Hour, 0, true},
		"the store says less":              {9 * time.Minute, 0, false},
		"the store says enough":            {10 * time.Minute, 0, true},
		"stored by a clock a little ahead": {time.Hour, 30 * time.Second, true},
		"stored in the future":             {time.Hour, 2 * time.Minute, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := distant{storetest.NewMemory(time.Now), test.left}
				there := tokencache.New(tokencache.Config[int64]{Store: store, Codec: decimal, Now: func() time.Time { return time.Now().Add(test.ahead) }})
				fetch := func(context.Context) (entry, error) {
					now := time.Now().Add(test.ahead)
					return entry{Value: 1, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}, nil
				}
				tenMinutes := func(entry entry) bool { return time.Until(entry.ExpiresAt) >= 10*time.Minute }
				if _, err := there.Get(t.Context(), key(), anyEntry, fetch); err != nil {
					t.Fatal(err)
				}
				from := &source{lifetime: time.Hour}
				if _, err := sharing(store).Get(t.Context(), key(), tenMinutes, from.fetch); err != nil {
					t.Fatal(err)
				}
				if reused := from.fetches.Load() == 0; reused != test.reused {
					t.Errorf("reused: %t", reused)
				}
			})
		})
	}
}

// TestEachJudgesForItself: what is usable for one waiter may not be for another.
func TestEachJudgesForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory(time.Now)
		elsewhere := &source{gate: make(chan struct{}), lifetime: time.Hour}
		var waiting sync.WaitGroup
		waiting.Go(func() { get(t, sharing(store), elsewhere) })
		synctest.Wait()

		here, from := sharing(store), &source{lifetime: time.Hour}
		waiting.Go(func() { get(t, here, from) })
		synctest.Wait()
		waiting.Go(func() {
			longer := func(entry entry) bool { return time.Until(entry.ExpiresAt) >= 2*time.Hour }
			if _, err := here.Get(t.Context(), key(), longer, from.fetch); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(elsewhere.gate)
		waiting.Wait()
		if got := from.fetches.Load(); got != 1 {
			t.Errorf("%d fetches, want one by the caller that the stored entry is not usable for", got)
		}
	})
}

// TestLastWaiterCancels: a fetch is cancelled when the last waiter leaves, and the next
// caller begins another.
func TestLastWaiterCancels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache, from := inMemory(), &source{gate: make(chan struct{}), lifetime: time.Hour}
		ctx, leave := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for range 2 {
			waiting.Go(func() {
				if _, err := cache.Get(ctx, key(), anyEntry, from.fetch); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		leave()
		waiting.Wait()
		synctest.Wait() // a fetch that went on would wait at the gate, and fail the test in the end
		close(from.gate)
		if got := get(t, cache, from); got != 2 {
			t.Errorf("got entry %d", got)
		}
	})
}

// TestCancelledCallerIsNoFailure: a store that was still busy when its caller left has not
// failed.
func TestCancelledCallerIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty()
		store.load = hangs
		cache, from := sharing(store), &source{lifetime: time.Hour}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := cache.Get(ctx, key(), anyEntry, from.fetch); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if err := cache.Err(); err != nil {
			t.Error(err)
		}
	})
}
