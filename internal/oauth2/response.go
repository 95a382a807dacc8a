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

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

type responseReader struct {
	endpoint string
	response *httpstack.Response
	fields   Fields
	// document is the decoded body; nil if decodeErr is not.
	document  any
	decodeErr error
	// isPart reports that only the beginning of the body is read: the rest may name a token
	// that is in it.
	isPart bool
	// redactor redacts what was sent and the tokens in the response. It is expensive and
	// made on first use.
	redactor func() *secret.Redactor
}

func newResponseReader(endpoint string, response *httpstack.Response, fields Fields) *responseReader {
	r := &responseReader{endpoint: endpoint, response: response, fields: fields}
	r.isPart = !isSuccess(response.StatusCode) && !IsSmall(response.Body)
	if !r.isPart {
		r.document, r.decodeErr = decodeBody(response)
	} else if text := jsonText(response); json.Valid(text) {
		r.document = decodeStart(text)
	} else {
		r.decodeErr = ErrNotJSON
	}
	r.redactor = sync.OnceValue(func() *secret.Redactor { return r.newRedactor(false) })
	return r
}

func (r *responseReader) token() (*Token, error) {
	if !isSuccess(r.response.StatusCode) || r.reportsError() {
		return nil, r.serverError()
	}
	if r.decodeErr != nil {
		return nil, r.unusable(r.notJSON())
	}
	if givenTwice(jsonText(r.response), r.fields.paths()) {
		return nil, r.unusable(ErrGivenTwice)
	}
	accessToken, _ := r.fields.text(r.document, FieldAccessToken)
	if accessToken == "" {
		failure := r.unusable(r.noAccessToken())
		failure.Reasons, failure.TokenPlace = r.reasons(), r.show(tokenPlace(r.document, ""))
		return nil, failure
	}
	// RFC 6749 appendix A.12 allows no other characters. Some would end a header field.
	// RFC 6750 allows fewer, but real tokens do not keep to that.
	if strings.ContainsFunc(accessToken, func(char rune) bool { return char <= ' ' || char >= 0x7f }) {
		return nil, r.unusable(ErrUnsafeToken)
	}
	tokenType, _ := r.fields.text(r.document, FieldTokenType)
	refreshToken, _ := r.fields.text(r.document, FieldRefreshToken)
	if refreshToken == "not_supported" { // as some servers say that they issue none
		refreshToken = ""
	}
	return &Token{
		AccessToken:      secret.New(accessToken),
		TokenType:        secret.OneLine(tokenType),
		RequestedAt:      r.response.RequestedAt.Round(0), // the wall clock goes on while the machine sleeps
		Scopes:           r.fields.scopes(r.document),
		RefreshToken:     secret.New(refreshToken),
		RefreshExpiresIn: r.fields.seconds(r.document, FieldRefreshExpiresIn),
		Response:         r.document,
	}, nil
}

// reportsError reports whether the document is an error, which several servers send
// with status 200. An error member that is false, zero, null or empty is not.
func (r *responseReader) reportsError() bool {
	value, _ := r.fields.lookup(r.document, FieldError)
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

func (r *responseReader) noAccessToken() error {
	place := fmt.Sprintf("under %q", FieldAccessToken)
	if pointer, ok := r.fields[FieldAccessToken]; ok {
		place = fmt.Sprintf("at %q", pointer)
	}
	found := jsonType(r.fields.lookup(r.document, FieldAccessToken))
	// A member's name may itself be a token.
	members := r.newRedactor(true).Excerpt(describeMembers(r.document), maxShown)
	return fmt.Errorf("%w: %s there is %s, and %s", ErrNoAccessToken, place, found, members)
}

// notBound describes the type of a token that is not bound to the key in the proof.
func (r *responseReader) notBound(token *Token) error {
	if token.TokenType == "" {
		return fmt.Errorf("%w: it has no token_type", ErrNotBound)
	}
	return fmt.Errorf("%w: its token_type is %q", ErrNotBound, r.show(token.TokenType))
}

// describeMembers lists the members of a document without their values, to help the
// user locate the token.
func describeMembers(document any) string {
	const maxNames = 20
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
			return fmt.Sprintf("the member %s differs in case (names are case-sensitive, RFC 6749 section 5.1)", name)
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

func (r *responseReader) notJSON() error {
	switch {
	case r.decodeErr != nil && !errors.Is(r.decodeErr, ErrNotJSON):
		return r.decodeErr
	case len(r.response.Body) == 0:
		return fmt.Errorf("%w: it is empty", ErrNotJSON)
	}
	described := "it has no content type and is"
	if contentType := mediaType(r.response.Header); contentType != "" {
		described = "it is " + r.show(contentType) + " and"
	}
	if coding := r.response.Header.Get("Content-Encoding"); coding != "" {
		described = "it has the unsupported content encoding " + r.show(coding) + " and is"
	}
	return fmt.Errorf("%w: %s %d bytes long", ErrNotJSON, described, len(r.response.Body))
}

// isSuccess reports whether a status is 2xx (RFC 9110 section 15.3).
func isSuccess(status int) bool { return status/100 == http.StatusOK/100 }

// mediaType is the content type in lower case and without parameters.
func mediaType(header http.Header) string {
	name, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// ByteOrderMark may precede text in UTF-8. RFC 8259 section 8.1 allows readers of JSON
// to ignore it.
const ByteOrderMark = "\uFEFF"

// jsonText is a body as it is decoded.
func jsonText(response *httpstack.Response) []byte {
	return escapeControls(bytes.TrimPrefix(response.Body, []byte(ByteOrderMark)))
}

// decodeBody decodes a body as JSON, whatever its content type, which servers often
// get wrong, and otherwise as a form if it may be one.
func decodeBody(response *httpstack.Response) (any, error) {
	body := jsonText(response)
	var document any
	err := DecodeJSON(body, &document)
	if err == nil {
		return document, nil
	}
	contentType := mediaType(response.Header)
	if errors.Is(err, ErrTooDeep) {
		return nil, err
	}
	if contentType != formMediaType && contentType != "text/plain" {
		return nil, ErrNotJSON
	}
	form, err := decodeForm(string(body))
	if err != nil {
		return nil, err
	}
	if contentType != formMediaType && form[FieldAccessToken] == nil && form[FieldError] == nil {
		return nil, ErrNotJSON
	}
	return form, nil
}

// decodeForm decodes a form, which a few old servers send. The first of several values
// counts, except that there must not be two access tokens. As in package json, invalid
// UTF-8 is replaced.
func decodeForm(body string) (map[string]any, error) {
	values, err := url.ParseQuery(body)
	if err != nil || !strings.Contains(strings.TrimRight(body, "="), "=") { // it may be a bare token
		return nil, ErrNotJSON
	}
	if tokens := slices.Compact(values[FieldAccessToken]); len(tokens) > 1 {
		return nil, ErrGivenTwice
	}
	document := make(map[string]any, len(values))
	for name := range values {
		document[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(values.Get(name), "\uFFFD")
	}
	return document, nil
}
