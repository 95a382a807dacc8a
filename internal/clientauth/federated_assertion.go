// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// FederatedAssertion reads assertions that the platform issues on which the
// provider runs: a pipeline's identity token. One of Variable, File and Request
// says where it is. It is read anew for every request, since platforms replace it.
type FederatedAssertion struct {
	// Variable is an environment variable.
	Variable string
	// File is a path.
	File string
	// Request is an HTTP request to the platform.
	Request *PlatformRequest

	Getenv func(string) string `cachekey:"-"`
	// Fetch sends the request, as often as it takes.
	Fetch func(context.Context, oauth2.DocumentRequest) ([]byte, error) `cachekey:"-"`
	Now   func() time.Time                                              `cachekey:"-"`
}

// PlatformRequest asks the platform for an assertion, as GitHub Actions and Azure
// DevOps want it.
type PlatformRequest struct {
	// URL is the address, or URLVariable the environment variable that holds it.
	URL, URLVariable string
	// TokenVariable is the environment variable with the bearer token for the
	// request.
	TokenVariable string
	// Method is GET by default.
	Method string
	// Query is added to that of the URL.
	Query map[string]string
	// Pointer says where the assertion is in a JSON answer.
	Pointer jsonpointer.Pointer
}

// maxAssertion is the longest assertion that is read, in bytes.
const maxAssertion = 64 << 10

// Assertion implements [Assertion].
func (f FederatedAssertion) Assertion(ctx context.Context) (secret.String, error) {
	text, _, err := f.assertion(ctx)
	return secret.New(text), err
}

// Claims returns what the platform asserts now, not verified.
func (f FederatedAssertion) Claims(ctx context.Context) (map[string]any, error) {
	_, decoded, err := f.assertion(ctx)
	if err != nil {
		return nil, err
	}
	return decoded.Claims, nil
}

// assertion reads an assertion that has not expired.
func (f FederatedAssertion) assertion(ctx context.Context) (string, *oauth2.JWT, error) {
	text, err := f.read(ctx)
	if err != nil {
		return "", nil, err
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, oauth2.ByteOrderMark))
	decoded, err := f.decode(text)
	if err != nil {
		return "", nil, fieldError(f.field(), err)
	}
	if expiry := decoded.ExpiresAt(); !expiry.IsZero() && !f.Now().Before(expiry) {
		return "", nil, fieldError(f.field(), fmt.Errorf("the assertion from %s has expired: its exp is %s, and now it is %s",
			f.origin(), expiry.Format(time.RFC3339), f.Now().UTC().Format(time.RFC3339)))
	}
	return text, decoded, nil
}

