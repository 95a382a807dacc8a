// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"errors"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// refusalLifetime is how long a refused client is not tried again. It covers
// the resources of one run, and is over before somebody has mended the server.
const refusalLifetime = 30 * time.Second

// refusals remembers which clients a server did not recognise. A run with a
// hundred resources and a wrong secret must not become a hundred failed logins:
// some servers lock the client after five.
type refusals struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[string]refusal
}

type refusal struct {
	err   error
	until time.Time
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{now: now, known: map[string]refusal{}}
}

// remember calls fetch, unless the client called key was refused a short while
// ago: then it returns that error.
func (r *refusals) remember(key string, fetch func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	if err := r.recall(key); err != nil {
		return nil, err
	}
	token, err := fetch()
	if refused, ok := errors.AsType[*oauth2.Error](err); ok && refused.RefusesClient() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.known[key] = refusal{err, r.now().Add(refusalLifetime)}
	}
	return token, err
}

// recall returns the error remembered under key, nil where there is none.
func (r *refusals) recall(key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.known[key]
	if !ok || !r.now().Before(known.until) {
		delete(r.known, key)
		return nil
	}
	return known.err
}
