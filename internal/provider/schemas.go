// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"

	action "github.com/hashicorp/terraform-plugin-framework/action/schema"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeral "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	provider "github.com/hashicorp/terraform-plugin-framework/provider/schema"
)

// merged joins groups of attributes.
func merged[A any](groups ...map[string]A) map[string]A {
	all := map[string]A{}
	for _, group := range groups {
		maps.Copy(all, group)
	}
	return all
}

// derived turns each attribute into one of another kind of schema.
func derived[From, To any](attributes map[string]From, convert func(From) To) map[string]To {
	converted := make(map[string]To, len(attributes))
	for name, attribute := range attributes {
		converted[name] = convert(attribute)
	}
	return converted
}

// forDataSource turns an attribute of an ephemeral resource into one of a data
// source.
func forDataSource(attribute ephemeral.Attribute) datasource.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return datasource.StringAttribute{
			CustomType: a.CustomType, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.Int64Attribute:
		return datasource.Int64Attribute{Computed: a.Computed, MarkdownDescription: a.MarkdownDescription}
	case ephemeral.NumberAttribute:
		return datasource.NumberAttribute{Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case ephemeral.ListAttribute:
		return datasource.ListAttribute{
			ElementType: a.ElementType, Optional: a.Optional, Computed: a.Computed,
			MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.MapAttribute:
		return datasource.MapAttribute{
			ElementType: a.ElementType, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.BoolAttribute:
		return datasource.BoolAttribute{Optional: a.Optional, Computed: a.Computed, MarkdownDescription: a.MarkdownDescription}
	case ephemeral.SingleNestedAttribute:
		return datasource.SingleNestedAttribute{
			Attributes: derived(a.Attributes, forDataSource), Optional: a.Optional, MarkdownDescription: a.MarkdownDescription,
		}
	case ephemeral.DynamicAttribute:
		return datasource.DynamicAttribute{
			Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, MarkdownDescription: a.MarkdownDescription,
		}
	default:
		panic(fmt.Sprintf("no data source has an attribute like %T", attribute))
	}
}

// forProvider turns an attribute of an ephemeral resource into one of the
// provider block.
func forProvider(attribute ephemeral.Attribute) provider.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return provider.StringAttribute{
			Optional: true, Sensitive: a.Sensitive,
			MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.NumberAttribute:
		return provider.NumberAttribute{Optional: true, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
	case ephemeral.ListAttribute:
		return provider.ListAttribute{
			ElementType: a.ElementType, Optional: true, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.MapAttribute:
		return provider.MapAttribute{
			ElementType: a.ElementType, Optional: true, Sensitive: a.Sensitive,
			MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.SingleNestedAttribute:
		return provider.SingleNestedAttribute{
			Attributes: derived(a.Attributes, forProvider), Optional: true, MarkdownDescription: a.MarkdownDescription,
		}
	default:
		panic(fmt.Sprintf("no provider block has an attribute like %T", attribute))
	}
}

// forAction turns an input of an ephemeral resource into one of an action, whose
// attributes cannot be marked as sensitive.
func forAction(attribute ephemeral.Attribute) action.Attribute {
	switch a := attribute.(type) {
	case ephemeral.StringAttribute:
		return action.StringAttribute{
			Required: a.Required, Optional: a.Optional, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.BoolAttribute:
		return action.BoolAttribute{Optional: true, MarkdownDescription: a.MarkdownDescription}
	case ephemeral.ListAttribute:
		return action.ListAttribute{
			ElementType: a.ElementType, Optional: true, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.MapAttribute:
		return action.MapAttribute{
			ElementType: a.ElementType, Optional: true, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators,
		}
	case ephemeral.SingleNestedAttribute:
		return action.SingleNestedAttribute{
			Attributes: derived(a.Attributes, forAction), Optional: true, MarkdownDescription: a.MarkdownDescription,
		}
	default:
		panic(fmt.Sprintf("no action has an attribute like %T", attribute))
	}
}
