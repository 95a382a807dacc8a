// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "sync"

// usedIDs remembers the jti of every assertion, per issuer. The zero value is
// ready.
type usedIDs struct {
	mu   sync.Mutex
	seen map[[2]string]bool
}

// first reports whether the assertion was not seen before.
func (u *usedIDs) first(issuer, id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = make(map[[2]string]bool)
	}
	one := [2]string{issuer, id}
	again := u.seen[one]
	u.seen[one] = true
	return !again
}
