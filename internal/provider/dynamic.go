// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/text/unicode/norm"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

const (
	// numberPrecision is Terraform's own, in bits.
	numberPrecision = 512
	// maxDigits is the longest number that does not become a string, in characters.
	maxDigits = 1000
	// maxDepth is how deep values may be nested. Terraform's types nest with them.
	maxDepth = 64
)

// dynamic converts decoded JSON, with numbers as json.Number. Nil and documents of more
// than [oauth2.MaxValues] become null.
func dynamic(ctx context.Context, value any) types.Dynamic {
	if value == nil || count(value) > oauth2.MaxValues {
		return types.DynamicNull()
	}
	return types.DynamicValue(dynamicElement(ctx, value, maxDepth))
}

// dynamicJSON decodes a text, null if it is not JSON or not small. Clean is applied to
// decoded strings, since an escape could hide what it removes.
func dynamicJSON(ctx context.Context, text string, clean func(string) string) types.Dynamic {
	var value any
	if !oauth2.IsSmall([]byte(text)) || oauth2.DecodeJSON([]byte(text), &value) != nil {
		return types.DynamicNull()
	}
	return dynamic(ctx, cleaned(value, clean))
}

// cleaned copies decoded JSON with every string and name cleaned.
func cleaned(value any, clean func(string) string) any {
	switch value := value.(type) {
	case string:
		return clean(value)
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = cleaned(element, clean)
		}
		return copied
	case map[string]any:
		copied := renamed(value, clean)
		for name, member := range copied {
			copied[name] = cleaned(member, clean)
		}
		return copied
	default:
		return value
	}
}

// renamed copies an object with its members renamed. Of several that get the same name,
// the one that already has it is kept, or else the first in byte order.
func renamed(object map[string]any, rename func(string) string) map[string]any {
	copied := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		after := rename(name)
		if _, taken := copied[after]; !taken || after == name {
			copied[after] = object[name]
		}
	}
	return copied
}

// count counts the values in decoded JSON.
func count(value any) int {
	total := 1
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			total += count(element)
		}
	case map[string]any:
		for _, member := range value {
			total += count(member)
		}
	}
	return total
}

// dynamicElement converts decoded JSON to the value that jsondecode returns. What is
// nested too deeply becomes its JSON text. Names are normalized to NFC, as Terraform
// does, which refuses an object in which two names become the same.
func dynamicElement(ctx context.Context, value any, depth int) attr.Value {
	switch value := value.(type) {
	case string:
		return types.StringValue(value)
	case bool:
		return types.BoolValue(value)
	case json.Number:
		return dynamicNumber(value.String())
	case nil:
		return types.DynamicNull()
	}
	if depth == 0 {
		text, _ := json.Marshal(value) // it was decoded from JSON
		return types.StringValue(string(text))
	}
	if list, ok := value.([]any); ok {
		elementTypes, values := make([]attr.Type, len(list)), make([]attr.Value, len(list))
		for i, element := range list {
			values[i] = dynamicElement(ctx, element, depth-1)
			elementTypes[i] = values[i].Type(ctx)
		}
		return types.TupleValueMust(elementTypes, values)
	}
	object, _ := value.(map[string]any)
	memberTypes, values := map[string]attr.Type{}, map[string]attr.Value{}
	for name, member := range renamed(object, norm.NFC.String) {
		values[name] = dynamicElement(ctx, member, depth-1)
		memberTypes[name] = values[name].Type(ctx)
	}
	return types.ObjectValueMust(memberTypes, values)
}

// dynamicNumber keeps every digit. A number that float64 cannot hold becomes a string:
// computing its digits could take forever.
func dynamicNumber(text string) attr.Value {
	float, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) > maxDigits {
		return types.StringValue(text)
	}
	if float == 0 {
		return types.NumberValue(new(big.Float))
	}
	number, _, err := big.ParseFloat(text, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return types.StringValue(text)
	}
	return types.NumberValue(number)
}
