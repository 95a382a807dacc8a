// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command schema prints the provider's schemas in the format of "terraform
// providers schema -json". The documentation is generated from its output rather
// than a CLI's, since a CLI omits what it does not support, such as actions before
// Terraform 1.14 and in OpenTofu.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// providerName is the name that tfplugindocs expects.
const providerName = "oauth2cc"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	schemas, err := provider.NewServer("dev").GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}) //nolint:contextcheck // NewServer takes none
	if err != nil {
		return err
	}
	for _, diagnostic := range schemas.Diagnostics {
		return fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(convert(schemas))
}

func convert(from *tfprotov6.GetProviderSchemaResponse) *tfjson.ProviderSchemas {
	to := &tfjson.ProviderSchema{
		ConfigSchema:             schemaOf(from.Provider),
		DataSourceSchemas:        convertMap(from.DataSourceSchemas, schemaOf),
		EphemeralResourceSchemas: convertMap(from.EphemeralResourceSchemas, schemaOf),
		ActionSchemas:            convertMap(from.ActionSchemas, actionOf),
		Functions:                convertMap(from.Functions, functionOf),
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{providerName: to},
	}
}

func convertMap[From, To any](from map[string]From, convert func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, value := range from {
		to[name] = convert(value)
	}
	return to
}

func schemaOf(from *tfprotov6.Schema) *tfjson.Schema {
	return &tfjson.Schema{
		Version: uint64(from.Version), //nolint:gosec // versions are not negative
		Block: &tfjson.SchemaBlock{
			Attributes:      attributesOf(from.Block.Attributes),
			Description:     from.Block.Description,
			DescriptionKind: descriptionKind(from.Block.DescriptionKind),
		},
	}
}

func actionOf(from *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: schemaOf(from.Schema).Block}
}

func attributesOf(from []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	to := make(map[string]*tfjson.SchemaAttribute, len(from))
	for _, attribute := range from {
		to[attribute.Name] = attributeOf(attribute)
	}
	return to
}

func attributeOf(from *tfprotov6.SchemaAttribute) *tfjson.SchemaAttribute {
	to := &tfjson.SchemaAttribute{
		Description:     from.Description,
		DescriptionKind: descriptionKind(from.DescriptionKind),
		Required:        from.Required,
		Optional:        from.Optional,
		Computed:        from.Computed,
		Sensitive:       from.Sensitive,
	}
	if from.NestedType == nil {
		to.AttributeType = typeOf(from.Type)
		return to
	}
	if from.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle {
		panic("attribute " + from.Name + ": only single nesting is supported")
	}
	to.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
		Attributes:  attributesOf(from.NestedType.Attributes),
		NestingMode: tfjson.SchemaNestingModeSingle,
	}
	return to
}

func functionOf(from *tfprotov6.Function) *tfjson.FunctionSignature {
	to := &tfjson.FunctionSignature{Summary: from.Summary, Description: from.Description, ReturnType: typeOf(from.Return.Type)}
	for _, parameter := range from.Parameters {
		to.Parameters = append(to.Parameters, &tfjson.FunctionParameter{
			Name: parameter.Name, Description: parameter.Description, IsNullable: parameter.AllowNullValue, Type: typeOf(parameter.Type),
		})
	}
	return to
}

// typeOf converts a type through its JSON form, which both libraries share.
func typeOf(from tftypes.Type) cty.Type {
	var to cty.Type
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &to)
	}
	if err != nil {
		panic(err)
	}
	return to
}

func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
