// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "slices"

// None is the method of a client that names itself and proves nothing
// (RFC 6749 §3.2.1, RFC 7591 §2).
const None = "none"

type none struct{}

func (none) carrier() carrier                       { return identifierAlone{} }
func (none) suits(c Client) error                   { return usesNoSecret(c) }
func (none) verify(*Server, *request, Client) error { return nil }

// identifierAlone carries no credentials: client_id says who it is, and the
// connection may prove it. With the JWT bearer grant, which needs no client
// authentication (RFC 7523 §3.1), the assertion may say it as well.
type identifierAlone struct{}

func (identifierAlone) presented(q *request) bool {
	credentials := slices.ContainsFunc(carriers, func(by carrier) bool {
		return by != identifierAlone{} && by.presented(q)
	})
	return !credentials && (q.get("client_id") != "" || isJWTBearer(q))
}

func (identifierAlone) identify(q *request, clients *registry) (Client, error) {
	if q.get("client_id") != "" {
		return byParameter(q, clients)
	}
	return byGrantAssertion(q, clients)
}
