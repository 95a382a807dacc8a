// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package consul stands in for the state backend consul, which no test uses.
package consul

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend consul is not built") }
