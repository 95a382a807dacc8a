// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// maxShown is how much of a server's text is shown, in bytes.
const maxShown = 512

var (
	htmlTitle   = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlHidden  = regexp.MustCompile(`(?is)<(?:script|style|head)\b.*?</(?:script|style|head)>`)
	htmlTag     = regexp.MustCompile(`(?s)<[^>]*>`)
	secretNamed = regexp.MustCompile(`(?i)token|secret|password|assertion|credential|authorization|cookie|(?:auth|device|user)_code|key$|jwt`)
)

// maxRead is how much of a page is read to find what it says, in bytes.
const maxRead = 64 << 10

// excerpt is what an answer that reports an error says, for a person to read. It
// is redacted before anything is taken out of it or escaped anew, as a secret
// would not be known again afterwards. It still has to be shown.
func (r answerReader) excerpt(response *httpstack.Response, document any) string {
	switch document := document.(type) {
	case map[string]any, []any:
		return r.compact(document)
	}
	text := strings.TrimPrefix(r.redactor().Prefix(string(response.Body), maxRead), ByteOrderMark)
	if looksLikeHTML(text) {
		return htmlText(text)
	}
	return text
}

// compact writes a document as JSON, the values hidden of members that are
// called like secrets.
func (r answerReader) compact(document any) string {
	text, err := json.Marshal(r.withoutSecrets(document, false))
	if err != nil {
		return ""
	}
	return string(text)
}

// withoutSecrets copies a document and hides the texts in members that are
// called like secrets, and all texts where hidden says so. Numbers stay: an error
// code is no secret.
func (r answerReader) withoutSecrets(value any, hidden bool) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			copied[r.show(name)] = r.withoutSecrets(value[name], hidden || secretNamed.MatchString(name))
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = r.withoutSecrets(inner, hidden)
		}
		return copied
	case string:
		if hidden {
			return secret.Placeholder
		}
		return r.show(value)
	default:
		return value
	}
}

// looksLikeHTML tells an HTML page, whatever its content type says.
func looksLikeHTML(text string) bool {
	start := strings.ToLower(strings.TrimSpace(text[:min(len(text), maxShown)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html") || strings.Contains(start, "<head")
}

// htmlText is the title of an HTML page, or else its text.
func htmlText(page string) string {
	if title := htmlTitle.FindStringSubmatch(page); title != nil && strings.TrimSpace(title[1]) != "" {
		return html.UnescapeString(title[1])
	}
	return html.UnescapeString(htmlTag.ReplaceAllString(htmlHidden.ReplaceAllString(page, " "), " "))
}
