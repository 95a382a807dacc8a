// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package fleettest starts many processes at once that share a cache, and counts
// the token requests that they make. It has nothing but tests and benchmarks.
package fleettest
