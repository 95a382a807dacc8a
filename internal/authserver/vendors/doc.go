// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package vendors plays five systems whose documentation asks for client
// credentials in a way of its own: neuroflash, Neonomics, Brainysoft, Neucron and
// a vendor that wants plain HTTP Basic. Each has its token endpoint, what else its
// document describes, and an API that takes the tokens.
//
// They exist so that the provider is tested against what a vendor published and
// not against what the provider does. Answers are the documents' own texts with
// values filled in. Where a document is silent, the software that the vendor is
// known to run decides, and else the RFC.
//
// They are stricter than the vendors: a request is refused, as the vendor refuses
// bad ones, unless it is one that the document shows. That goes for parameters
// which a document does not name, too.
//
// They refuse to be more than that: they have one customer each, verify no
// signature and keep everything in memory, secrets included.
package vendors
