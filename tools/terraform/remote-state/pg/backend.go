// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package pg stands in for the state backend pg, which no test uses.
package pg

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend pg is not built") }
