// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenInputs holds the attributes of tokenInputAttributes.
type tokenInputs struct {
	MinValidity types.String `tfsdk:"min_validity"`
}

// minValidity is the least validity asked for, nil where none is. The schema has
// already refused what is no duration.
func (i tokenInputs) minValidity() *time.Duration {
	if i.MinValidity.IsNull() {
		return nil
	}
	parsed, err := time.ParseDuration(i.MinValidity.ValueString())
	if err != nil {
		return nil
	}
	return &parsed
}
