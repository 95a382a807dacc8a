// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attributes are those of a block, or of a result: texts, booleans, numbers,
// slices, maps, nil for null, and unknown. Those left out are null. In results
// numbers are json.Number, and what is nested is []any and map[string]any.
type attributes = map[string]any

// notKnown is the type of unknown.
type notKnown struct{}

// unknown is a value that is known after apply only.
var unknown = notKnown{}

// value makes from a value of the type kind.
func value(t *testing.T, kind tftypes.Type, from any) tftypes.Value {
	t.Helper()
	if kind.Is(tftypes.DynamicPseudoType) {
		kind = typeOf(t, from)
	}
	switch from {
	case nil:
		return tftypes.NewValue(kind, nil)
	case any(unknown):
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	switch kind := kind.(type) {
	case tftypes.Object:
		return tftypes.NewValue(kind, objectMembers(t, kind, from))
	case tftypes.Map:
		members := map[string]tftypes.Value{}
		for _, name := range reflect.ValueOf(from).MapKeys() {
			members[name.String()] = value(t, kind.ElementType, reflect.ValueOf(from).MapIndex(name).Interface())
		}
		return tftypes.NewValue(kind, members)
	case tftypes.List:
		var elements []tftypes.Value
		for i := range reflect.ValueOf(from).Len() {
			elements = append(elements, value(t, kind.ElementType, reflect.ValueOf(from).Index(i).Interface()))
		}
		return tftypes.NewValue(kind, elements)
	default:
		return tftypes.NewValue(kind, from)
	}
}

// objectMembers makes the members of an object. One that the type has not is a
// mistake in the test.
func objectMembers(t *testing.T, kind tftypes.Object, from any) map[string]tftypes.Value {
	t.Helper()
	given, ok := from.(attributes)
	if !ok {
		t.Fatalf("%T is no object", from)
	}
	members := map[string]tftypes.Value{}
	for name, memberType := range kind.AttributeTypes {
		members[name] = value(t, memberType, given[name])
	}
	for name := range given {
		if _, ok := kind.AttributeTypes[name]; !ok {
			t.Fatalf("there is no attribute %s", name)
		}
	}
	return members
}

// typeOf is the type of a value for an attribute that takes any.
func typeOf(t *testing.T, from any) tftypes.Type {
	t.Helper()
	switch from.(type) {
	case nil, notKnown:
		return tftypes.DynamicPseudoType
	case string:
		return tftypes.String
	case bool:
		return tftypes.Bool
	case int, float64:
		return tftypes.Number
	}
	t.Fatalf("no type for %T", from)
	return nil
}

// plain is the reverse of value.
func plain(t *testing.T, from tftypes.Value) any {
	t.Helper()
	if !from.IsKnown() {
		return unknown
	}
	if from.IsNull() {
		return nil
	}
	switch kind := from.Type(); {
	case kind.Is(tftypes.String):
		return as[string](t, from)
	case kind.Is(tftypes.Bool):
		return as[bool](t, from)
	case kind.Is(tftypes.Number):
		return json.Number(as[*big.Float](t, from).Text('f', -1))
	case kind.Is(tftypes.List{}), kind.Is(tftypes.Tuple{}):
		list := []any{}
		for _, element := range as[[]tftypes.Value](t, from) {
			list = append(list, plain(t, element))
		}
		return list
	default:
		object := map[string]any{}
		for name, member := range as[map[string]tftypes.Value](t, from) {
			object[name] = plain(t, member)
		}
		return object
	}
}

// as reads a value into a Go type that fits it.
func as[T any](t *testing.T, from tftypes.Value) T {
	t.Helper()
	var into T
	pointer := any(&into)
	if number, ok := pointer.(**big.Float); ok {
		*number = new(big.Float)
		pointer = *number
	}
	if err := from.As(pointer); err != nil {
		t.Fatal(err)
	}
	return into
}
