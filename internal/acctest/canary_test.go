// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// recorder records whether a test would have failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

func found(canary acctest.Canary, text string) bool {
	var r recorder
	acctest.Search(&r, "text", text, canary)
	return r.failed
}

func TestCanaryIsFound(t *testing.T) {
	t.Parallel()
	canary := acctest.NewCanary("secret", ` /+&=%<>"'\é`)
	value := canary.Value
	quoted, err := json.Marshal(map[string]string{"secret": value})
	if err != nil {
		t.Fatal(err)
	}
	spellings := map[string]string{
		"raw":              value,
		"first half":       value[:len(value)/2],
		"second half":      value[len(value)/2:],
		"JSON":             string(quoted),
		"JSON in JSON":     fmt.Sprintf("%q", quoted),
		"HTML":             html.EscapeString(value),
		"percent":          url.PathEscape(value),
		"form":             url.QueryEscape(value),
		"form of a form":   url.QueryEscape(url.QueryEscape(value)),
		"hexadecimal":      hex.EncodeToString([]byte("x" + value)),
		"hex, upper case":  strings.ToUpper(hex.EncodeToString([]byte(value))),
		"hex behind digit": "a" + hex.EncodeToString([]byte(value)),
		"bytes":            fmt.Sprintf("%d", []byte(value)),
		"base64 of a form": base64.StdEncoding.EncodeToString([]byte("id:" + url.QueryEscape(value))),
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		for before := range 4 {
			for after := range 4 {
				text := strings.Repeat("<", before) + value + strings.Repeat("?", after)
				for shift := range 4 { // preceding letters that are not part of the base64
					spellings[fmt.Sprintf("base64 %v %d %d %d", encoding == base64.StdEncoding, before, after, shift)] =
						"=" + strings.Repeat("A", shift) + encoding.EncodeToString([]byte(text)) + "."
				}
			}
		}
	}
	for name, text := range spellings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !found(canary, "before "+text+" after") {
				t.Errorf("%q is not found in %q", value, text)
			}
		})
	}
}

func TestCanaryIsNotFound(t *testing.T) {
	t.Parallel()
	canary, other := acctest.NewCanary("secret", "/"), acctest.NewCanary("another", "/")
	for _, text := range []string{"", "[redacted]", other.Value, base64.StdEncoding.EncodeToString([]byte(other.Value)), canary.Value[:8]} {
		if found(canary, text) {
			t.Errorf("%q is found in %q", canary.Value, text)
		}
	}
}
