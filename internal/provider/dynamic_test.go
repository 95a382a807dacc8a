// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// exactly is a number as Terraform reads it in a configuration.
func exactly(t *testing.T, text string) attr.Value {
	t.Helper()
	number, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return types.NumberValue(number)
}

func object(members map[string]attr.Value) attr.Value {
	kinds := map[string]attr.Type{}
	for name, member := range members {
		kinds[name] = member.Type(context.Background())
	}
	return types.ObjectValueMust(kinds, members)
}

func tuple(elements ...attr.Value) attr.Value {
	kinds := make([]attr.Type, len(elements))
	for i, element := range elements {
		kinds[i] = element.Type(context.Background())
	}
	return types.TupleValueMust(kinds, elements)
}

// TestDynamic: the values are those that jsondecode gives.
func TestDynamic(t *testing.T) {
	t.Parallel()
	null := types.DynamicNull()
	longest := strings.Repeat("9", 154) // what 512 bits hold
	tests := map[string]struct {
		json string
		want attr.Value
	}{
		"names alike in NFC": {`{"e\u0301":1,"\u00e9":2,"o":{"A\u030a":1,"\u212b":2}}`, object(map[string]attr.Value{
			"é": exactly(t, "2"), "o": object(map[string]attr.Value{"Å": exactly(t, "1")}),
		})},
		"string":           {`"é\u0000\n"`, types.StringValue("é\x00\n")},
		"empty string":     {`""`, types.StringValue("")},
		"true":             {`true`, types.BoolValue(true)},
		"false":            {`false`, types.BoolValue(false)},
		"integer":          {`3600`, exactly(t, "3600")},
		"negative":         {`-1`, exactly(t, "-1")},
		"fraction":         {`0.1`, exactly(t, "0.1")},
		"exponent":         {`1.5e3`, exactly(t, "1500")},
		"beyond float64":   {`12345678901234567890123456789`, exactly(t, "12345678901234567890123456789")},
		"154 digits":       {longest, exactly(t, longest)},
		"zero":             {`0`, exactly(t, "0")},
		"zero, in full":    {`-0.000e5`, exactly(t, "0")},
		"largest float64":  {`1e308`, exactly(t, "1e308")},
		"too large":        {`1e400`, types.StringValue("1e400")},
		"much too large":   {`-1e999999999`, types.StringValue("-1e999999999")},
		"too small":        {`1e-999999999`, exactly(t, "0")},
		"empty list":       {`[]`, tuple()},
		"empty object":     {`{}`, object(nil)},
		"mixed list":       {`["a",1,true,null,[],{}]`, tuple(types.StringValue("a"), exactly(t, "1"), types.BoolValue(true), null, tuple(), object(nil))},
		"object":           {`{"":"a","B c":{"d":null}}`, object(map[string]attr.Value{"": types.StringValue("a"), "B c": object(map[string]attr.Value{"d": null})})},
		"objects unlike":   {`[{"a":1},{"b":"c"}]`, tuple(object(map[string]attr.Value{"a": exactly(t, "1")}), object(map[string]attr.Value{"b": types.StringValue("c")}))},
		"last of the same": {`{"a":1,"a":2}`, object(map[string]attr.Value{"a": exactly(t, "2")})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := dynamicJSON(t.Context(), test.json, asIs)
			if !got.Equal(types.DynamicValue(test.want)) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			checkCrossesTheProtocol(t, got)
		})
	}
}

