// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package oci stands in for the state backend oci, which no test uses.
package oci

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend oci is not built") }
