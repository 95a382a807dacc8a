// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package interop runs the provider, with a real terraform, against authorization
// servers written by others. These tests find an RFC that the provider and package
// authserver misread in the same way. The package has no code but tests.
//
// The servers run on loopback, with keys and certificates that openssl and
// ssh-keygen make for each run. Their configurations are in the directories beside
// this file. The tests are skipped unless OAUTH2CC_INTEROP is 1; make interop
// installs what they need and sets it.
package interop