func TestDynamicNull(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"null":     `null`,
		"nothing":  ``,
		"no JSON":  `abc`,
		"half":     `{"a":`,
		"two":      `1 2`,
		"too long": `"` + strings.Repeat("a", 1<<20) + `"`,
		"too deep": strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := dynamicJSON(t.Context(), text, asIs); !got.IsNull() {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestDynamicDepth: what is nested more deeply than 64 levels is text.
func TestDynamicDepth(t *testing.T) {
	t.Parallel()
	nested := func(levels int, core string) string {
		return strings.Repeat(`[`, levels) + core + strings.Repeat("]", levels)
	}
	for levels, want := range map[int]attr.Value{
		64: types.BoolValue(true),
		65: types.StringValue(`[true]`),
		67: types.StringValue(`[[[true]]]`),
	} {
		value := dynamicJSON(t.Context(), nested(levels, "true"), asIs)
		core := value.UnderlyingValue()
		for range 64 {
			list, ok := core.(types.Tuple)
			if !ok || len(list.Elements()) != 1 {
				t.Fatalf("%d levels: got %s inside", levels, core)
			}
			core = list.Elements()[0]
		}
		if !core.Equal(want) {
			t.Errorf("%d levels: got %s inside, want %s", levels, core, want)
		}
		checkCrossesTheProtocol(t, value)
	}
}

// TestDynamicEnds: no answer may keep a run busy. What has too many values or is
// nested too deeply is not given decoded, and whatever works such numbers out digit
// by digit does not end before the test binary's time does.
func TestDynamicEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		given bool
	}{
		"large exponent":   {`1e999999999`, true},
		"small exponent":   {`1e-999999999`, true},
		"many of them":     {`[` + strings.Repeat(`1e-999999999,`, 50_000) + `0]`, false},
		"long integer":     {strings.Repeat("9", 1<<20), true},
		"long fraction":    {`1.` + strings.Repeat("3", 100_000), true},
		"long and small":   {`0.` + strings.Repeat("0", 300) + strings.Repeat("1", 100_000), true},
		"deep objects":     {strings.Repeat(`{"a":`, 9_000) + `1` + strings.Repeat("}", 9_000), false},
		"wide and deep":    {strings.Repeat(`[`, 60) + strings.Repeat(`[{"a":1}],`, 20_000) + `0` + strings.Repeat("]", 60), false},
		"half a million":   {`[` + strings.Repeat(`1,`, 500_000) + `0]`, false},
		"names":            {`{` + strings.Repeat(`"a":{},`, 100_000) + `"b":0}`, false},
		"strings of zeros": {`"` + strings.Repeat(`\u0000`, 100_000) + `"`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if given := !dynamicJSON(t.Context(), test.text, asIs).IsNull(); given != test.given {
				t.Errorf("given decoded: %t", given)
			}
		})
	}
}

// checkCrossesTheProtocol sends a value to Terraform and back, as an attribute of
// the type dynamic.
func checkCrossesTheProtocol(t *testing.T, value types.Dynamic) {
	t.Helper()
	sent, err := value.ToTerraformValue(t.Context())
	if err != nil {
		t.Fatalf("to Terraform: %v", err)
	}
	wire, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, sent)
	if err != nil {
		t.Fatalf("onto the wire: %v", err)
	}
	received, err := wire.Unmarshal(tftypes.DynamicPseudoType)
	if err != nil {
		t.Fatalf("off the wire: %v", err)
	}
	if !received.Equal(sent) {
		t.Errorf("sent %s, received %s", sent, received)
	}
	back, err := types.DynamicType.ValueFromTerraform(t.Context(), sent)
	if err != nil {
		t.Fatalf("from Terraform: %v", err)
	}
	if !back.Equal(value) {
		t.Errorf("sent %s, got %s back", value, back)
	}
}

// FuzzDynamic: any JSON is a value that Terraform takes.
func FuzzDynamic(f *testing.F) {
	for _, text := range []string{
		`null`, `{"a":[1,"b",true,null,{"":-0.5e-7}]}`, `1e400`, `1e-400`, `[[[[]]]]`, `"\ud800"`, `123456789012345678901234567890.5`,
		strings.Repeat("[", 70) + strings.Repeat("]", 70), `{"é":"é"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value := dynamicJSON(t.Context(), text, asIs)
		checkCrossesTheProtocol(t, value)
		if !utf8.ValidString(value.String()) {
			t.Errorf("%q holds what is no text", value)
		}
	})
}

// TestCleanedNames: names that become the same do not take turns.
func TestCleanedNames(t *testing.T) {
	t.Parallel()
	clean := secret.NewRedactor(secret.New("2YotnFZFEjr1")).RedactKnown
	for range 20 {
		got := dynamicJSON(t.Context(), `{"a 2YotnFZFEjr1":1,"a 2YotnFZFEjr%31":2,"a [redacted]":3,"b2YotnFZFEjr1":4,"b2YotnFZFEjr%31":5}`, clean)
		want := object(map[string]attr.Value{"a [redacted]": exactly(t, "3"), "b[redacted]": exactly(t, "5")})
		if !got.UnderlyingValue().Equal(want) {
			t.Fatalf("got %s", got)
		}
	}
}

func asIs(text string) string { return text }
