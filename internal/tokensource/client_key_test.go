// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// TestEveryFieldTakesPartInTheKey walks the inputs of a cached token's key, and the
// configuration by which a resolved client is remembered, and changes one field after the
// other. A field without effect must be on the list below, with a reason that holds.
func TestEveryFieldTakesPartInTheKey(t *testing.T) {
	t.Parallel()
	credentials := func() Credentials {
		return Credentials{
			SignedAssertion:    &clientauth.SignedAssertion{},
			FederatedAssertion: &clientauth.FederatedAssertion{Command: &clientauth.PlatformCommand{}, Request: &clientauth.PlatformRequest{}},
		}
	}
	t.Run("of a token", func(t *testing.T) {
		t.Parallel()
		testFields(t, func() any { return &entryInputs{Client: Client{Credentials: credentials()}} }, map[string]string{
			"Client.minValidity":                "decides whether a token is reused, not which one it is",
			"Client.minShare":                   "decides whether a token is reused, not which one it is",
			"Client.Origins":                    "words for errors",
			"Client.Metadata":                   "for errors; what follows from it is in other fields",
			"Client.sender":                     "follows from Credentials",
			"Client.key":                        "the key itself",
			"Client.prover":                     "has the key of DPoPThumbprint",
			"Client.Request.Assertion":          "follows from Credentials",
			"Client.SignedAssertion.Supported":  "only chooses an algorithm",
			"Client.SignedAssertion.Run":        "how the assertion is signed",
			"Client.SignedAssertion.Now":        "a clock",
			"Client.SignedAssertion.Key.opened": "follows from the text of the key",
			"Client.FederatedAssertion.Getenv":  "how the assertion is read",
			"Client.FederatedAssertion.Fetch":   "how the assertion is read",
			"Client.FederatedAssertion.Run":     "how the assertion is read",
			"Client.FederatedAssertion.Now":     "a clock",
		})
	})
	t.Run("of a resolved client", func(t *testing.T) {
		t.Parallel()
		testFields(t, func() any { return &ClientConfig{Credentials: credentials()} }, map[string]string{
			"Unknown":                    "nothing is, where a client is resolved",
			"Request.Assertion":          "set by resolving",
			"SignedAssertion.Supported":  "set by resolving",
			"SignedAssertion.Run":        "set by resolving",
			"SignedAssertion.Now":        "set by resolving",
			"SignedAssertion.Key.opened": "set by resolving",
			"FederatedAssertion.Getenv":  "reads the environment of this process",
			"FederatedAssertion.Fetch":   "set by resolving",
			"FederatedAssertion.Run":     "set by resolving",
			"FederatedAssertion.Now":     "set by resolving",
		})
	})
}

// testFields changes each field of the inputs, except for those that are left out.
func testFields(t *testing.T, inputs func() any, left map[string]string) {
	t.Helper()
	unchanged := tokencache.NewEntryKey(inputs()).Name()
	var without []string
	for _, path := range fieldPaths(reflect.ValueOf(inputs()).Elem(), "", nil) {
		if path.tagged {
			without = append(without, path.name)
			continue
		}
		changed := inputs()
		field := reflect.ValueOf(changed).Elem()
		for _, index := range path.index {
			field = reflect.Indirect(field).Field(index)
		}
		set(t, path.name, field)
		if tokencache.NewEntryKey(changed).Name() == unchanged {
			t.Errorf("%s does not change the key", path.name)
		}
	}
	for _, name := range without {
		if _, listed := left[name]; !listed {
			t.Errorf("%s takes no part in the key, and is not on the list", name)
		}
	}
	for name := range left {
		if !slices.Contains(without, name) {
			t.Errorf("%s is on the list, and takes part in the key or does not exist", name)
		}
	}
}

// fieldPath is the path to a field.
type fieldPath struct {
	name   string
	index  []int
	tagged bool
}

// fieldPaths lists the fields of a struct and of those below it that have values of
// their own.
func fieldPaths(value reflect.Value, prefix string, index []int) []fieldPath {
	var paths []fieldPath
	for i := range value.NumField() {
		field, inner := value.Type().Field(i), reflect.Indirect(value.Field(i))
		path := fieldPath{prefix + field.Name, append(slices.Clone(index), i), field.Tag.Get("cachekey") == "-"}
		nested := inner.Kind() == reflect.Struct && inner.Type() != reflect.TypeFor[secret.String]() && inner.Type() != reflect.TypeFor[jsonpointer.Pointer]()
		switch {
		case nested && !path.tagged && field.Anonymous:
			paths = append(paths, fieldPaths(inner, prefix, path.index)...)
		case nested && !path.tagged:
			paths = append(paths, fieldPaths(inner, path.name+".", path.index)...)
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

// set gives a field a value other than its zero value.
func set(t *testing.T, name string, field reflect.Value) {
	t.Helper()
	pointer, err := jsonpointer.Parse("/a")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{
		"a", 1, true, time.Second, new(time.Duration), []string{"a"}, map[string]string{"a": "b"}, map[string]bool{"a": true}, secret.New("a"),
		map[string]secret.String{"a": secret.New("b")}, oauth2.ParametersIn("a"), pointer, oauth2.Fields{"a": pointer},
	} {
		if reflect.TypeOf(value) == field.Type() {
			field.Set(reflect.ValueOf(value))
			return
		}
	}
	t.Fatalf("%s: the test has no value for a %s", name, field.Type())
}
