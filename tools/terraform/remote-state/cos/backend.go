// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package cos stands in for the state backend cos, which no test uses.
package cos

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend cos is not built") }
