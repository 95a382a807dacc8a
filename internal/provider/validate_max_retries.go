// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// maxRetriesName is the attribute max_retries. It is a number and no integer to
// Terraform, since the framework calls an integer of 1.5 a defect of the provider.
const maxRetriesName = "max_retries"

// maxRetriesValidator implements [validator.Number].
type maxRetriesValidator struct{}

// maxRetries is a small whole number.
func maxRetries() validator.Number { return maxRetriesValidator{} }

// Description implements [validator.Number].
func (maxRetriesValidator) Description(context.Context) string {
	return fmt.Sprintf("must be a whole number from 0 to %d", httpstack.LimitMaxRetries)
}

// MarkdownDescription implements [validator.Number].
func (v maxRetriesValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateNumber implements [validator.Number].
func (maxRetriesValidator) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	resp.Diagnostics.Append(checkMaxRetries(req.ConfigValue)...)
}

// checkMaxRetries finds what is wrong with a value that is known.
func checkMaxRetries(value types.Number) diag.Diagnostics {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	number := value.ValueBigFloat()
	if most, accuracy := number.Int64(); accuracy == big.Exact && 0 <= most && most <= httpstack.LimitMaxRetries {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(maxRetriesName), "Invalid number of retries",
		fmt.Sprintf("max_retries must be a whole number from 0 to %d. 0 turns retries off.", httpstack.LimitMaxRetries))}
}

// parseMaxRetries reads the text of a variable. Minus one, which is refused as all
// negative numbers are, stands for a text that is no number.
func parseMaxRetries(text string) types.Number {
	number, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		number = big.NewFloat(-1)
	}
	return types.NumberValue(number)
}
