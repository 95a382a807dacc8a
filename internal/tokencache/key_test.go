// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

func TestKeysTellInputsApart(t *testing.T) {
	t.Parallel()
	newKey := func() *tokencache.Key { return tokencache.NewKey("credentials") }
	keys := map[string]*tokencache.Key{
		"nothing":             newKey(),
		"other credentials":   tokencache.NewKey("Credentials"),
		"divided credentials": tokencache.NewKey("creden", "tials"),
		"further credentials": tokencache.NewKey("credentials", ""),
		"empty list":          newKey().Add("scopes"),
		"empty text":          newKey().Add("scopes", ""),
		"one text":            newKey().Add("scopes", "a b"),
		"two texts":           newKey().Add("scopes", "a", "b"),
		"other order":         newKey().Add("scopes", "b", "a"),
		"joined differently":  newKey().Add("scopes", "ab"),
		"other name":          newKey().Add("scope", "a", "b"),
		"two inputs":          newKey().Add("scopes", "a").Add("b"),
		"a map":               newKey().AddMap("scopes", map[string]string{"a": "b"}),
		"a map, swapped":      newKey().AddMap("scopes", map[string]string{"b": "a"}),
	}
	seen := map[string]string{}
	for name, key := range keys {
		if other, ok := seen[key.Sum()]; ok {
			t.Errorf("%q and %q have one key", name, other)
		}
		seen[key.Sum()] = name
	}
}
