// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// None is the method of a client that names itself and proves nothing
// (RFC 6749 §3.2.1, RFC 7591 §2).
const None = "none"

type none struct{}

func (none) presented(q *request) bool {
	credentials := q.parameters.Has("client_secret") || q.parameters.Has("client_assertion") || len(q.header.Values("Authorization")) > 0
	return q.get("client_id") != "" && !credentials
}

func (none) identify(q *request, clients *registry) (Client, error) {
	return byParameter(q, clients)
}

func (none) verify(*request, Client) error { return nil }
