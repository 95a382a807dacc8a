// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package gcs stands in for the state backend gcs, which no test uses.
package gcs

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend gcs is not built") }
