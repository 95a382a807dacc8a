// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package oss stands in for the state backend oss, which no test uses.
package oss

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend oss is not built") }
