// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	action "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	ephemeral "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	provider "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Attributes that several kinds of blocks share are written once, as those of an
// ephemeral resource, and converted for the others.

// union joins groups of attributes.
func union[A any](groups ...map[string]A) map[string]A {
	all := map[string]A{}
	for _, group := range groups {
		maps.Copy(all, group)
	}
	return all
}

// converted converts each attribute to another kind of block.
func converted[From, To any](attributes map[string]From, convert func(From) To) map[string]To {
	all := make(map[string]To, len(attributes))
	for name, attribute := range attributes {
		all[name] = convert(attribute)
	}
	return all
}

// copied returns a To with the fields that attribute has too.
func copied[To any](attribute any) To {
	var to To
	source := reflect.ValueOf(attribute)
	for field, value := range reflect.ValueOf(&to).Elem().Fields() {
		if same := source.FieldByName(field.Name); same.IsValid() && same.Type() == field.Type {
			value.Set(same)
		}
	}
	return to
}

// forDataSource converts an attribute to one of a data source.
func forDataSource(attribute ephemeral.Attribute) datasource.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return copied[datasource.StringAttribute](a)
	case ephemeral.Int64Attribute:
		return copied[datasource.Int64Attribute](a)
	case ephemeral.NumberAttribute:
		return copied[datasource.NumberAttribute](a)
	case ephemeral.BoolAttribute:
		return copied[datasource.BoolAttribute](a)
	case ephemeral.ListAttribute:
		return copied[datasource.ListAttribute](a)
	case ephemeral.MapAttribute:
		return copied[datasource.MapAttribute](a)
	case ephemeral.DynamicAttribute:
		return copied[datasource.DynamicAttribute](a)
	case ephemeral.SingleNestedAttribute:
		nested := copied[datasource.SingleNestedAttribute](a)
		nested.Attributes = converted(a.Attributes, forDataSource)
		return nested
	default:
		panic(fmt.Sprintf("no conversion of %T for a data source", attribute))
	}
}

// forProvider converts an attribute to one of the provider block.
func forProvider(attribute ephemeral.Attribute) provider.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return copied[provider.StringAttribute](a)
	case ephemeral.NumberAttribute:
		return copied[provider.NumberAttribute](a)
	case ephemeral.ListAttribute:
		return copied[provider.ListAttribute](a)
	case ephemeral.MapAttribute:
		return copied[provider.MapAttribute](a)
	case ephemeral.SingleNestedAttribute:
		nested := copied[provider.SingleNestedAttribute](a)
		nested.Attributes = converted(a.Attributes, forProvider)
		return nested
	default:
		panic(fmt.Sprintf("no conversion of %T for the provider block", attribute))
	}
}

// forAction converts an attribute to one of an action, where none can be marked as
// sensitive.
func forAction(attribute ephemeral.Attribute) action.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return copied[action.StringAttribute](a)
	case ephemeral.BoolAttribute:
		return copied[action.BoolAttribute](a)
	case ephemeral.ListAttribute:
		return copied[action.ListAttribute](a)
	case ephemeral.MapAttribute:
		return copied[action.MapAttribute](a)
	case ephemeral.SingleNestedAttribute:
		nested := copied[action.SingleNestedAttribute](a)
		nested.Attributes = converted(a.Attributes, forAction)
		return nested
	default:
		panic(fmt.Sprintf("no conversion of %T for an action", attribute))
	}
}

// fieldsOf returns the fields of a model by the names of their attributes.
func fieldsOf(model reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for field, value := range model.Fields() {
		if field.Anonymous {
			maps.Copy(fields, fieldsOf(value))
		} else {
			fields[field.Tag.Get("tfsdk")] = value
		}
	}
	return fields
}

// valuesOf returns the values of a model by the names of their attributes.
func valuesOf(model any) map[string]attr.Value {
	values := map[string]attr.Value{}
	for name, field := range fieldsOf(reflect.ValueOf(model)) {
		values[name] = field.Interface().(attr.Value) //nolint:forcetypeassert // models have no others
	}
	return values
}

// overlay merges a model over a base: maps are merged, other values replaced.
func overlay[M any](model, base M) M {
	values := valuesOf(base)
	for name, field := range fieldsOf(reflect.ValueOf(&model).Elem()) {
		if below, ok := values[name].(types.Map); ok {
			field.Set(reflect.ValueOf(mergedMap(field.Interface().(types.Map), below))) //nolint:forcetypeassert // of the same type
		} else if field.Interface().(attr.Value).IsNull() { //nolint:forcetypeassert // models have no others
			field.Set(reflect.ValueOf(values[name]))
		}
	}
	return model
}

// mergedMap merges a map over a base. Null elements are ignored, and what is unknown
// makes the whole unknown.
func mergedMap(over, base types.Map) types.Map {
	switch {
	case base.IsNull() && over.IsNull(), over.IsUnknown():
		return over
	case base.IsUnknown():
		return base
	}
	elements := map[string]attr.Value{}
	for _, layer := range []types.Map{base, over} {
		for name, value := range layer.Elements() {
			if !value.IsNull() {
				elements[name] = value
			}
		}
	}
	return types.MapValueMust(types.StringType, elements)
}

// unknownIn lists the attributes whose values are not wholly known, in order.
func unknownIn(ctx context.Context, values map[string]attr.Value) []string {
	var unknown []string
	for _, name := range sortedKeys(values) {
		if values[name].IsNull() {
			continue
		}
		if value, err := values[name].ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// objectAs decodes an object into a model, nil if the object is null or unknown.
func objectAs[M any](ctx context.Context, value types.Object, diags *diag.Diagnostics) *M {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var model M
	diags.Append(value.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	return &model
}

// textList returns the strings of a list, without null ones.
func textList(list types.List) []string {
	var texts []string
	for _, element := range list.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			texts = append(texts, text.ValueString())
		}
	}
	return texts
}

// textMap returns the strings of a map, without null ones.
func textMap(values types.Map) map[string]string {
	texts := map[string]string{}
	for name, element := range values.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			texts[name] = text.ValueString()
		}
	}
	return texts
}

// secretMap is textMap with secrets.
func secretMap(values types.Map) map[string]secret.String {
	secrets := map[string]secret.String{}
	for name, text := range textMap(values) {
		secrets[name] = secret.New(text)
	}
	return secrets
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }
