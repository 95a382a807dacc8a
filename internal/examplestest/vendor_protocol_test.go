// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// clock is the provider's time.
var clock = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func now() time.Time { return clock }

// served is a provider in this process, called over its protocol.
type served struct {
	t      *testing.T
	server provider.Server
	schema *tfprotov6.GetProviderSchemaResponse
}

// serve returns a provider with an empty environment and a fixed clock, unless
// options set others.
func serve(t *testing.T, options ...provider.Option) *served {
	t.Helper()
	empty := provider.WithGetenv(func(string) string { return "" })
	options = append([]provider.Option{empty, provider.WithNow(now)}, options...)
	server := provider.NewServer("test", options...)
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err, nil)
	return &served{t, server, schema}
}

// configure sends a provider block. It returns s.
func (s *served) configure(block map[string]any) *served {
	s.t.Helper()
	response, err := s.server.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: encode(s.t, block)})
	must(s.t, err, response.Diagnostics)
	return s
}

// opened is an ephemeral resource or a data source with its result.
type opened struct {
	served   *served
	typeName string
	result   map[string]any
	problems []*tfprotov6.Diagnostic
	renewAt  time.Time
	private  []byte
}

// open opens an ephemeral resource, which must succeed without a warning.
func (s *served) open(typeName string, block map[string]any) *opened {
	s.t.Helper()
	found := s.tryOpen(typeName, block)
	must(s.t, nil, found.problems)
	return found
}

// tryOpen is open, but may fail.
func (s *served) tryOpen(typeName string, block map[string]any) *opened {
	s.t.Helper()
	response, err := s.server.OpenEphemeralResource(s.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: typeName, Config: encode(s.t, block),
	})
	must(s.t, err, nil)
	result := decode(s.t, s.schema.EphemeralResourceSchemas[typeName], response.Result)
	return &opened{s, typeName, result, response.Diagnostics, response.RenewAt, response.Private}
}

// read reads a data source, which must succeed without a warning.
func (s *served) read(typeName string, block map[string]any) *opened {
	s.t.Helper()
	found := s.tryRead(typeName, block)
	must(s.t, nil, found.problems)
	return found
}

// tryRead is read, but may fail.
func (s *served) tryRead(typeName string, block map[string]any) *opened {
	s.t.Helper()
	response, err := s.server.ReadDataSource(s.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: encode(s.t, block)})
	must(s.t, err, nil)
	return &opened{s, typeName, decode(s.t, s.schema.DataSourceSchemas[typeName], response.State), response.Diagnostics, time.Time{}, nil}
}

// planAction is terraform plan for an action.
func (s *served) planAction(typeName string, config map[string]any) {
	s.t.Helper()
	valid, err := s.server.ValidateActionConfig(s.t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: encode(s.t, config)})
	must(s.t, err, valid.Diagnostics)
	planned, err := s.server.PlanAction(s.t.Context(), &tfprotov6.PlanActionRequest{ActionType: typeName, Config: encode(s.t, config)})
	must(s.t, err, planned.Diagnostics)
}

// invokeAction is terraform apply for an action.
func (s *served) invokeAction(typeName string, config map[string]any) {
	s.t.Helper()
	stream, err := s.server.InvokeAction(s.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: typeName, Config: encode(s.t, config)})
	must(s.t, err, nil)
	completed := false
	for event := range stream.Events {
		if end, ok := event.Type.(tfprotov6.CompletedInvokeActionEventType); ok {
			completed = true
			must(s.t, nil, end.Diagnostics)
		}
	}
	if !completed {
		s.t.Error("the action did not complete")
	}
}

// renew renews an ephemeral resource.
func (o *opened) renew(t *testing.T) {
	t.Helper()
	response, err := o.served.server.RenewEphemeralResource(t.Context(), &tfprotov6.RenewEphemeralResourceRequest{TypeName: o.typeName, Private: o.private})
	must(t, err, response.Diagnostics)
}

// close closes an ephemeral resource with the private data of Open, as Terraform does.
func (o *opened) close(t *testing.T) {
	t.Helper()
	response, err := o.served.server.CloseEphemeralResource(t.Context(), &tfprotov6.CloseEphemeralResourceRequest{TypeName: o.typeName, Private: o.private})
	must(t, err, response.Diagnostics)
}

// mustBe compares an attribute: strings verbatim, others as JSON.
func (o *opened) mustBe(t *testing.T, attribute, want string) {
	t.Helper()
	got, isText := o.result[attribute].(string)
	if !isText {
		text, err := json.Marshal(o.result[attribute])
		must(t, err, nil)
		got = string(text)
	}
	if got != want {
		t.Errorf("%s is %s, want %s", attribute, got, want)
	}
}

// failure is the text of the first diagnostic, or empty.
func (o *opened) failure() string {
	if len(o.problems) == 0 {
		return ""
	}
	return o.problems[0].Summary + "\n" + o.problems[0].Detail
}

// must ends the test on an error or on a diagnostic.
func must(t *testing.T, err error, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, diagnostic := range diagnostics {
		t.Fatalf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
}

// encode encodes a block for the protocol; missing attributes are null.
func encode(t *testing.T, block map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	if block == nil {
		block = map[string]any{}
	}
	text, err := json.Marshal(block)
	must(t, err, nil)
	return &tfprotov6.DynamicValue{JSON: text}
}

// decode decodes a result, or returns nil if there is none.
func decode(t *testing.T, schema *tfprotov6.Schema, encoded *tfprotov6.DynamicValue) map[string]any {
	t.Helper()
	if encoded == nil {
		return nil
	}
	value, err := encoded.Unmarshal(schema.ValueType())
	must(t, err, nil)
	result, _ := plain(t, value).(map[string]any)
	return result
}

// plain converts a value to what encoding/json would decode it to, with numbers as
// json.Number.
func plain(t *testing.T, value tftypes.Value) any {
	t.Helper()
	if value.IsNull() {
		return nil
	}
	var (
		text    string
		truth   bool
		number  big.Float
		list    []tftypes.Value
		members map[string]tftypes.Value
	)
	switch {
	case value.As(&text) == nil:
		return text
	case value.As(&truth) == nil:
		return truth
	case value.As(&number) == nil:
		return json.Number(number.Text('f', -1))
	case value.As(&list) == nil:
		plainList := []any{}
		for _, element := range list {
			plainList = append(plainList, plain(t, element))
		}
		return plainList
	case value.As(&members) == nil:
		object := map[string]any{}
		for name, member := range members {
			object[name] = plain(t, member)
		}
		return object
	}
	t.Fatal(fmt.Errorf("no plain value for %s", value.Type()))
	return nil
}
