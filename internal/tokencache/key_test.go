// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// inputs has a field of every kind that can take part in a key.
type inputs struct {
	Text     string
	Secret   secret.String
	List     []string
	Map      map[string]string
	Secrets  map[string]secret.String
	Nested   *inputs
	Duration time.Duration
	Flag     bool
	hidden   string
	Out      func() `cachekey:"-"`
}

func TestKeysOfDifferentInputsDiffer(t *testing.T) {
	t.Parallel()
	rows := map[string]any{
		"nothing":            inputs{},
		"a text":             inputs{Text: "a"},
		"the same, a secret": inputs{Secret: secret.New("a")},
		"an unexported text": inputs{hidden: "a"},
		"an empty element":   inputs{List: []string{""}},
		"one element":        inputs{List: []string{"a b"}},
		"two elements":       inputs{List: []string{"a", "b"}},
		"another order":      inputs{List: []string{"b", "a"}},
		"joined":             inputs{List: []string{"ab"}},
		"a map":              inputs{Map: map[string]string{"a": "b"}},
		"a map, swapped":     inputs{Map: map[string]string{"b": "a"}},
		"a map of secrets":   inputs{Secrets: map[string]secret.String{"a": secret.New("b")}},
		"an empty struct":    inputs{Nested: &inputs{}},
		"a nested text":      inputs{Nested: &inputs{Text: "a"}},
		"a nested flag":      inputs{Nested: &inputs{Flag: true}},
		"a flag beside it":   inputs{Nested: &inputs{}, Flag: true},
		"a duration":         inputs{Duration: 1},
		"a flag":             inputs{Flag: true},
		"a bare text":        "a",
	}
	seen := map[string]string{}
	for name, row := range rows {
		key := tokencache.NewEntryKey(row).Name()
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have the same key", name, other)
		}
		seen[key] = name
	}
}

func TestKeysOfEqualInputsAreEqual(t *testing.T) {
	t.Parallel()
	first := inputs{Map: map[string]string{"a": "1", "b": "2", "c": "3"}, List: nil, Out: func() {}}
	second := inputs{Map: map[string]string{"c": "3", "b": "2", "a": "1"}, List: []string{}}
	if tokencache.NewEntryKey(first).Name() != tokencache.NewEntryKey(second).Name() {
		t.Error("the order of a map, an empty list or a field that is tagged changes the key")
	}
}

// TestKeyOfWhatCannotBeCompared panics, so that a new field of such a kind is
// noticed by the first test that gets a token.
func TestKeyOfWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a func takes part in a key")
		}
	}()
	tokencache.NewEntryKey(struct{ Fetch func() }{})
}
