// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A model is a struct with a field for each attribute of a block, or a part of such a
// struct. The framework itself can decode and encode structs, but compiles a regular
// expression for each of their fields each time: isValidFieldName in
// internal/reflect/helpers.go of terraform-plugin-framework v1.19.0. It is given objects.

// decode decodes a configuration into a model.
func decode(ctx context.Context, config tfsdk.Config, model any) diag.Diagnostics {
	var object types.Object
	diags := config.Get(ctx, &object)
	if !diags.HasError() {
		fill(model, object)
	}
	return diags
}

// fill sets the fields of a model to the members of an object.
func fill(model any, object types.Object) {
	values := object.Attributes()
	for name, field := range fieldsOf(reflect.ValueOf(model).Elem()) {
		field.Set(reflect.ValueOf(values[name]))
	}
}

// objectOf returns a model as an object.
func objectOf(ctx context.Context, model any) types.Object {
	values := valuesOf(model)
	attributeTypes := make(map[string]attr.Type, len(values))
	for name, value := range values {
		attributeTypes[name] = value.Type(ctx)
	}
	return types.ObjectValueMust(attributeTypes, values)
}

// fieldsOf returns the fields of a model with the names of their attributes.
func fieldsOf(model reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for _, field := range modelFields(model.Type()) {
			if !yield(field.Tag.Get("tfsdk"), model.FieldByIndex(field.Index)) {
				return
			}
		}
	}
}

// modelFields lists the fields of a type of model, also those of models in it.
func modelFields(model reflect.Type) []reflect.StructField {
	if known, ok := knownModels.Load(model); ok {
		return known.([]reflect.StructField) //nolint:forcetypeassert // it holds no others
	}
	fields := slices.DeleteFunc(reflect.VisibleFields(model), func(field reflect.StructField) bool { return field.Anonymous })
	knownModels.Store(model, fields)
	return fields
}

var knownModels sync.Map // the results of modelFields, which is called for each token

// valuesOf returns the values of a model by the names of their attributes.
func valuesOf(model any) map[string]attr.Value {
	values := map[string]attr.Value{}
	for name, field := range fieldsOf(reflect.ValueOf(model)) {
		values[name] = field.Interface().(attr.Value) //nolint:forcetypeassert // models have no others
	}
	return values
}
