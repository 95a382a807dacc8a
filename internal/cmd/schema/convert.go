// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// convert turns the protocol's schemas into those of the CLI's JSON.
func convert(from *tfprotov6.GetProviderSchemaResponse) (*tfjson.ProviderSchemas, error) {
	c := &converter{}
	to := &tfjson.ProviderSchema{
		ConfigSchema:             c.schema(from.Provider),
		DataSourceSchemas:        convertMap(from.DataSourceSchemas, c.schema),
		EphemeralResourceSchemas: convertMap(from.EphemeralResourceSchemas, c.schema),
		ActionSchemas:            convertMap(from.ActionSchemas, c.action),
		Functions:                convertMap(from.Functions, c.function),
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{providerName: to},
	}, c.err
}

// convertMap converts the values of a map.
func convertMap[From, To any](from map[string]From, convert func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, value := range from {
		to[name] = convert(value)
	}
	return to
}

// converter remembers the first error, so that schemas read as data.
type converter struct{ err error }

func (c *converter) schema(from *tfprotov6.Schema) *tfjson.Schema {
	return &tfjson.Schema{
		Version: uint64(from.Version), //nolint:gosec // versions are not negative
		Block: &tfjson.SchemaBlock{
			Attributes:      c.attributes(from.Block.Attributes),
			Description:     from.Block.Description,
			DescriptionKind: kindOf(from.Block.DescriptionKind),
		},
	}
}

func (c *converter) action(from *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: c.schema(from.Schema).Block}
}

func (c *converter) attributes(from []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	to := make(map[string]*tfjson.SchemaAttribute, len(from))
	for _, attribute := range from {
		to[attribute.Name] = c.attribute(attribute)
	}
	return to
}

func (c *converter) attribute(from *tfprotov6.SchemaAttribute) *tfjson.SchemaAttribute {
	to := &tfjson.SchemaAttribute{
		Description:     from.Description,
		DescriptionKind: kindOf(from.DescriptionKind),
		Required:        from.Required,
		Optional:        from.Optional,
		Computed:        from.Computed,
		Sensitive:       from.Sensitive,
	}
	if from.NestedType == nil {
		to.AttributeType = c.kind(from.Type)
		return to
	}
	if from.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle {
		c.fail(fmt.Errorf("attribute %s: nesting other than of a single object is not converted", from.Name))
	}
	to.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
		Attributes:  c.attributes(from.NestedType.Attributes),
		NestingMode: tfjson.SchemaNestingModeSingle,
	}
	return to
}

func (c *converter) function(from *tfprotov6.Function) *tfjson.FunctionSignature {
	to := &tfjson.FunctionSignature{Summary: from.Summary, Description: from.Description, ReturnType: c.kind(from.Return.Type)}
	for _, parameter := range from.Parameters {
		to.Parameters = append(to.Parameters, &tfjson.FunctionParameter{
			Name: parameter.Name, Description: parameter.Description, IsNullable: parameter.AllowNullValue, Type: c.kind(parameter.Type),
		})
	}
	return to
}

// kind converts a type by way of its JSON form, which both libraries share.
func (c *converter) kind(from tftypes.Type) cty.Type {
	var to cty.Type
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &to)
	}
	c.fail(err)
	return to
}

func (c *converter) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func kindOf(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
