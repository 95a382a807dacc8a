// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package examplestest runs every example of the documentation with a real
// terraform or tofu against the mock authorization server, so that none can rot.
//
// Other providers in the examples are stood in for by doubles with the same
// schema, as far as the examples use it, that really call the protected API; so
// is curl. The package has no code but tests.
package examplestest
