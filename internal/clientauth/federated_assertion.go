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

// FederatedAssertion reads an assertion that the platform on which the provider runs
// issues, such as the identity token of a pipeline. Exactly one of Value, Variable (of the
// environment), File (a path), Command and Request is set. It is read for every token
// request, since platforms replace it.
type FederatedAssertion struct {
	Value    secret.String
	Variable string
	File     string
	Command  *PlatformCommand
	Request  *PlatformRequest

	Getenv func(string) string `cachekey:"-"`
	// Run runs a command, see [command.Queue.Run].
	Run func(ctx context.Context, argv []string, stdin []byte) ([]byte, error) `cachekey:"-"`
	// Fetch sends the request, with retries.
	Fetch func(context.Context, oauth2.DocumentRequest) ([]byte, error) `cachekey:"-"`
	Now   func() time.Time                                              `cachekey:"-"`
}

// PlatformCommand is a command that writes an assertion.
type PlatformCommand struct {
	Arguments []string
	// Pointer locates the assertion in JSON output.
	Pointer jsonpointer.Pointer
}

// PlatformRequest requests an assertion from the platform, as GitHub Actions and Azure
// DevOps document it.
type PlatformRequest struct {
	// URL is the address, or URLVariable the environment variable that holds it.
	URL, URLVariable string
	// TokenVariable is the environment variable with the bearer token for the request.
	TokenVariable string
	// Method is GET by default.
	Method string
	// Query is added to that of the URL.
	Query map[string]string
	// Pointer locates the assertion in a JSON response.
	Pointer jsonpointer.Pointer
}

// maxAssertion limits the length of an assertion, in bytes.
const maxAssertion = 64 << 10

// Assertion implements [Assertion].
func (f FederatedAssertion) Assertion(ctx context.Context) (secret.String, error) {
	text, _, err := f.read(ctx)
	return secret.New(text), err
}

// Claims returns the claims of the current assertion, not verified.
func (f FederatedAssertion) Claims(ctx context.Context) (map[string]any, error) {
	_, decoded, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	return decoded.Claims, nil
}

func (f FederatedAssertion) read(ctx context.Context) (text string, decoded *oauth2.JWT, err error) {
	var field, source string
	switch {
	case !f.Value.IsZero():
		field, source = "value", "value"
		text = f.Value.Reveal()
	case f.Variable != "":
		field, source = "env", describeVariable("env", f.Variable)
		text, err = f.variable("env", f.Variable)
	case f.File != "":
		field, source = "file", describeFile(f.File)
		if text, err = readFile(f.File); err != nil {
			err = federatedError("file", fmt.Errorf("%s %w", source, err))
		}
	case f.Command != nil:
		field, source = "command", "the command's output"
		text, err = f.command(ctx, source)
	default:
		field, source = "request", "the platform's response"
		text, err = f.request(ctx, source)
	}
	if err != nil {
		return "", nil, err
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, oauth2.ByteOrderMark))
	if decoded, err = decode(text, source); err != nil {
		return "", nil, federatedError(field, err)
	}
	if expiry := decoded.ExpiresAt(); !expiry.IsZero() && !f.Now().Before(expiry) {
		return "", nil, federatedError(field, fmt.Errorf("the assertion from %s has expired: its exp is %s, and now it is %s",
			source, expiry.Format(time.RFC3339), f.Now().UTC().Format(time.RFC3339)))
	}
	return text, decoded, nil
}

