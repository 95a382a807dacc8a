// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// answerReader reads what a token endpoint answered.
type answerReader struct {
	fields Fields
	// redactor is only asked for when something is shown: it is costly to make.
	redactor func() *secret.Redactor
	endpoint string
	// sent are the secrets of the request.
	sent []secret.String
}

// token reads a token, or the [*Error] that the answer amounts to.
func (r answerReader) token(response *httpstack.Response) (*Token, error) {
	document, decodeErr := decodeAnswer(response)
	r = r.of(response, document)
	if !success(response.StatusCode) || r.reportsError(document) {
		return nil, r.reported(response, document)
	}
	if decodeErr != nil {
		return nil, r.unusable(response, r.notDecoded(response, decodeErr))
	}
	if givenTwice(answerText(response), r.fields.names(FieldAccessToken)) {
		return nil, r.unusable(response, ErrTwoTokens)
	}
	accessToken, _ := r.fields.text(document, FieldAccessToken)
	if accessToken == "" {
		failure := r.unusable(response, r.noAccessToken(document))
		failure.Reasons = r.reasons(document)
		return nil, failure
	}
	if strings.ContainsFunc(accessToken, breaksHeader) {
		return nil, r.unusable(response, ErrUnsafeToken)
	}
	tokenType, _ := r.fields.text(document, FieldTokenType)
	return &Token{
		AccessToken:      secret.New(accessToken),
		TokenType:        secret.OneLine(tokenType),
		RequestedAt:      response.RequestedAt,
		Scopes:           r.fields.scopes(document),
		RefreshToken:     r.fields.refreshToken(document),
		RefreshExpiresIn: r.fields.seconds(document, FieldRefreshExpiresIn),
		Response:         document,
	}, nil
}

// noAccessToken says what is where the token should be, and what else there is.
func (r answerReader) noAccessToken(document any) error {
	place := fmt.Sprintf("under %q", FieldAccessToken)
	if pointer, ok := r.fields[FieldAccessToken]; ok {
		place = fmt.Sprintf("at %q", pointer)
	}
	// A member may be called as the token is that another one holds.
	names := secret.NewRedactor(append(r.tokens(document, true), r.sent...)...)
	kind := kindOf(r.fields.lookup(document, FieldAccessToken))
	return fmt.Errorf("%w: %s there is %s, and %s", ErrNoAccessToken, place, kind, names.Excerpt(outline(document), maxShown))
}

// breaksHeader tells which characters no token has (RFC 6749 appendix A.12). In a
// header field some would end it, and the others arrive as everyone's guess. RFC
// 6750's grammar is narrower still, and real tokens do not keep to it.
func breaksHeader(char rune) bool { return char <= ' ' || char >= 0x7f }

// reportsError tells whether a document that came with a status of success is an
// error all the same, as several servers send it. A member called error that is
// false, zero, null or empty reports none.
func (r answerReader) reportsError(document any) bool {
	value, found := r.fields.lookup(document, FieldError)
	if !found {
		return false
	}
	switch value := value.(type) {
	case string:
		return value != ""
	case json.Number:
		number, err := value.Float64()
		return err != nil || number != 0
	case bool:
		return value
	case map[string]any:
		return len(value) > 0
	case []any:
		return len(value) > 0
	default:
		return false
	}
}

// ReadError reads an answer that reports an error (RFC 6749 section 5.2), of
// whichever endpoint.
func ReadError(endpoint string, response *httpstack.Response) *Error {
	document, _ := decodeAnswer(response) // an error need not be JSON
	return answerReader{endpoint: endpoint}.of(response, document).reported(response, document)
}

// of returns r for a response: what it shows is free of what was sent, and of the
// tokens in the response itself.
func (r answerReader) of(response *httpstack.Response, document any) answerReader {
	r.sent = response.Secrets
	r.redactor = sync.OnceValue(func() *secret.Redactor {
		return secret.NewRedactor(append(r.tokens(document, false), r.sent...)...)
	})
	return r
}

// reported is the error that the server reported.
func (r answerReader) reported(response *httpstack.Response, document any) *Error {
	failure := r.newError(response)
	failure.NonJSONBody = document == nil && len(bytes.TrimSpace(response.Body)) > 0
	failure.Code = r.show(r.fields.errorCode(document))
	description, _ := r.fields.text(document, FieldErrorDescription)
	failure.Description = r.show(description)
	uri, _ := member(document, "error_uri").(string)
	failure.URI = r.show(uri)
	if failure.Code == "" || (failure.Description == "" && saysMore(document)) {
		failure.Excerpt = r.show(r.excerpt(response, document))
	}
	if failure.Code == "" {
		failure.Reasons = r.reasons(document)
	}
	return failure
}

// saysMore tells whether a document has more to show than an error code and a
// URI: other members, or a description that is no text.
func saysMore(document any) bool {
	object, _ := document.(map[string]any)
	for name := range object {
		if name != FieldError && name != "error_uri" {
			return true
		}
	}
	return false
}

