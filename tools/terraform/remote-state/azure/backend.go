// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package azure stands in for the state backend azure, which no test uses.
package azure

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend azure is not built") }
