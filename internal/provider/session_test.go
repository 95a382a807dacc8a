// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"encoding/json"
	"math/big"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// tokenType is the type name of both kinds of oauth2cc_token.
const tokenType = "oauth2cc_token"

// session is a provider in this process, spoken to by protocol 6 as the CLI
// speaks to the executable. Configurations are written as attributes, see value.
type session struct {
	t      testing.TB
	ctx    context.Context // of all calls
	server provider.Server
	schema *tfprotov6.GetProviderSchemaResponse
}

// newSession starts a provider that sees an empty environment and does not wait
// before it repeats a request, unless options say otherwise.
func newSession(t testing.TB, options ...provider.Option) *session {
	t.Helper()
	options = append([]provider.Option{environment(nil), provider.WithSleep(instantly)}, options...)
	schema, err := providerSchema()
	if err != nil {
		t.Fatal(err)
	}
	return &session{t: t, ctx: t.Context(), server: provider.NewServer("test", options...), schema: schema}
}

// providerSchema is the same for every session.
var providerSchema = sync.OnceValues(func() (*tfprotov6.GetProviderSchemaResponse, error) {
	return provider.NewServer("test").GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
})

// environment has a provider see these variables and no others.
func environment(variables map[string]string) provider.Option {
	return provider.WithGetenv(func(name string) string { return variables[name] })
}

// instantly waits no time.
func instantly(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// configure sends the provider block.
func (s *session) configure(config attributes) diagnostics {
	s.t.Helper()
	response, err := s.server.ConfigureProvider(s.ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.encode(s.schema.Provider, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// mustConfigure is configure for provider blocks that nothing is wrong with. It
// returns s.
func (s *session) mustConfigure(config attributes) *session {
	s.t.Helper()
	s.configure(config).mustBeEmpty(s.t)
	return s
}

// opened is what opening an ephemeral resource brought.
type opened struct {
	typeName    string
	result      attributes // nil where there is none
	diagnostics diagnostics
	*tfprotov6.OpenEphemeralResourceResponse
}

// open opens an ephemeral resource.
func (s *session) open(typeName string, config attributes) opened {
	s.t.Helper()
	schema := s.schema.EphemeralResourceSchemas[typeName]
	response, err := s.server.OpenEphemeralResource(s.ctx, &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: typeName,
		Config:   s.encode(schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return opened{typeName, s.decode(schema, response.Result), response.Diagnostics, response}
}

// mustOpen opens an ephemeral resource without as much as a warning, and returns
// its result.
func (s *session) mustOpen(typeName string, config attributes) attributes {
	s.t.Helper()
	response := s.open(typeName, config)
	response.diagnostics.mustBeEmpty(s.t)
	return response.result
}

// renew renews what was opened, and tells when it wants to be renewed again.
func (s *session) renew(typeName string, session opened) (time.Time, diagnostics) {
	s.t.Helper()
	response, err := s.server.RenewEphemeralResource(s.ctx, &tfprotov6.RenewEphemeralResourceRequest{
		TypeName: typeName,
		Private:  session.Private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.RenewAt, response.Diagnostics
}

// close closes what was opened, before ctx ends.
func (s *session) close(ctx context.Context, token opened) diagnostics {
	s.t.Helper()
	response, err := s.server.CloseEphemeralResource(ctx, &tfprotov6.CloseEphemeralResourceRequest{
		TypeName: token.typeName,
		Private:  token.Private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// read reads a data source. The state is nil where there is none.
func (s *session) read(typeName string, config attributes) (attributes, diagnostics) {
	s.t.Helper()
	schema := s.schema.DataSourceSchemas[typeName]
	response, err := s.server.ReadDataSource(s.ctx, &tfprotov6.ReadDataSourceRequest{
		TypeName: typeName,
		Config:   s.encode(schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.decode(schema, response.State), response.Diagnostics
}

// mustRead reads a data source without as much as a warning.
func (s *session) mustRead(typeName string, config attributes) attributes {
	s.t.Helper()
	state, diagnostics := s.read(typeName, config)
	diagnostics.mustBeEmpty(s.t)
	return state
}

// validateProvider is terraform validate for the provider block.
func (s *session) validateProvider(config attributes) diagnostics {
	s.t.Helper()
	response, err := s.server.ValidateProviderConfig(s.ctx, &tfprotov6.ValidateProviderConfigRequest{
		Config: s.encode(s.schema.Provider, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// validateEphemeral is terraform validate for an ephemeral resource.
func (s *session) validateEphemeral(typeName string, config attributes) diagnostics {
	s.t.Helper()
	response, err := s.server.ValidateEphemeralResourceConfig(s.ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: typeName,
		Config:   s.encode(s.schema.EphemeralResourceSchemas[typeName], config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// validateDataSource is terraform validate for a data source.
func (s *session) validateDataSource(typeName string, config attributes) diagnostics {
	s.t.Helper()
	response, err := s.server.ValidateDataResourceConfig(s.ctx, &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: typeName,
		Config:   s.encode(s.schema.DataSourceSchemas[typeName], config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// encode writes attributes for the wire.
func (s *session) encode(schema *tfprotov6.Schema, config attributes) *tfprotov6.DynamicValue {
	s.t.Helper()
	kind := schema.ValueType()
	encoded, err := tfprotov6.NewDynamicValue(kind, value(s.t, kind, config))
	if err != nil {
		s.t.Fatal(err)
	}
	return &encoded
}

// decode reads attributes from the wire, nil where there are none.
func (s *session) decode(schema *tfprotov6.Schema, encoded *tfprotov6.DynamicValue) attributes {
	s.t.Helper()
	if encoded == nil {
		return nil
	}
	decoded, err := encoded.Unmarshal(schema.ValueType())
	if err != nil {
		s.t.Fatal(err)
	}
	result, _ := plain(s.t, decoded).(map[string]any)
	return result
}

// renewToken and closeToken are operations on a token.
func renewToken(s *session, token opened) diagnostics {
	_, found := s.renew(tokenType, token)
	return found
}

func closeToken(s *session, token opened) diagnostics {
	return s.close(s.ctx, token)
}

// attributes are those of a block, or of a result: texts, booleans, numbers,
// slices, maps, nil for null, and unknown. Those left out are null. In results
// numbers are json.Number, and what is nested is []any and map[string]any.
type attributes = map[string]any

// notKnown is the type of unknown.
type notKnown struct{}

// unknown is a value that is known after apply only.
var unknown = notKnown{}

// value makes from a value of the type kind.
func value(t testing.TB, kind tftypes.Type, from any) tftypes.Value {
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
func objectMembers(t testing.TB, kind tftypes.Object, from any) map[string]tftypes.Value {
	t.Helper()
	given, ok := from.(attributes)
	if !ok {
		t.Fatalf("%T is not an object", from)
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
func typeOf(t testing.TB, from any) tftypes.Type {
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
func plain(t testing.TB, from tftypes.Value) any {
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
func as[T any](t testing.TB, from tftypes.Value) T {
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
