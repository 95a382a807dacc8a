// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// configuration is a parsed example, whose blocks can be passed to a provider in this
// process.
type configuration struct {
	t      *testing.T
	bodies []*hclsyntax.Body
	// scope holds the values that expressions refer to.
	scope map[string]cty.Value
}

// parse parses an example, with values for its variables.
func parse(t *testing.T, example string, variables values) *configuration {
	t.Helper()
	c := &configuration{t: t, scope: map[string]cty.Value{}}
	for name, text := range vendorFiles(t, example) {
		file, diags := hclsyntax.ParseConfig([]byte(text), name, hcl.InitialPos)
		c.check(diags)
		body, ok := file.Body.(*hclsyntax.Body)
		if !ok {
			t.Fatalf("%s is not native syntax", name)
		}
		c.bodies = append(c.bodies, body)
	}
	known := map[string]cty.Value{}
	for _, block := range c.blocks("variable") {
		known[block.Labels[0]] = c.variable(block, variables)
	}
	for name := range variables {
		if _, ok := known[name]; !ok {
			t.Fatalf("the example %s has no variable %s", example, name)
		}
	}
	c.scope["var"] = cty.ObjectVal(known)
	return c
}

// blocks returns the blocks of a type.
func (c *configuration) blocks(blockType string) []*hclsyntax.Block {
	var found []*hclsyntax.Block
	for _, body := range c.bodies {
		for _, block := range body.Blocks {
			if block.Type == blockType {
				found = append(found, block)
			}
		}
	}
	return found
}

// variable returns the value of a variable: the given one or its default.
func (c *configuration) variable(block *hclsyntax.Block, given values) cty.Value {
	c.t.Helper()
	text, ok := given[block.Labels[0]]
	if !ok {
		byDefault, ok := block.Body.Attributes["default"]
		if !ok {
			c.t.Fatalf("no value for the variable %s", block.Labels[0])
		}
		return c.value(byDefault.Expr)
	}
	kind := cty.String
	if expression := block.Body.Attributes["type"].Expr; hcl.ExprAsKeyword(expression) == "" {
		kind = cty.List(cty.String) // the only type in the examples that is not a keyword
		value, err := ctyjson.Unmarshal([]byte(text), kind)
		c.must(err)
		return value
	} else if hcl.ExprAsKeyword(expression) == "bool" {
		kind = cty.Bool
	}
	value, err := convert.Convert(cty.StringVal(text), kind)
	c.must(err)
	return value
}

// block returns the attributes of the block with the given type and labels.
func (c *configuration) block(blockType string, labels ...string) map[string]any {
	c.t.Helper()
	for _, block := range c.blocks(blockType) {
		if !slices.Equal(block.Labels, labels) {
			continue
		}
		body := block.Body
		for _, inner := range body.Blocks {
			if blockType == "action" && inner.Type == "config" {
				body = inner.Body
			}
		}
		return c.attributes(body)
	}
	c.t.Fatalf("no block %s %q", blockType, labels)
	return nil
}

// meta are Terraform's own attributes.
var meta = map[string]bool{"count": true, "depends_on": true, "for_each": true, "provider": true}

// attributes returns the values of a body's attributes.
func (c *configuration) attributes(body *hclsyntax.Body) map[string]any {
	c.t.Helper()
	found := map[string]any{}
	for name, attribute := range body.Attributes {
		if meta[name] {
			continue
		}
		value := c.value(attribute.Expr)
		text, err := ctyjson.Marshal(value, value.Type())
		c.must(err)
		var plain any
		c.must(json.Unmarshal(text, &plain))
		found[name] = plain
	}
	return found
}

// know sets the result of a block, for other blocks to refer to.
func (c *configuration) know(blockType, typeName, name string, result map[string]any) {
	c.t.Helper()
	text, err := json.Marshal(result)
	c.must(err)
	kind, err := ctyjson.ImpliedType(text)
	c.must(err)
	value, err := ctyjson.Unmarshal(text, kind)
	c.must(err)
	c.scope[blockType] = cty.ObjectVal(map[string]cty.Value{
		typeName: cty.ObjectVal(map[string]cty.Value{name: value}),
	})
}

// value evaluates an expression.
func (c *configuration) value(expression hcl.Expression) cty.Value {
	c.t.Helper()
	value, diags := expression.Value(&hcl.EvalContext{
		Variables: c.scope,
		Functions: map[string]function.Function{
			"join":       stdlib.JoinFunc,
			"jsonencode": stdlib.JSONEncodeFunc,
			"replace":    stdlib.ReplaceFunc,
		},
	})
	c.check(diags)
	return value
}

func (c *configuration) check(diags hcl.Diagnostics) {
	c.t.Helper()
	if diags.HasErrors() {
		c.t.Fatal(diags)
	}
}

func (c *configuration) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}
