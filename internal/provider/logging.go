// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"log/slog"
	"slices"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logHandler writes to Terraform's log of the context's request, which filters by
// level. The lower packages log to it by log/slog.
type logHandler struct{ attrs []slog.Attr }

// Enabled implements [slog.Handler].
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := map[string]any{}
	add := func(a slog.Attr) bool {
		value := a.Value.Resolve()
		fields[a.Key] = value.Any()
		if value.Kind() == slog.KindDuration { // with its unit
			fields[a.Key] = value.Duration().String()
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	record.Attrs(add)
	switch {
	case record.Level >= slog.LevelError:
		tflog.Error(ctx, record.Message, fields)
	case record.Level >= slog.LevelWarn:
		tflog.Warn(ctx, record.Message, fields)
	case record.Level >= slog.LevelInfo:
		tflog.Info(ctx, record.Message, fields)
	default:
		tflog.Debug(ctx, record.Message, fields)
	}
	return nil
}

// WithAttrs implements [slog.Handler].
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{slices.Concat(h.attrs, attrs)}
}

// WithGroup implements [slog.Handler]. Terraform's log has no groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }
