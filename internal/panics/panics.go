// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package panics turns a panic into an error, so that a mistake of this program
// ends one operation and not the process, which serves many.
//
// It refuses to keep what was panicked with, as that may quote a secret: the type
// of the value remains, and where in this module it happened.
package panics

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Error is a panic that was caught.
type Error struct {
	// Type is the Go type of the value that was panicked with.
	Type string
	// Functions are those of this module that were running, the innermost first,
	// each with its file and line.
	Functions []string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("a bug in the provider stopped it (%s in %s)", e.Type, strings.Join(e.Functions, ", "))
}

// Into makes a panic of the function that defers it that function's error.
func Into(err *error) {
	if caught := Caught(recover()); caught != nil {
		*err = caught
	}
}

// Caught describes what the built-in recover returned to a deferred function. It
// returns nil where there was no panic.
func Caught(recovered any) *Error {
	if recovered == nil {
		return nil
	}
	return &Error{Type: fmt.Sprintf("%T", recovered), Functions: running()}
}

const (
	module = "github.com/oauth2cc/terraform-provider-oauth2cc/internal/"
	// maxFunctions is how many functions are named.
	maxFunctions = 16
	// maxFrames is how far down the stack they are looked for: a parser may recurse
	// deeply in a library before it fails.
	maxFrames = 1 << 10
)

// running names the functions of this module that led to a panic.
func running() []string {
	counters := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(counters[:runtime.Callers(0, counters)])
	var names []string
	for panicked := false; len(names) < maxFunctions; {
		frame, more := frames.Next()
		// What stands above the panic is its handling.
		if name, ours := strings.CutPrefix(frame.Function, module); ours && panicked {
			names = append(names, fmt.Sprintf("%s (%s:%d)", name, path.Base(frame.File), frame.Line))
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			break
		}
	}
	return names
}
