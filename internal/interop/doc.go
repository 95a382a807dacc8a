// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package interop has nothing but tests: the provider, run by a real terraform,
// against authorization servers that others wrote. Where the provider and our own
// authorization server read an RFC wrongly in the same way, these tests tell.
//
// The servers run on loopback, with keys and certificates that openssl and
// ssh-keygen make for each run. They are configured by the files in the directory
// interop at the root of the module. The tests are skipped unless OAUTH2CC_INTEROP
// is 1; make interop installs what they need and sets it.
package interop
