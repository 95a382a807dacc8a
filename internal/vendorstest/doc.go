// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package vendorstest holds the provider to what five vendors publish: each
// example under examples/vendors is run as it is, by a real terraform or tofu,
// against package vendors, and every request is compared with the one in the
// vendor's document, transcribed by hand.
//
// What the command line cannot show, such as the renewal of a session or an
// action, is done over the provider's protocol in this process, with the values
// of the same example files. The package has no code but tests.
package vendorstest