// decode reads what came from the platform as a JWT.
func (f FederatedAssertion) decode(text string) (*oauth2.JWT, error) {
	switch {
	case text == "":
		return nil, fmt.Errorf("%s is empty, and should be the assertion", f.origin())
	case strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff"): // what PowerShell's > writes
		return nil, fmt.Errorf("the text from %s is in UTF-16; write it in UTF-8", f.origin())
	}
	decoded, err := oauth2.DecodeJWT(text)
	if parts := strings.Fields(text); err != nil && len(parts) > 1 {
		if _, oneOf := oauth2.DecodeJWT(parts[0]); oneOf == nil {
			return nil, fmt.Errorf("%s holds %d texts with white space between them, and an assertion is one JWT", f.origin(), len(parts))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the assertion from %s cannot be used: %w", f.origin(), err)
	}
	return decoded, nil
}

// field is the member of the configured object that is used.
func (f FederatedAssertion) field() string {
	switch {
	case f.Variable != "":
		return "env"
	case f.File != "":
		return "file"
	default:
		return "request"
	}
}

// origin names where the assertion comes from.
func (f FederatedAssertion) origin() string {
	switch {
	case f.Variable != "":
		return shownVariable("env", f.Variable)
	case f.File != "":
		return shownFile(f.File)
	default:
		return "the platform's answer"
	}
}

// read reads the assertion, with white space around it.
func (f FederatedAssertion) read(ctx context.Context) (string, error) {
	switch {
	case f.Variable != "":
		return variable(f.Getenv, "env", f.Variable)
	case f.File != "":
		return f.readFile()
	default:
		return f.ask(ctx)
	}
}

// variable reads an environment variable that has to be set.
func variable(getenv func(string) string, field, name string) (string, error) {
	value := strings.TrimSpace(getenv(name))
	if value == "" {
		return "", fieldError(field, fmt.Errorf("%s is not set: the pipeline's job may have to ask for an identity token", shownVariable(field, name)))
	}
	return value, nil
}

// variableName is what a name of an environment variable is repeated for.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// maxShownPath is the longest path that is repeated, in bytes.
const maxShownPath = 256

// shownVariable names an environment variable by what a field holds, if that is a
// name: the assertion itself may be there by mistake.
func shownVariable(field, name string) string {
	if variableName.MatchString(name) {
		return "the environment variable " + name
	}
	return "the environment variable that " + field + " should name"
}

// shownFile is shownVariable for a path.
func shownFile(path string) string {
	if len(path) <= maxShownPath && !secret.LooksLikeKey(path) {
		return "the file " + path
	}
	return "the file that file should name"
}

// readFile reads the file, up to a bound. What is no file of data, such as a pipe,
// is not even opened: that could take for ever, whatever the context.
func (f FederatedAssertion) readFile() (string, error) {
	info, err := os.Stat(f.File)
	if err != nil {
		return "", f.fileError(err)
	}
	if !info.Mode().IsRegular() {
		return "", fieldError("file", fmt.Errorf("%s is a folder, a pipe or a device, and not a file that holds an assertion", f.origin()))
	}
	file, err := os.Open(f.File)
	if err != nil {
		return "", f.fileError(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxAssertion+1))
	if err != nil {
		return "", f.fileError(err)
	}
	if len(content) > maxAssertion {
		return "", fieldError("file", fmt.Errorf("%s is longer than %d bytes", f.origin(), maxAssertion))
	}
	return string(content), nil
}

// fileError is for a file that cannot be read. The errors of package os repeat the
// path.
func (f FederatedAssertion) fileError(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	return fieldError("file", fmt.Errorf("%s cannot be read: %w", f.origin(), err))
}

// ask asks the platform.
func (f FederatedAssertion) ask(ctx context.Context) (string, error) {
	request, err := f.request()
	if err != nil {
		return "", err
	}
	body, err := f.Fetch(ctx, request)
	if err != nil {
		return "", fieldError("request", err)
	}
	return f.pick(body)
}

// request builds the request to the platform.
func (f FederatedAssertion) request() (oauth2.DocumentRequest, error) {
	address, err := f.address()
	if err != nil {
		return oauth2.DocumentRequest{}, err
	}
	request := oauth2.DocumentRequest{
		Endpoint: "platform",
		Method:   cmp.Or(f.Request.Method, http.MethodGet),
		URL:      address,
		MaxBody:  maxAssertion,
	}
	if f.Request.TokenVariable != "" {
		token, err := variable(f.Getenv, "request.token_env", f.Request.TokenVariable)
		if err != nil {
			return oauth2.DocumentRequest{}, err
		}
		request.Bearer = secret.New(strings.TrimSpace(token))
	}
	return request, nil
}

// address is the platform's URL with the query added.
func (f FederatedAssertion) address() (*url.URL, error) {
	text := f.Request.URL
	if f.Request.URLVariable != "" {
		var err error
		if text, err = variable(f.Getenv, "request.url_env", f.Request.URLVariable); err != nil {
			return nil, err
		}
	}
	target, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, fieldError("request", errors.New("the platform's address is not a URL"))
	}
	query := make(url.Values, len(f.Request.Query))
	for name, value := range f.Request.Query {
		query.Set(name, value)
	}
	return oauth2.WithQuery(target, query.Encode()), nil
}

// pick takes the assertion out of the platform's answer: at the pointer where it
// is JSON, else the whole text.
func (f FederatedAssertion) pick(body []byte) (string, error) {
	body = bytes.TrimPrefix(body, []byte(oauth2.ByteOrderMark))
	if !json.Valid(body) {
		return string(body), nil
	}
	var document any
	if err := oauth2.DecodeJSON(body, &document); err != nil {
		return "", fieldError("request", err)
	}
	found, _ := f.Request.Pointer.Lookup(document)
	assertion, ok := found.(string)
	if !ok {
		return "", fieldError("request.pointer", fmt.Errorf("the platform's answer has no text at %q", f.Request.Pointer))
	}
	return assertion, nil
}
