// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package examplestest runs every example of the documentation with a real
// terraform or tofu, so that none goes stale. It has no code but tests.
//
// Most examples are rows of a table and run against the mock authorization server.
// Other providers in them, and curl, are replaced by doubles that have as much of
// their schema as the examples use and call the protected API.
//
// The examples under examples/vendors run unchanged against package vendors, and
// every request is compared with the one in the vendor's document, transcribed by
// hand. What the command line does not show, such as the renewal of a session, is
// tested over the provider's protocol with the values of the same examples.
package examplestest
