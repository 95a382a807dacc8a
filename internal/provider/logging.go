// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"log/slog"
	"maps"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logHandler passes records of log/slog on to Terraform's log, so that the lower
// packages need not know of it. The level is Terraform's to filter.
type logHandler struct{ fields map[string]any }

// newLogger returns a logger that writes to the log of the context's request.
func newLogger() *slog.Logger { return slog.New(logHandler{}) }

// Enabled implements [slog.Handler].
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := maps.Clone(h.fields)
	if fields == nil {
		fields = map[string]any{}
	}
	record.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = logged(a.Value)
		return true
	})
	logAt(record.Level)(ctx, record.Message, fields)
	return nil
}

// logged is the value as Terraform's log shows it: durations with their unit.
func logged(value slog.Value) any {
	value = value.Resolve()
	if value.Kind() == slog.KindDuration {
		return value.Duration().String()
	}
	return value.Any()
}

// logAt returns the function that logs at the level of Terraform's log which
// corresponds to level.
func logAt(level slog.Level) func(context.Context, string, ...map[string]any) {
	switch {
	case level >= slog.LevelError:
		return tflog.Error
	case level >= slog.LevelWarn:
		return tflog.Warn
	case level >= slog.LevelInfo:
		return tflog.Info
	default:
		return tflog.Debug
	}
}

// WithAttrs implements [slog.Handler].
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := maps.Clone(h.fields)
	if fields == nil {
		fields = make(map[string]any, len(attrs))
	}
	for _, a := range attrs {
		fields[a.Key] = logged(a.Value)
	}
	return logHandler{fields}
}

// WithGroup implements [slog.Handler]. Terraform's log has no groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }
