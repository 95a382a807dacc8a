// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package stresstest loads the provider more than a run does. It has no code but
// tests and benchmarks.
//
// The fleet is many processes that start at once and share a cache: together they
// send one token request.
//
// The soak is one provider process, the executable that users get, which serves many
// runs of a real terraform against a server that fails at random. It must not grow,
// return an expired token, send more requests than the retry rules allow, or reveal
// a secret. The faults follow from a seed, which the test logs: with the same seed
// each client meets the same faults, however its requests interleave with others.
//
// The long run is one terraform apply during which tokens expire, with a second
// provider in a process of its own that makes calls all the time.
package stresstest