// unusable is the error for a response that should have been a success. The body may
// hold a token: nothing of it is shown but its reasons.
func (r answerReader) unusable(response *httpstack.Response, cause error) *Error {
	failure := r.newError(response)
	failure.Err = cause
	return failure
}

// newError begins an error with what every answer has.
func (r answerReader) newError(response *httpstack.Response) *Error {
	return &Error{
		Endpoint:    r.endpoint,
		StatusCode:  response.StatusCode,
		RetryAfter:  httpstack.RetryAfter(response),
		ContentType: r.show(mediaType(response.Header)),
		Challenge:   r.challenge(response.Header),
		ClockOffset: clockOffset(response),
	}
}

// clockOffset is how far the server's clock is ahead of this machine's.
func clockOffset(response *httpstack.Response) time.Duration {
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil || response.RequestedAt.IsZero() {
		return 0
	}
	return date.Sub(response.RequestedAt)
}

// show makes text of the server fit to be shown.
func (r answerReader) show(text string) string { return r.redactor().Excerpt(text, maxShown) }

// ByteOrderMark may stand before a text in UTF-8, where RFC 8259 section 8.1 lets
// readers ignore it.
const ByteOrderMark = "\uFEFF"

// success tells whether a status is one of success (RFC 9110 section 15.3).
func success(status int) bool { return status/100 == http.StatusOK/100 }

// decodeAnswer decodes a body as JSON, or as a form where the answer says that
// it is one. Other content types are ignored: servers mislabel JSON.
func decodeAnswer(response *httpstack.Response) (any, error) {
	body := answerText(response)
	var document any
	err := DecodeJSON(body, &document)
	switch {
	case err == nil:
		return document, nil
	case errors.Is(err, ErrTooDeep):
		return nil, err
	}
	switch mediaType(response.Header) {
	case formMediaType:
		return decodeForm(string(body))
	case "text/plain":
		return decodePlain(string(body))
	default:
		return nil, ErrNotJSON
	}
}

// answerText is a body as it is decoded.
func answerText(response *httpstack.Response) []byte {
	return escapeControls(bytes.TrimPrefix(response.Body, []byte(ByteOrderMark)))
}

// notDecoded says what came in place of JSON that can be read.
func (r answerReader) notDecoded(response *httpstack.Response, cause error) error {
	switch {
	case cause != nil && !errors.Is(cause, ErrNotJSON):
		return cause
	case len(response.Body) == 0:
		return fmt.Errorf("%w: it is empty", ErrNotJSON)
	}
	described := "it has no content type and is"
	if kind := mediaType(response.Header); kind != "" {
		described = "it is " + r.show(kind) + " and"
	}
	if coding := response.Header.Get("Content-Encoding"); coding != "" {
		described = "it is encoded as " + r.show(coding) + ", which is not undone here, and"
	}
	return fmt.Errorf("%w: %s %d bytes long", ErrNotJSON, described, len(response.Body))
}

// decodeForm reads a form-encoded answer, as a few old servers send it. Of a
// repeated name the first value counts, but no name may hold two tokens. What is no
// UTF-8 is replaced, as package json does, so that all texts of an answer are text.
func decodeForm(body string) (any, error) {
	values, err := url.ParseQuery(body)
	if err != nil || !strings.Contains(strings.TrimRight(body, "="), "=") { // it may be a bare token
		return nil, ErrNotJSON
	}
	if tokens := slices.Compact(values[FieldAccessToken]); len(tokens) > 1 {
		return nil, ErrTwoTokens
	}
	document := make(map[string]any, len(values))
	for name := range values {
		document[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(values.Get(name), "\uFFFD")
	}
	return document, nil
}

// decodePlain is decodeForm for what is only called text: it is a form if it has a
// member that makes it an answer.
func decodePlain(body string) (any, error) {
	document, err := decodeForm(body)
	if err == nil && member(document, FieldAccessToken) == nil && member(document, FieldError) == nil {
		return nil, ErrNotJSON
	}
	return document, err
}

// mediaType is the content type without its parameters, in lower case.
func mediaType(header http.Header) string {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// maxNames is how many members of a document are named.
const maxNames = 20

// outline names the members of a document, never their values, to help with
// finding where the token is.
func outline(document any) string {
	object, ok := document.(map[string]any)
	if !ok {
		return "the response is not a JSON object"
	}
	if len(object) == 0 {
		return "the response is an empty JSON object"
	}
	names := slices.Sorted(maps.Keys(object))
	for _, name := range names {
		if strings.EqualFold(name, FieldAccessToken) && name != FieldAccessToken {
			return fmt.Sprintf("the member %s is spelled with other letters (names are case-sensitive, RFC 6749 section 5.1)", name)
		}
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], "…")
	}
	for i, name := range names {
		if inner, ok := object[name].(map[string]any); ok {
			names[i] += " {" + strings.Join(slices.Sorted(maps.Keys(inner)), ", ") + "}"
		}
	}
	return "the members of the response are " + strings.Join(names, ", ")
}
