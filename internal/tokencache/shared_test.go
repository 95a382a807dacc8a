// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// faulty is a store that fails where it is told to.
type faulty struct {
	*tokencache.Memory
	load, save, lock, delete func(context.Context) error

	mu   sync.Mutex
	uses int
}

func newFaulty() *faulty { return &faulty{Memory: tokencache.NewMemory(time.Now)} }

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

func (f *faulty) Lock(ctx context.Context, key string) (func(), error) {
	if err := f.use(ctx, f.lock); err != nil {
		return nil, err
	}
	return f.Memory.Lock(ctx, key)
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
func held(context.Context) error    { return fmt.Errorf("%w and does nothing", tokencache.ErrLocked) }

// hangs answers when nobody listens any more.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestStoreFails: whatever is wrong with the store, it costs one fetch, one
// trouble and a bounded time, and the store is left alone for a while, unless only
// that entry is at fault.
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
		"lock hangs":            {&faulty{lock: hangs}, tokencache.ErrLocked, 30 * time.Second, 1},
		"lock is another thing": {&faulty{lock: damaged}, tokencache.ErrDamaged, 0, 1},
		"lock of the silent":    {&faulty{lock: held}, tokencache.ErrLocked, 0, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.store.Memory = tokencache.NewMemory(time.Now)
				cache, from := tokencache.New(tokencache.Config{Store: test.store}), &source{lifetime: time.Hour}
				start := time.Now()
				get(t, cache, from)
				if took := time.Since(start); took != test.takes {
					t.Errorf("it took %s", took)
				}
				if err := cache.Trouble(); !errors.Is(err, test.cause) {
					t.Errorf("trouble: %v", err)
				}
				uses := test.store.uses
				if got := get(t, cache, from); got != 1 || test.store.uses != uses+test.uses {
					t.Errorf("got entry %d, and the store was used %d times more", got, test.store.uses-uses)
				}
				if err := cache.Trouble(); err != nil {
					t.Errorf("told again: %v", err)
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
		cache, from := tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
		get(t, cache, from)
		store.load = nil
		time.Sleep(time.Minute)
		if got := get(t, cache, from); got != 1 {
			t.Errorf("got entry %d, want the one that the store missed", got)
		}
		if got := get(t, tokencache.New(tokencache.Config{Store: store}), from); got != 2 {
			t.Errorf("another process got entry %d", got)
		}
	})
}

// TestStoreTakesNothing: what could not be stored is shared within the process, for
// as long as it is good and nobody has dropped it.
func TestStoreTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty()
		store.save = broken
		cache, from := tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
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

// TestDropLeavesTheNext: a token that is stored while another is being dropped
// stays.
func TestDropLeavesTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, gate := newFaulty(), make(chan struct{})
		from := &source{lifetime: time.Hour}
		get(t, tokencache.New(tokencache.Config{Store: store}), from)
		store.delete = func(context.Context) error {
			<-gate
			return nil
		}
		var both sync.WaitGroup
		both.Go(func() { tokencache.New(tokencache.Config{Store: store}).Drop(t.Context(), key(), anyEntry) })
		synctest.Wait() // it has seen the first entry
		both.Go(func() {
			second := func(entry tokencache.Entry) bool { return entry.Data[0] == 2 }
			if _, err := tokencache.New(tokencache.Config{Store: store}).Get(t.Context(), key(), second, from.fetch); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(gate)
		both.Wait()
		if got := get(t, tokencache.New(tokencache.Config{Store: store}), from); got != 2 {
			t.Errorf("got entry %d", got)
		}
	})
}

