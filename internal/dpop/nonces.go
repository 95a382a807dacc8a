// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package dpop

import (
	"strings"
	"sync"
)

const (
	// maxNonce bounds the length of a nonce in bytes. It is part of a header field of the
	// next request, for which servers have limits themselves.
	maxNonce = 2 << 10
	// maxOrigins bounds of how many servers the nonces are remembered.
	maxOrigins = 1000
)

// nonces are the last ones that servers gave (RFC 9449 section 8.2). The zero value is
// empty.
type nonces struct {
	mu       sync.Mutex
	byOrigin map[string]string
}

// of returns the nonce for requests to an origin; empty if there is none.
func (n *nonces) of(origin string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byOrigin[origin]
}

// remember keeps the nonce of a response. One that is missing or malformed changes
// nothing.
func (n *nonces) remember(origin, nonce string) {
	if nonce == "" || len(nonce) > maxNonce || strings.ContainsFunc(nonce, isNotNonceChar) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.byOrigin[origin]; n.byOrigin == nil || !known && len(n.byOrigin) >= maxOrigins {
		n.byOrigin = map[string]string{} // what is forgotten costs one more challenge
	}
	n.byOrigin[origin] = nonce
}

// isNotNonceChar reports whether a nonce must not have a character: the others are those
// of scopes (RFC 9449 section 8.1, RFC 6749 appendix A).
func isNotNonceChar(char rune) bool { return char < 0x21 || char > 0x7e || char == '"' || char == '\\' }