// decode decodes a JWT from source, or says what the text is instead.
func decode(text, source string) (*oauth2.JWT, error) {
	switch {
	case text == "":
		return nil, fmt.Errorf("%s is empty", source)
	case strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff"): // as PowerShell's > writes
		return nil, fmt.Errorf("the text from %s is in UTF-16; write it in UTF-8", source)
	}
	decoded, err := oauth2.DecodeJWT(text)
	if parts := strings.Fields(text); err != nil && len(parts) > 1 {
		if _, err := oauth2.DecodeJWT(parts[0]); err == nil {
			return nil, fmt.Errorf("%s holds %d texts separated by white space, and an assertion is one JWT", source, len(parts))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the assertion from %s cannot be used: %w", source, err)
	}
	return decoded, nil
}

func (f FederatedAssertion) variable(field, name string) (string, error) {
	value := strings.TrimSpace(f.Getenv(name))
	if value == "" {
		return "", federatedError(field, fmt.Errorf("%s is not set; the pipeline's job may have to request an identity token", describeVariable(field, name)))
	}
	return value, nil
}

// variableName matches the name of an environment variable.
var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// describeVariable names an environment variable, unless the field seems to hold the
// assertion itself.
func describeVariable(field, name string) string {
	const maxLength = 64
	if len(name) <= maxLength && variableName.MatchString(name) {
		return "the environment variable " + name
	}
	return "the environment variable that " + field + " should name"
}

// describeFile names a file, unless the path seems to be the assertion itself.
func describeFile(path string) string {
	const maxLength = 256
	isPath := strings.ContainsAny(path, `/\.`) && !strings.Contains(path, "://")
	if len(path) <= maxLength && isPath && !secret.LooksLikeKey(path) {
		return "the file " + path
	}
	return "the file that file should name"
}

// readFile reads a file of limited size. It does not open a pipe, which could block
// forever. Its errors follow the name of the file, and do not repeat it.
func readFile(path string) (string, error) {
	unreadable := func(err error) error {
		if failure, ok := errors.AsType[*fs.PathError](err); ok {
			err = failure.Err
		}
		return fmt.Errorf("cannot be read: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("is a folder, a pipe or a device, and not a file that holds an assertion")
	}
	file, err := os.Open(path) //nolint:gosec // the user's choice
	if err != nil {
		return "", unreadable(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxAssertion+1))
	if err != nil {
		return "", unreadable(err)
	}
	if len(content) > maxAssertion {
		return "", fmt.Errorf("is longer than %d bytes", maxAssertion)
	}
	return string(content), nil
}

// command runs the command.
func (f FederatedAssertion) command(ctx context.Context, source string) (string, error) {
	output, err := f.Run(ctx, f.Command.Arguments, nil)
	if err != nil {
		return "", federatedError("command", err)
	}
	return locate(output, f.Command.Pointer, "pointer", source)
}

// request requests the assertion from the platform.
func (f FederatedAssertion) request(ctx context.Context, source string) (string, error) {
	request, err := f.Request.document(f.variable)
	if err != nil {
		return "", err
	}
	body, err := f.Fetch(ctx, request)
	if err != nil {
		return "", federatedError("request", err)
	}
	return locate(body, f.Request.Pointer, "request.pointer", source)
}

// locate returns the assertion in a text from source: JSON holds it at the pointer, which
// field names, and any other text is the assertion.
func locate(text []byte, pointer jsonpointer.Pointer, field, source string) (string, error) {
	text = bytes.TrimPrefix(text, []byte(oauth2.ByteOrderMark))
	if !json.Valid(text) {
		return string(text), nil
	}
	var document any
	if err := oauth2.DecodeJSON(text, &document); err != nil {
		return "", federatedError(field, err)
	}
	found, _ := pointer.Lookup(document)
	assertion, ok := found.(string)
	if !ok {
		return "", federatedError(field, fmt.Errorf("%s has no string at %q", source, pointer))
	}
	return assertion, nil
}

func (p PlatformRequest) document(variable func(field, name string) (string, error)) (request oauth2.DocumentRequest, err error) {
	address := strings.TrimSpace(p.URL)
	if p.URLVariable != "" {
		if address, err = variable("request.url_env", p.URLVariable); err != nil {
			return request, err
		}
	}
	target, err := url.Parse(address)
	if err != nil || target.Host == "" { // it may be a secret, and is not shown
		return request, federatedError("request", errors.New("the platform's address is not a URL"))
	}
	query := make(url.Values, len(p.Query))
	for name, value := range p.Query {
		query.Set(name, value)
	}
	var token string
	if p.TokenVariable != "" {
		if token, err = variable("request.token_env", p.TokenVariable); err != nil {
			return request, err
		}
	}
	return oauth2.DocumentRequest{
		Endpoint: "platform",
		Method:   cmp.Or(p.Method, http.MethodGet),
		URL:      oauth2.WithQuery(target, query.Encode()),
		Bearer:   secret.New(token),
		MaxBody:  maxAssertion,
	}, nil
}

func federatedError(member string, err error) error {
	return &AssertionError{Attribute: "federated_assertion." + member, Err: err}
}
