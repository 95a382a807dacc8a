// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package s3 stands in for the state backend s3, which no test uses.
package s3

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend s3 is not built") }
