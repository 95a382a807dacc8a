// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package authserver is a mock OAuth 2.0 authorization server with a protected
// API. It is a second implementation of the RFCs, so that the client is not
// tested against its own reading of them: it imports nothing else of this
// module and verifies JWTs with another library than the client signs with.
// It checks requests more strictly than real servers do, records each of them
// as it came over the wire, and can be told to fail.
//
// Supported are the client credentials and refresh token grants (RFC 6749 §4.4,
// §6), the JWT bearer grant (RFC 7523 §2.1), token exchange (RFC 8693), resource
// indicators (RFC 8707), revocation (RFC 7009), discovery (RFC 8414 and OpenID
// Connect's well-known form), and bearer tokens (RFC 6750), opaque or JWT
// (RFC 9068), optionally bound to a certificate (RFC 8705) or to a key (RFC 9449).
// Clients authenticate with a secret, with a JWT of their own or of the platform
// they run on (RFC 7523 §2.2), or with a certificate (RFC 8705). [Platform] is a
// mock of such a platform.
//
// It is not fit for anything but tests: it has no users, keeps everything in
// memory, and records secrets.
//
// # Use
//
// Package authservertest starts a server on loopback:
//
//	srv := authservertest.Start(t, authserver.Config{
//		Clients: []authserver.Client{{
//			ID:       "s6BhdRkqt3",
//			Secret:   "gX1fBat3bV",
//			Scopes:   []string{"api:read"},
//			Lifetime: time.Hour,
//		}},
//	})
//	// ... get a token from srv.TokenURL(), use it at srv.APIURL+"/orders" ...
//	if got := srv.Count(authserver.TokenEndpoint); got != 1 {
//		t.Errorf("%d token requests, want 1", got)
//	}
//
// Faults are handlers that replace an endpoint for a number of requests:
//
//	srv.Fail(authserver.TokenEndpoint, 2, authserver.Respond(http.StatusServiceUnavailable,
//		http.Header{"Retry-After": {"1"}}, ""))
//	srv.Fail(authserver.TokenEndpoint, 1, authserver.Drop())
//
// Successful token responses can be modified per client:
//
//	TokenResponse: []authserver.Mutation{
//		authserver.Set("session_state", "b1d2"),
//		authserver.Set("expires_in", "3600"),
//		authserver.Omit("token_type"),
//	}
//
// Clients without a secret are registered with their keys or with the JWTs that
// authenticate them:
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
// To hold requests back, for instance to check that concurrent callers share
// one, block in [Script.Override] and then let the endpoint respond:
//
//	release := make(chan struct{})
//	srv.Override(authserver.TokenEndpoint, func(http.ResponseWriter, *http.Request) bool {
//		<-release
//		return false
//	})
package authserver
