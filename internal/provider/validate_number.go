// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// numberRange validates a whole number. Its attribute must be a number rather than
// an integer: for a fraction in an integer attribute the framework reports a bug of
// the provider, before any validator runs.
type numberRange struct{ least, most int64 }

// wholeNumber is a whole number from least to most.
func wholeNumber(least, most int64) validator.Number { return numberRange{least, most} }

// Description implements [validator.Describer].
func (v numberRange) Description(context.Context) string {
	return fmt.Sprintf("must be a whole number between %d and %d", v.least, v.most)
}

// MarkdownDescription implements [validator.Describer].
func (v numberRange) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateNumber implements [validator.Number].
func (v numberRange) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	defer contain(&resp.Diagnostics)
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number := req.ConfigValue.ValueBigFloat()
	if number.IsInt() && number.Cmp(big.NewFloat(float64(v.least))) >= 0 && number.Cmp(big.NewFloat(float64(v.most))) <= 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+req.Path.String(),
		"The value "+v.Description(ctx)+", but is "+number.Text('g', 10)+".")
}

// maxRetries is the number of retries.
func maxRetries() validator.Number { return wholeNumber(0, httpstack.LimitMaxRetries) }

// whole is a number that wholeNumber accepts; null is zero.
func whole(value types.Number) int64 {
	if value.IsNull() || value.IsUnknown() {
		return 0
	}
	number, _ := value.ValueBigFloat().Int64()
	return number
}
