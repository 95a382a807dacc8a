// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package acctest runs a real terraform, or tofu, with the provider of this
// module as users do: each command is a process of its own, and the provider is the
// executable that they get.
//
// It needs neither a registry nor init: the provider is built once for each test
// process and found through a development override. Tests do not depend on where
// they run: proxies, the CLI configuration and the provider's own variables are
// removed from the environment.
//
// Like those of terraform-plugin-testing, tests that use it are skipped unless
// TF_ACC is set. TF_ACC_TERRAFORM_PATH names the CLI.
package acctest
