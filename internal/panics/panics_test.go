// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package panics_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
)

const canary = "c4n4ry"

var errOrdinary = errors.New("ordinary")

// run calls do and contains it.
func run(do func() error) (err error) {
	defer panics.Into(&err)
	return do()
}

// hostile panics while it is written as text or as JSON.
type hostile struct{}

func (hostile) String() string               { panic(canary) }
func (hostile) Error() string                { panic(canary) }
func (hostile) MarshalJSON() ([]byte, error) { panic(canary) }

func TestInto(t *testing.T) {
	t.Parallel()
	var nothing map[string]string
	var none []int
	tests := map[string]struct {
		do   func() error
		kind string
	}{
		"text":             {func() error { panic("secret is " + canary) }, "string"},
		"error":            {func() error { panic(errors.New(canary)) }, "*errors.errorString"},
		"hostile":          {func() error { panic(hostile{}) }, "panics_test.hostile"},
		"nil map":          {func() error { nothing[canary] = canary; return nil }, "runtime.plainError"},
		"index":            {func() error { none[0] = 1; return nil }, "runtime.boundsError"},
		"within a library": {func() error { _, err := json.Marshal(hostile{}); return err }, "string"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caught, ok := errors.AsType[*panics.Error](run(row.do))
			if !ok {
				t.Fatal("it was not caught")
			}
			if caught.Type != row.kind {
				t.Errorf("the type is %s, want %s", caught.Type, row.kind)
			}
			if len(caught.Functions) == 0 || !strings.HasPrefix(caught.Functions[0], "panics_test.") ||
				!strings.Contains(caught.Functions[0], "(panics_test.go:") {
				t.Errorf("it is said to be in %q", caught.Functions)
			}
			if strings.Contains(caught.Error(), canary) {
				t.Errorf("it shows the value: %s", caught)
			}
		})
	}
}

func TestNoPanic(t *testing.T) {
	t.Parallel()
	if err := run(func() error { return errOrdinary }); !errors.Is(err, errOrdinary) {
		t.Errorf("got %v", err)
	}
	if err := run(func() error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

// deep panics below n calls of itself.
func deep(n int) {
	if n == 0 {
		panic(canary)
	}
	deep(n - 1)
}

func TestInnermostFirst(t *testing.T) {
	t.Parallel()
	caught, ok := errors.AsType[*panics.Error](run(func() error { deep(5000); return nil }))
	if !ok || len(caught.Functions) != 16 {
		t.Fatalf("got %v", caught)
	}
	if i := slices.IndexFunc(caught.Functions, func(name string) bool { return !strings.HasPrefix(name, "panics_test.deep ") }); i >= 0 {
		t.Errorf("got %q", caught.Functions)
	}
}
