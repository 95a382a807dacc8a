// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	action "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeral "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	provider "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

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

// optional is a string that follows a rule.
func optional(rule validator.String, description string) ephemeral.StringAttribute {
	return ephemeral.StringAttribute{Optional: true, Validators: []validator.String{rule}, MarkdownDescription: description}
}

// sensitive is an optional string that Terraform does not show.
func sensitive(rule validator.String, description string) ephemeral.StringAttribute {
	attribute := optional(rule, description)
	attribute.Sensitive = true
	return attribute
}

// converted converts attributes to those of another kind of block. Types are that kind's
// types of attributes, which have the same names and fields.
func converted[To any](attributes map[string]ephemeral.Attribute, attributeTypes []To) map[string]To {
	all := make(map[string]To, len(attributes))
	for name, attribute := range attributes {
		from := reflect.ValueOf(attribute)
		i := slices.IndexFunc(attributeTypes, func(to To) bool { return reflect.TypeOf(to).Name() == from.Type().Name() })
		to := reflect.New(reflect.TypeOf(attributeTypes[i])).Elem()
		for field, value := range to.Fields() {
			same := from.FieldByName(field.Name)
			if !same.IsValid() { // attributes of actions cannot be sensitive
				continue
			}
			if nested, ok := reflect.TypeAssert[map[string]ephemeral.Attribute](same); ok {
				same = reflect.ValueOf(converted(nested, attributeTypes))
			}
			value.Set(same)
		}
		all[name] = to.Interface().(To) //nolint:forcetypeassert // it is one of attributeTypes
	}
	return all
}

// Types of attributes that are converted to.
var (
	dataSourceTypes = []datasource.Attribute{
		datasource.StringAttribute{}, datasource.Int64Attribute{}, datasource.NumberAttribute{}, datasource.BoolAttribute{},
		datasource.ListAttribute{}, datasource.MapAttribute{}, datasource.DynamicAttribute{}, datasource.SingleNestedAttribute{},
	}
	providerTypes = []provider.Attribute{
		provider.StringAttribute{}, provider.NumberAttribute{}, provider.BoolAttribute{},
		provider.ListAttribute{}, provider.MapAttribute{}, provider.SingleNestedAttribute{},
	}
	actionTypes = []action.Attribute{
		action.StringAttribute{}, action.BoolAttribute{}, action.NumberAttribute{},
		action.ListAttribute{}, action.MapAttribute{}, action.SingleNestedAttribute{},
	}
)

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
	for name, value := range values {
		if value.IsNull() {
			continue
		}
		if value, err := value.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// isKnown reports whether an object is set and known, though its members may not be.
func isKnown(object types.Object) bool { return !object.IsNull() && !object.IsUnknown() }

// member returns a member of an object, null if it is not set or the object is not known.
func member[V attr.Value](object types.Object, name string) V {
	value, _ := object.Attributes()[name].(V)
	return value
}

// mayHave reports whether a member of an object is set, or may be once it is known.
func mayHave(object types.Object, name string) bool {
	value, ok := object.Attributes()[name]
	return object.IsUnknown() || (ok && !value.IsNull())
}

// textIn returns a member of an object that is a string, "" if it is not set or not known.
func textIn(object types.Object, name string) string {
	return member[types.String](object, name).ValueString()
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
