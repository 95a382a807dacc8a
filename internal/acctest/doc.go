// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package acctest runs a real terraform, or tofu, with the provider of this
// module: the whole command line, each command a process of its own, and the
// provider as the executable that users get.
//
// It needs no registry and no init: the provider is built once for each test
// process and found by a development override. It refuses to let anything of the
// surroundings in: proxies, the CLI configuration of whoever runs the tests, and
// the provider's own environment variables are taken out of the environment.
//
// Tests that use it are skipped unless TF_ACC is set, as those of
// terraform-plugin-testing are. TF_ACC_TERRAFORM_PATH names the CLI.
package acctest
