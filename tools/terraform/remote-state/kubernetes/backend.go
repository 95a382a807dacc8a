// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package kubernetes stands in for the state backend kubernetes, which no test uses.
package kubernetes

import "github.com/hashicorp/terraform/internal/backend"

// New panics.
func New() backend.Backend { panic("the state backend kubernetes is not built") }
