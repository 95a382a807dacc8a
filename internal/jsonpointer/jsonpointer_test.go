// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package jsonpointer_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
)

// document is the example of RFC 6901 section 5.
const document = `{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`

func decode(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestLookup(t *testing.T) {
	t.Parallel()
	root := decode(t, document)
	found := map[string]any{
		"": root, "/foo": []any{"bar", "baz"}, "/foo/0": "bar", "/": 0., "/a~1b": 1., "/c%d": 2.,
		"/e^f": 3., "/g|h": 4., "/i\\j": 5., "/k\"l": 6., "/ ": 7., "/m~0n": 8.,
	}
	for pointer, want := range found {
		t.Run(pointer, func(t *testing.T) {
			t.Parallel()
			got, ok := jsonpointer.MustParse(pointer).Lookup(root)
			if !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, %t; want %v", got, ok, want)
			}
		})
	}
	for _, pointer := range []string{"/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/0/x", "/foo/99999999999999999999", "/FOO", "/a/b", "/m~01"} {
		t.Run("absent "+pointer, func(t *testing.T) {
			t.Parallel()
			if got, ok := jsonpointer.MustParse(pointer).Lookup(root); ok {
				t.Errorf("found %v", got)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"foo", "#/foo", "/~", "/~2", "/a~", "//~a"} {
		if _, err := jsonpointer.Parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add("/foo/0", document)
	f.Add("/a~1b", document)
	f.Add("/m~01/-", `[[[1]]]`)
	f.Fuzz(func(t *testing.T, text, doc string) {
		pointer, err := jsonpointer.Parse(text)
		if err != nil {
			t.Skip()
		}
		var value any
		if json.Unmarshal([]byte(doc), &value) != nil {
			t.Skip()
		}
		if got, ok := pointer.Lookup(value); !ok && got != nil {
			t.Errorf("%q: not found, but the value is %v", text, got)
		}
	})
}
