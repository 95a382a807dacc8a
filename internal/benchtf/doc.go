// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package benchtf measures runs of a real terraform: what plan, apply, a second plan and
// destroy take with many tokens, next to the same with the floor, a provider that returns
// a constant (internal/cmd/floor), and with other providers whose executables are given.
// It makes the page in benchmarks/ from what it measured. It does not measure single
// calls, which Go benchmarks do.
//
// make bench-terraform runs it. Among the other tests, a run with one token keeps it
// working. It needs Linux.
//
// In each round every command runs once with each provider, one provider after the other
// and each round in another order, so that a machine that becomes slower does so for all
// of them. The processes of providers are started through internal/cmd/metered, which
// counts what they use.
//
// # Other providers
//
// The flag -peer=NAME=EXECUTABLE,TEMPLATE adds a provider. The name of its executable is
// terraform-provider-TYPE, as usual, and the template (text/template) makes a
// configuration for a Case. It can use what [Configuration] has, need not name the
// provider's source, and makes an empty configuration of a case that the provider
// cannot run. See configurations/ for those of this provider and of the floor. Without a
// template the one for TYPE is used: with that, two versions of this provider compare.
package benchtf
