// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// replacementPause is how long the successor of a refused token is not replaced in
// turn. An API that refuses both refuses the client, and a run of many calls must not
// become as many token requests.
const replacementPause = 30 * time.Second

// replacementLimiter remembers which tokens were replaced because an API refused them.
type replacementLimiter struct {
	mu   sync.Mutex
	last map[string]replacement // by the client's key
}

// replacement is the last one of a client.
type replacement struct {
	refused string
	at      time.Time
}

// allow reports whether a refused token is to be replaced, and records that it is. Its
// later callers with the same token are allowed too: the successor is there for them.
func (r *replacementLimiter) allow(key string, refused *oauth2.Token, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	token := refused.AccessToken.Reveal()
	if last, ok := r.last[key]; ok && now.Sub(last.at) < replacementPause {
		return last.refused == token
	}
	r.last[key] = replacement{token, now}
	return true
}
