// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// entry is a method that Terraform has called.
type entry func(context.Context) diag.Diagnostics

// entries are given requests that the framework never makes. There is no schema in
// them and nothing was configured, so that whoever looks panics.
func entries() map[string]entry {
	all := map[string]entry{
		"provider ValidateConfig": func(ctx context.Context) diag.Diagnostics {
			var resp provider.ValidateConfigResponse
			(&Provider{}).ValidateConfig(ctx, provider.ValidateConfigRequest{}, &resp)
			return resp.Diagnostics
		},
		"provider Configure": func(ctx context.Context) diag.Diagnostics {
			var resp provider.ConfigureResponse
			(&Provider{}).Configure(ctx, provider.ConfigureRequest{}, &resp)
			return resp.Diagnostics
		},
		"string validator": func(ctx context.Context) diag.Diagnostics {
			var resp validator.StringResponse
			broken := stringValidator{rule: func(value string) string { panic(value) }}
			broken.ValidateString(ctx, validator.StringRequest{ConfigValue: types.StringValue("c4n4ry")}, &resp)
			return resp.Diagnostics
		},
	}
	for _, construct := range (&Provider{}).EphemeralResources(context.Background()) {
		addEphemeral(all, construct())
	}
	for _, construct := range (&Provider{}).DataSources(context.Background()) {
		addDataSource(all, construct())
	}
	for _, construct := range (&Provider{}).Actions(context.Background()) {
		addAction(all, construct())
	}
	return all
}

func addEphemeral(all map[string]entry, opened ephemeral.EphemeralResource) {
	var named ephemeral.MetadataResponse
	opened.Metadata(context.Background(), ephemeral.MetadataRequest{}, &named)
	name := "ephemeral " + named.TypeName
	all[name+" Open"] = func(ctx context.Context) diag.Diagnostics {
		var resp ephemeral.OpenResponse
		opened.Open(ctx, ephemeral.OpenRequest{}, &resp)
		return resp.Diagnostics
	}
	if validated, ok := opened.(ephemeral.EphemeralResourceWithValidateConfig); ok {
		all[name+" ValidateConfig"] = func(ctx context.Context) diag.Diagnostics {
			var resp ephemeral.ValidateConfigResponse
			validated.ValidateConfig(ctx, ephemeral.ValidateConfigRequest{}, &resp)
			return resp.Diagnostics
		}
	}
	if renewed, ok := opened.(ephemeral.EphemeralResourceWithRenew); ok {
		all[name+" Renew"] = func(ctx context.Context) diag.Diagnostics {
			var resp ephemeral.RenewResponse
			renewed.Renew(ctx, ephemeral.RenewRequest{}, &resp)
			return resp.Diagnostics
		}
	}
	if closed, ok := opened.(ephemeral.EphemeralResourceWithClose); ok {
		all[name+" Close"] = func(ctx context.Context) diag.Diagnostics {
			var resp ephemeral.CloseResponse
			closed.Close(ctx, ephemeral.CloseRequest{}, &resp)
			return resp.Diagnostics
		}
	}
}

func addDataSource(all map[string]entry, read datasource.DataSource) {
	var named datasource.MetadataResponse
	read.Metadata(context.Background(), datasource.MetadataRequest{}, &named)
	name := "data " + named.TypeName
	all[name+" Read"] = func(ctx context.Context) diag.Diagnostics {
		var resp datasource.ReadResponse
		read.Read(ctx, datasource.ReadRequest{}, &resp)
		return resp.Diagnostics
	}
	if validated, ok := read.(datasource.DataSourceWithValidateConfig); ok {
		all[name+" ValidateConfig"] = func(ctx context.Context) diag.Diagnostics {
			var resp datasource.ValidateConfigResponse
			validated.ValidateConfig(ctx, datasource.ValidateConfigRequest{}, &resp)
			return resp.Diagnostics
		}
	}
}

func addAction(all map[string]entry, invoked action.Action) {
	var named action.MetadataResponse
	invoked.Metadata(context.Background(), action.MetadataRequest{}, &named)
	name := "action " + named.TypeName
	all[name+" Invoke"] = func(ctx context.Context) diag.Diagnostics {
		var resp action.InvokeResponse
		invoked.Invoke(ctx, action.InvokeRequest{}, &resp)
		return resp.Diagnostics
	}
	if validated, ok := invoked.(action.ActionWithValidateConfig); ok {
		all[name+" ValidateConfig"] = func(ctx context.Context) diag.Diagnostics {
			var resp action.ValidateConfigResponse
			validated.ValidateConfig(ctx, action.ValidateConfigRequest{}, &resp)
			return resp.Diagnostics
		}
	}
}

// TestEntriesContainPanics holds that whatever Terraform calls returns.
func TestEntriesContainPanics(t *testing.T) {
	t.Parallel()
	for name, call := range entries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := call(t.Context())
			if len(found) != 1 || found[0].Severity() != diag.SeverityError || found[0].Summary() != "This is a bug in the provider" {
				t.Fatalf("got %v", found)
			}
			if detail := found[0].Detail(); !strings.Contains(detail, "\n  provider.") || strings.Contains(detail, "c4n4ry") {
				t.Errorf("the user is told %s", detail)
			}
		})
	}
}

func TestFunctionContainsPanics(t *testing.T) {
	t.Parallel()
	arguments := function.NewArgumentsData([]attr.Value{types.StringValue("eyJhbGciOiJub25lIn0.eyJzdWIiOiJjNG40cnkifQ.")})
	var resp function.RunResponse // without a place for the result
	jwtDecodeFunction{}.Run(t.Context(), function.RunRequest{Arguments: arguments}, &resp)
	if resp.Error == nil || !strings.Contains(resp.Error.Text, "provider.jwtDecodeFunction.Run (function_jwt_decode.go:") {
		t.Errorf("got %v", resp.Error)
	}
}

// TestEntriesAreContained reads the source: no method that fills in a response may
// be without its first line, new ones included.
func TestEntriesAreContained(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range parsed.Decls {
			if method, ok := declared.(*ast.FuncDecl); ok && isEntry(method) {
				checked++
				if !isContained(method) {
					t.Errorf("%s: %s does not begin with defer contain", file.Name(), method.Name.Name)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d methods were found", checked)
	}
}

// isEntry tells whether the framework calls a method for more than a description.
func isEntry(method *ast.FuncDecl) bool {
	switch method.Name.Name {
	case "Metadata", "Schema", "Definition":
		return false
	}
	parameters := method.Type.Params.List
	if method.Recv == nil || !method.Name.IsExported() || len(parameters) == 0 {
		return false
	}
	last := parameters[len(parameters)-1].Names
	return len(last) == 1 && last[0].Name == "resp"
}

func isContained(method *ast.FuncDecl) bool {
	deferred, ok := method.Body.List[0].(*ast.DeferStmt)
	if !ok {
		return false
	}
	called, ok := deferred.Call.Fun.(*ast.Ident)
	return ok && strings.HasPrefix(called.Name, "contain")
}
