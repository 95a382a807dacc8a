// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package authserver is a mock OAuth 2.0 authorization server and, beside it,
// a protected API: the project's second reading of the RFCs.
//
// It exists so that the client code is tested against somebody who did not
// write it. It imports nothing else of this module, checks requests strictly
// where real servers are lenient, records every request as it came over the
// wire and plays the faults a test asks for.
//
// It speaks the client credentials and refresh grants (RFC 6749 §4.4, §6), the
// JWT bearer grant (RFC 7523 §2.1) and token exchange (RFC 8693), resource
// indicators (RFC 8707), revocation (RFC 7009), discovery (RFC 8414 and OpenID
// Connect's well-known form) and bearer tokens (RFC 6750), opaque or as JWT
// (RFC 9068), bound to a certificate where a client wants that (RFC 8705).
// Clients authenticate with a secret, with a JWT of their own or of a platform
// they run on (RFC 7523 §2.2), or with a certificate (RFC 8705); the platform
// is played as well, by [Platform].
//
// It refuses to be an authorization server for anybody: it has no users, keeps
// everything in memory and holds what it saw, secrets included, in its record.
//
// # Use
//
// Tests reach it through package authservertest, which listens on loopback:
//
//	srv := authservertest.Start(t, authserver.Config{
//		Clients: []authserver.Client{{
//			ID:       "s6BhdRkqt3",
//			Secret:   "gX1fBat3bV",
//			Scopes:   []string{"api:read"},
//			Lifetime: time.Hour,
//		}},
//	})
//	// ... ask srv.TokenURL for a token, show it to srv.APIURL+"/orders" ...
//	if got := srv.Count(authserver.TokenEndpoint); got != 1 {
//		t.Errorf("%d token requests, want 1", got)
//	}
//
// Faults are handlers that stand in for an endpoint, queued with [Script.Fail]:
//
//	srv.Fail(authserver.TokenEndpoint, 2, authserver.Answer(http.StatusServiceUnavailable,
//		http.Header{"Retry-After": {"1"}}, ""))
//	srv.Fail(authserver.TokenEndpoint, 1, authserver.Drop())
//
// What a successful answer says is changed per client:
//
//	Answer: []authserver.Mutation{
//		authserver.Set("session_state", "b1d2"),
//		authserver.Set("expires_in", "3600"),
//		authserver.Omit("token_type"),
//	}
//
// Who proves itself without a secret is registered with what it proves itself by:
//
//	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Subject: "repo:o/r:ref:refs/heads/main"})
//	srv := authservertest.Start(t, authserver.Config{
//		TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()},
//		Clients: []authserver.Client{
//			{ID: "signs", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{ID: "22", Public: key.Public()}}},
//			{ID: "deploys", AuthMethod: authserver.PrivateKeyJWT, Federated: []authserver.Trust{{
//				Issuer: platform.TrustedIssuer().Issuer, Subject: "repo:o/r:ref:refs/heads/main", Audience: "https://as.example",
//			}}},
//		},
//	})
//
// A test that must hold requests back, for instance to see that many callers
// share one, blocks in [Script.Override] and then lets the endpoint answer:
//
//	release := make(chan struct{})
//	srv.Override(authserver.TokenEndpoint, func(http.ResponseWriter, *http.Request) bool {
//		<-release
//		return false
//	})
package authserver
