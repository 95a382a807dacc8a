// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package soaktest has nothing but a test: one provider process, the executable
// that users get, lives through many runs of a real terraform against a server
// that fails at random, and is watched from outside. It must not grow, hand out a
// token that is no longer valid, ask more often than the retry rules allow, or say
// a secret.
//
// What the server does follows from a seed, which the test logs: the same seed has
// each client meet the same faults, however its requests interleave with others.
package soaktest