// TestProcessesShare: two caches with one store are one.
func TestProcessesShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := tokencache.NewMemory(time.Now)
		from := &source{gate: make(chan struct{}), lifetime: time.Hour}
		var waiting sync.WaitGroup
		for range 20 {
			cache := tokencache.New(tokencache.Config{Store: store})
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

// TestDropIsShared: what one process drops is gone for all.
func TestDropIsShared(t *testing.T) {
	t.Parallel()
	store := tokencache.NewMemory(time.Now)
	one, other, from := tokencache.New(tokencache.Config{Store: store}), tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
	get(t, one, from)
	get(t, other, from)
	other.Drop(t.Context(), key(), anyEntry)
	if got := get(t, one, from); got != 2 {
		t.Errorf("got entry %d", got)
	}
}

// TestDamagedEntryIsReplaced: it is told, and the store goes on being used.
func TestDamagedEntryIsReplaced(t *testing.T) {
	t.Parallel()
	store := tokencache.NewMemory(time.Now)
	if err := store.Save(t.Context(), key().Name(), []byte("\x01damaged"), time.Hour); err != nil {
		t.Fatal(err)
	}
	cache, from := tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
	get(t, cache, from)
	if err := cache.Trouble(); !errors.Is(err, tokencache.ErrDamaged) {
		t.Errorf("trouble: %v", err)
	}
	if got := get(t, tokencache.New(tokencache.Config{Store: store}), from); got != 1 {
		t.Errorf("another process got entry %d", got)
	}
}

// TestNothingReadableIsStored: the store sees neither the entry nor what it is
// for.
func TestNothingReadableIsStored(t *testing.T) {
	t.Parallel()
	store := tokencache.NewMemory(time.Now)
	cache := tokencache.New(tokencache.Config{Store: store})
	fetch := func(context.Context) (tokencache.Entry, error) {
		return tokencache.Entry{Data: []byte("canary"), ExpiresAt: time.Now().Add(time.Hour)}, nil
	}
	if _, err := cache.Get(t.Context(), key(), anyEntry, fetch); err != nil {
		t.Fatal(err)
	}
	stored, _, err := store.Load(t.Context(), key().Name())
	if err != nil || len(stored) < len("canary") || bytes.Contains(stored, []byte("canary")) {
		t.Errorf("stored: %q, %v", stored, err)
	}
}

// distant is a store of another machine: its clock says that little is left.
type distant struct {
	*tokencache.Memory
	left time.Duration
}

func (h distant) Load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	data, _, err := h.Memory.Load(ctx, key)
	return data, h.left, err
}

// TestClocksDiffer: an entry lasts for as long as both clocks say.
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
				store := distant{tokencache.NewMemory(time.Now), test.left}
				there := tokencache.New(tokencache.Config{Store: store, Now: func() time.Time { return time.Now().Add(test.ahead) }})
				fetch := func(context.Context) (tokencache.Entry, error) {
					now := time.Now().Add(test.ahead)
					return tokencache.Entry{Data: []byte{1}, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}, nil
				}
				tenMinutes := func(entry tokencache.Entry) bool { return time.Until(entry.ExpiresAt) >= 10*time.Minute }
				if _, err := there.Get(t.Context(), key(), anyEntry, fetch); err != nil {
					t.Fatal(err)
				}
				from := &source{lifetime: time.Hour}
				if _, err := tokencache.New(tokencache.Config{Store: store}).Get(t.Context(), key(), tenMinutes, from.fetch); err != nil {
					t.Fatal(err)
				}
				if reused := from.fetches.Load() == 0; reused != test.reused {
					t.Errorf("reused: %t", reused)
				}
			})
		})
	}
}

// TestEachJudgesForItself: what does for one who waits may not do for another.
func TestEachJudgesForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := tokencache.NewMemory(time.Now)
		elsewhere := &source{gate: make(chan struct{}), lifetime: time.Hour}
		var waiting sync.WaitGroup
		waiting.Go(func() { get(t, tokencache.New(tokencache.Config{Store: store}), elsewhere) })
		synctest.Wait()

		here, from := tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
		waiting.Go(func() { get(t, here, from) })
		synctest.Wait()
		waiting.Go(func() {
			longer := func(entry tokencache.Entry) bool { return time.Until(entry.ExpiresAt) >= 2*time.Hour }
			if _, err := here.Get(t.Context(), key(), longer, from.fetch); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(elsewhere.gate)
		waiting.Wait()
		if got := from.fetches.Load(); got != 1 {
			t.Errorf("%d fetches, want one by the caller whom the stored entry does not do", got)
		}
	})
}

// TestLastWaiterCancels: a fetch that nobody waits for any more is given up, and
// whoever comes then begins another.
func TestLastWaiterCancels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache, from := tokencache.New(tokencache.Config{}), &source{gate: make(chan struct{}), lifetime: time.Hour}
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

// TestPanicReachesThoseWhoWait as an error that names the function at fault, and
// does not end the process.
func TestPanicReachesThoseWhoWait(t *testing.T) {
	t.Parallel()
	cache := tokencache.New(tokencache.Config{})
	_, err := cache.Get(t.Context(), key(), anyEntry, faultyFetch)
	caught, ok := errors.AsType[*panics.Error](err)
	if !ok || !strings.HasPrefix(caught.Functions[0], "tokencache_test.faultyFetch ") {
		t.Errorf("got %v", err)
	}
	get(t, cache, &source{lifetime: time.Hour}) // no lock is left behind
}

// faultyFetch is a mistake in the program.
func faultyFetch(context.Context) (tokencache.Entry, error) { panic("boom") }

// TestCancelledCallerBlamesNobody: a store that did not answer in time for a caller
// who left is none that fails.
func TestCancelledCallerBlamesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty()
		store.load = hangs
		cache, from := tokencache.New(tokencache.Config{Store: store}), &source{lifetime: time.Hour}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := cache.Get(ctx, key(), anyEntry, from.fetch); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if err := cache.Trouble(); err != nil {
			t.Error(err)
		}
	})
}
