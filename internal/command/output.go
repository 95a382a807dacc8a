// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bytes"
	"errors"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// head keeps the first MaxOutput bytes, and calls full if there are more.
type head struct {
	content  []byte
	overflow bool
	full     func()
}

var errOverflow = errors.New("too much output")

func (h *head) Write(data []byte) (int, error) {
	kept := data[:min(len(data), MaxOutput-len(h.content))]
	h.content = append(h.content, kept...)
	if len(kept) < len(data) {
		h.overflow = true
		h.full()
		return len(kept), errOverflow
	}
	return len(data), nil
}

// maxTail is how many bytes of standard error are kept: more than are shown, so that a JWT
// or a PEM block is recognized by its beginning.
const maxTail = 64 << 10

// tail keeps the last maxTail bytes.
type tail struct {
	content []byte
	cut     bool
}

func (t *tail) Write(data []byte) (int, error) {
	t.content = append(t.content, data...)
	if more := len(t.content) - maxTail; more > 0 {
		t.content, t.cut = bytes.Clone(t.content[more:]), true
	}
	return len(data), nil
}

// lastLines returns the last lines, redacted, in one line of limited length.
func (t *tail) lastLines(redactor *secret.Redactor) string {
	const (
		maxLines = 5
		maxShown = 1 << 10
		mark     = "… "
	)
	text := string(t.content)
	if t.cut { // what is left of a secret whose beginning is gone cannot be recognized
		_, text, _ = strings.Cut(text, "\n")
		if end := strings.Index(text, "-----END "); end >= 0 && !strings.Contains(text[:end], "-----BEGIN ") {
			_, text, _ = strings.Cut(text[end:], "\n")
		}
	}
	text = redactor.Prefix([]byte(text), len(text))
	var lines []string
	for line := range strings.Lines(text) {
		if line = secret.OneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	shown := strings.Join(lines[max(0, len(lines)-maxLines):], " ")
	if len(shown) > maxShown {
		shown = mark + strings.ToValidUTF8(shown[len(shown)-maxShown+len(mark):], "")
	}
	return shown
}
