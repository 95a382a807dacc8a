// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// unsigned is a JWT with these claims; nothing here looks at its signature.
func unsigned(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + ".c2lnbmF0dXJl"
}

// issued is an assertion that has a minute to live at noon.
func issued(subject string) string {
	return unsigned(fmt.Sprintf(`{"sub":%q,"exp":%d}`, subject, noon.Add(time.Minute).Unix()))
}

// platform makes assertions readable in an environment of variables.
func platform(assertion clientauth.FederatedAssertion, environment map[string]string) clientauth.FederatedAssertion {
	assertion.Getenv = func(name string) string { return environment[name] }
	assertion.Now = func() time.Time { return noon }
	return assertion
}

// noAssertion wants an error about field that says all of wants and shows no
// assertion.
func noAssertion(t *testing.T, assertion clientauth.FederatedAssertion, field string, wants ...string) {
	t.Helper()
	text, err := assertion.Assertion(t.Context())
	var about *clientauth.AssertionError
	if !errors.As(err, &about) {
		t.Fatalf("got %v and the error %v, want one about %s", text, err, field)
	}
	if about.Attribute != "federated_assertion."+field {
		t.Errorf("the error is about %s, not %s: %v", about.Attribute, field, err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "eyJ") || !text.IsZero() {
		t.Errorf("the error shows an assertion, or one came along: %v", err)
	}
}

// TestVariable reads the variables of GitLab, HCP Terraform and others.
func TestVariable(t *testing.T) {
	t.Parallel()
	good := issued("job")
	for name, value := range map[string]string{
		"as it is":         good,
		"line end":         good + "\n",
		"spaces around":    " \t" + good + " \r\n",
		"without exp":      unsigned(`{"sub":"job"}`),
		"a second is left": unsigned(fmt.Sprintf(`{"exp":%d}`, noon.Unix()+1)),
		"exp in parts":     unsigned(fmt.Sprintf(`{"exp":%d.5}`, noon.Unix()+1)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertion := platform(clientauth.FederatedAssertion{Variable: "ID_TOKEN"}, map[string]string{"ID_TOKEN": value})
			got, err := assertion.Assertion(t.Context())
			if err != nil || got.Reveal() != strings.TrimSpace(value) {
				t.Errorf("got %q, error %v", got.Reveal(), err)
			}
		})
	}
}

func TestVariableThatHoldsNoAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value string
		wants []string
	}{
		"not set":     {"", []string{"the environment variable ID_TOKEN is not set"}},
		"white space": {" \n", []string{"ID_TOKEN"}},
		"no JWT":      {"glpat-7Fjfp0ZBr1KtDRbnfVdmIw", []string{"ID_TOKEN", "not a JWT"}},
		"encrypted":   {"eyJh.a.b.c.d", []string{"ID_TOKEN", "JWE"}},
		"expired":     {unsigned(`{"exp":1772366340}`), []string{"ID_TOKEN", "has expired", "2026-03-01T11:59:00Z", "2026-03-01T12:00:00Z"}},
		// RFC 7519 section 4.1.4: on the very second it is over.
		"expires now": {unsigned(`{"exp":1772366400}`), []string{"has expired", "2026-03-01T12:00:00Z"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertion := platform(clientauth.FederatedAssertion{Variable: "ID_TOKEN"}, map[string]string{"ID_TOKEN": test.value})
			noAssertion(t, assertion, "env", test.wants...)
		})
	}
}

// TestCommand reads what platforms' tools write.
func TestCommand(t *testing.T) {
	t.Parallel()
	good := issued("job")
	tests := map[string]struct {
		pointer, output string
		field, want     string // "" for the JWT
	}{
		"gcloud auth print-identity-token":   {"", good + "\n", "", ""},
		"az account get-access-token":        {"/accessToken", `{"accessToken": "` + good + `", "tokenType": "Bearer"}`, "", ""},
		"spire-agent api fetch jwt":          {"/0/svids/0/svid", `[{"svids": [{"spiffe_id": "spiffe://example.org/a", "svid": "` + good + `"}]}, {"bundles": {}}]`, "", ""},
		"JSON string":                        {"", `"` + good + `"`, "", ""},
		"UTF-8 with a byte order mark":       {"", "\ufeff" + good + "\r\n", "", ""},
		"nothing":                            {"", "", "command", "the command's output is empty"},
		"no JWT":                             {"", "very-secret", "command", "not a JWT"},
		"JSON without a pointer":             {"", `{"accessToken": "` + good + `"}`, "pointer", `the command's output has no string at ""`},
		"nothing at the pointer":             {"/token", `{"accessToken": "` + good + `"}`, "pointer", `the command's output has no string at "/token"`},
		"expired":                            {"", unsigned(`{"exp":1772366340}`), "command", "the command's output has expired"},
		"as PowerShell writes it, in UTF-16": {"", "\xff\xfee\x00y\x00", "command", "UTF-16"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertion := platform(clientauth.FederatedAssertion{
				Command: &clientauth.PlatformCommand{Arguments: []string{"tool", "token"}, Pointer: jsonpointer.MustParse(test.pointer)},
				Run: func(_ context.Context, argv []string, stdin []byte) ([]byte, error) {
					if strings.Join(argv, " ") != "tool token" || stdin != nil {
						t.Errorf("runs %q with %q on standard input", argv, stdin)
					}
					return []byte(test.output), nil
				},
			}, nil)
			if test.want != "" {
				noAssertion(t, assertion, test.field, test.want)
				return
			}
			if got, err := assertion.Assertion(t.Context()); err != nil || got.Reveal() != good {
				t.Errorf("got %q, error %v", got.Reveal(), err)
			}
		})
	}
}

// TestOnlyNamesAreShown holds that what stands where a name or a path should is
// repeated only if it looks like one: it may be the assertion itself.
func TestOnlyNamesAreShown(t *testing.T) {
	t.Parallel()
	request := func(urlVariable, tokenVariable string) clientauth.FederatedAssertion {
		return clientauth.FederatedAssertion{Request: &clientauth.PlatformRequest{URLVariable: urlVariable, TokenVariable: tokenVariable}}
	}
	tests := map[string]struct {
		assertion clientauth.FederatedAssertion
		field     string
		want      string
		secret    string
	}{
		"JWT in env":             {clientauth.FederatedAssertion{Variable: issued("job")}, "env", "the environment variable that env should name is not set", ""},
		"token in env":           {clientauth.FederatedAssertion{Variable: "glcbt-64_xyz"}, "env", "that env should name", "xyz"},
		"opaque token in env":    {clientauth.FederatedAssertion{Variable: "ghs_16C7e42F292c6912E7710c838347Ae178B4a"}, "env", "that env should name", "16C7"},
		"opaque token in file":   {clientauth.FederatedAssertion{File: "5f8c3b0a-4e1d-2c3b-1a2b-3c4d5e6f7a8b"}, "file", "that file should name", "4e1d"},
		"URL in file":            {clientauth.FederatedAssertion{File: "http://u:pw@host/token"}, "file", "that file should name", "pw"},
		"long word in env":       {clientauth.FederatedAssertion{Variable: strings.Repeat("x", 65)}, "env", "that env should name", "xxx"},
		"JWT in url_env":         {request(issued("job"), ""), "request.url_env", "that request.url_env should name", ""},
		"JWT in token_env":       {request("URL", issued("job")), "request.token_env", "that request.token_env should name", ""},
		"JWT in file":            {clientauth.FederatedAssertion{File: issued("job")}, "file", "the file that file should name cannot be read", ""},
		"PEM in file":            {clientauth.FederatedAssertion{File: "-----BEGIN PRIVATE KEY-----\nMC4CAQ"}, "file", "that file should name", "MC4"},
		"long text in file":      {clientauth.FederatedAssertion{File: "/" + strings.Repeat("x", 256)}, "file", "that file should name", "xxx"},
		"name of a variable":     {clientauth.FederatedAssertion{Variable: "TFC_TOKEN_2"}, "env", "the environment variable TFC_TOKEN_2 is not set", ""},
		"path that is not there": {clientauth.FederatedAssertion{File: "/nowhere/token.jwt"}, "file", "the file /nowhere/token.jwt cannot be read: no such file", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertion := platform(test.assertion, map[string]string{"URL": "https://h/"})
			noAssertion(t, assertion, test.field, test.want) // and no JWT in the error
			if _, err := assertion.Assertion(t.Context()); test.secret != "" && strings.Contains(err.Error(), test.secret) {
				t.Errorf("it is repeated: %v", err)
			}
		})
	}
}

// TestFileIsReadAfresh: Kubernetes and others replace the file while it is used.
func TestFileIsReadAfresh(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	assertion := platform(clientauth.FederatedAssertion{File: file}, nil)
	for _, subject := range []string{"first", "second", "third"} {
		write(t, file, issued(subject)+"\n")
		got, err := assertion.Assertion(t.Context())
		if err != nil || got.Reveal() != issued(subject) {
			t.Errorf("%s: got %q, error %v", subject, got.Reveal(), err)
		}
	}
	write(t, file, unsigned(`{"exp":1}`))
	noAssertion(t, assertion, "file", "1970-01-01T00:00:01Z", file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	noAssertion(t, assertion, "file", file)
}

// TestFileBehindLinks: Kubernetes projects a token as a link to a link.
func TestFileBehindLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "now"), issued("job"))
	for link, target := range map[string]string{"..data": "now", "token": "..data"} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	got, err := platform(clientauth.FederatedAssertion{File: filepath.Join(folder, "token")}, nil).Assertion(t.Context())
	if err != nil || got.Reveal() != issued("job") {
		t.Errorf("got %q, error %v", got.Reveal(), err)
	}
}

// TestByteOrderMarkBeforeAssertion: some tools write one, and it is not part of the
// text.
func TestByteOrderMarkBeforeAssertion(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "\uFEFF"+issued("job")+"\r\n")
	got, err := platform(clientauth.FederatedAssertion{File: file}, nil).Assertion(t.Context())
	if err != nil || got.Reveal() != issued("job") {
		t.Errorf("got %q, error %v", got.Reveal(), err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFileThatHoldsNoAssertion(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	long, empty := filepath.Join(directory, "long"), filepath.Join(directory, "empty")
	two, wide := filepath.Join(directory, "two"), filepath.Join(directory, "wide")
	write(t, two, issued("a")+"\n"+issued("b")+"\n")
	write(t, wide, "\xff\xfee\x00y\x00J\x00\r\x00\n\x00")
	write(t, long, strings.Repeat("a", 1<<20))
	write(t, empty, "")
	tests := map[string]struct {
		file  string
		wants []string
	}{
		"missing":   {filepath.Join(directory, "missing"), []string{"missing", "no such file"}},
		"directory": {directory, []string{directory, "not a file"}},
		"device":    {os.DevNull, []string{os.DevNull, "not a file"}},
		"too long":  {long, []string{long, "longer than 65536 bytes"}},
		"empty":     {empty, []string{"the file " + empty + " is empty"}},
		"two":       {two, []string{two, "2 texts", "one JWT"}},
		"UTF-16":    {wide, []string{wide, "UTF-8"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			noAssertion(t, platform(clientauth.FederatedAssertion{File: test.file}, nil), "file", test.wants...)
		})
	}
}

const platformToken = "AAABd7Fjfp0ZBr1KtDRbnfVdmIw"

// environment holds the variables of a GitHub Actions and an Azure DevOps job.
func environment() map[string]string {
	return map[string]string{
		"ACTIONS_ID_TOKEN_REQUEST_URL":   "https://run.actions.example.com/abc//idtoken/1/2?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": platformToken,
		"SYSTEM_OIDCREQUESTURI":          "https://dev.azure.com/org/3/_apis/distributedtask/hubs/build/plans/4/jobs/5/oidctoken",
		"SYSTEM_ACCESSTOKEN":             platformToken + "\n",
	}
}

func github() *clientauth.PlatformRequest {
	return &clientauth.PlatformRequest{
		URLVariable:   "ACTIONS_ID_TOKEN_REQUEST_URL",
		TokenVariable: "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		Query:         map[string]string{"audience": "api://AzureADTokenExchange"},
		Pointer:       jsonpointer.MustParse("/value"),
	}
}

// TestPlatformRequest compares requests and responses with what the platforms
// document.
func TestPlatformRequest(t *testing.T) {
	t.Parallel()
	azure := &clientauth.PlatformRequest{
		URLVariable: "SYSTEM_OIDCREQUESTURI", TokenVariable: "SYSTEM_ACCESSTOKEN", Method: http.MethodPost,
		Query:   map[string]string{"api-version": "7.1", "serviceConnectionId": "6"},
		Pointer: jsonpointer.MustParse("/oidcToken"),
	}
	metadata := &clientauth.PlatformRequest{URL: "http://127.0.0.1:8080/identity?format=full", Query: map[string]string{"audience": "a b&c"}}
	const authorization = "Accept: application/json\nAuthorization: Bearer " + platformToken + "\n"
	tests := map[string]struct {
		request        *clientauth.PlatformRequest
		response, want string
	}{
		"GitHub Actions": {
			github(), `{"count":3042,"value":"` + issued("job") + `"}`,
			"GET /abc//idtoken/1/2?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange HTTP/1.1\nHost: run.actions.example.com\n" + authorization,
		},
		"Azure DevOps": {
			azure, `{"oidcToken":"` + issued("job") + `"}`,
			"POST /org/3/_apis/distributedtask/hubs/build/plans/4/jobs/5/oidctoken?api-version=7.1&serviceConnectionId=6 HTTP/1.1\nHost: dev.azure.com\n" + authorization,
		},
		"plain text, no token": {
			metadata, issued("job") + "\n",
			"GET /identity?format=full&audience=a+b%26c HTTP/1.1\nHost: 127.0.0.1:8080\nAccept: application/json\n",
		},
		"JSON text": {
			&clientauth.PlatformRequest{URL: "https://platform.example.com"}, `"` + issued("job") + `"`,
			"GET / HTTP/1.1\nHost: platform.example.com\nAccept: application/json\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &server{status: http.StatusOK, body: test.response}
			assertion := platform(clientauth.FederatedAssertion{Request: test.request, Fetch: fetching(server)}, environment())
			for call := range 2 {
				got, err := assertion.Assertion(t.Context())
				if err != nil || got.Reveal() != issued("job") {
					t.Fatalf("got %q, error %v", got.Reveal(), err)
				}
				if len(server.asked) != call+1 {
					t.Fatalf("%d requests after %d calls", len(server.asked), call+1)
				}
				if request := written(server.asked[call]); request != test.want {
					t.Errorf("got  %swant %s", request, test.want)
				}
			}
		})
	}
}

// fetching asks a server once.
func fetching(doer oauth2.Doer) func(context.Context, oauth2.DocumentRequest) ([]byte, error) {
	return func(ctx context.Context, request oauth2.DocumentRequest) ([]byte, error) {
		return oauth2.FetchDocument(ctx, doer, request)
	}
}

// TestPlatformThatGivesNoAssertion: one request, and an error without the token.
func TestPlatformThatGivesNoAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		field  string
		wants  []string
	}{
		"forbidden":         {403, `{"message":"Resource not accessible by integration ` + platformToken + `"}`, "request", []string{"403 Forbidden", "run.actions.example.com"}},
		"sign-in page":      {203, `<html><head><title>Sign In</title></head></html>`, "request", []string{"not a JWT"}},
		"out of order":      {503, `busy`, "request", []string{"503"}},
		"pointer misses":    {200, `{"oidcToken":"` + issued("job") + `"}`, "request.pointer", []string{`"/value"`}},
		"pointer at null":   {200, `{"value":null}`, "request.pointer", []string{`"/value"`}},
		"pointer at object": {200, `{"value":{"token":"` + issued("job") + `"}}`, "request.pointer", []string{`"/value"`}},
		"number":            {200, `42`, "request.pointer", []string{`"/value"`}},
		"empty":             {200, ``, "request", []string{"the platform's response is empty"}},
		"empty text":        {200, `{"value":""}`, "request", []string{"the platform's response is empty"}},
		"no JWT":            {200, `{"value":"` + platformToken + `"}`, "request", []string{"not a JWT"}},
		"expired":           {200, `{"value":"` + unsigned(`{"exp":1772366340}`) + `"}`, "request", []string{"the platform", "2026-03-01T11:59:00Z"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &server{status: test.status, body: test.body}
			assertion := platform(clientauth.FederatedAssertion{Request: github(), Fetch: fetching(server)}, environment())
			noAssertion(t, assertion, test.field, test.wants...)
			_, err := assertion.Assertion(t.Context())
			if strings.Contains(err.Error(), platformToken) {
				t.Errorf("the error shows the bearer token: %v", err)
			}
			if len(server.asked) != 2 {
				t.Errorf("%d requests for two calls", len(server.asked))
			}
		})
	}
}

// TestRefusalOfThePlatform keeps what the platform said for the diagnostic.
func TestRefusalOfThePlatform(t *testing.T) {
	t.Parallel()
	server := &server{status: http.StatusForbidden, body: "echo: Bearer " + platformToken}
	assertion := platform(clientauth.FederatedAssertion{Request: github(), Fetch: fetching(server)}, environment())
	_, err := assertion.Assertion(t.Context())
	var response *oauth2.Error
	if !errors.As(err, &response) {
		t.Fatalf("got %v", err)
	}
	if response.StatusCode != http.StatusForbidden || !strings.Contains(response.Excerpt, "echo: ") || strings.Contains(response.Excerpt, platformToken) {
		t.Errorf("got %d and %q", response.StatusCode, response.Excerpt)
	}
}

// TestPlatformThatIsNotAsked: the job lacks what the request needs.
func TestPlatformThatIsNotAsked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(map[string]string)
		field  string
		want   string
	}{
		"no permission: id-token": {func(env map[string]string) { clear(env) }, "request.url_env", "ACTIONS_ID_TOKEN_REQUEST_URL is not set"},
		"no token":                {func(env map[string]string) { delete(env, "ACTIONS_ID_TOKEN_REQUEST_TOKEN") }, "request.token_env", "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set"},
		"no URL": {func(env map[string]string) {
			env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://h:port/?key=" + platformToken
		}, "request", "not a URL"},
		"token for the URL": {func(env map[string]string) { env["ACTIONS_ID_TOKEN_REQUEST_URL"] = platformToken }, "request", "not a URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variables := environment()
			test.change(variables)
			server := &server{}
			assertion := platform(clientauth.FederatedAssertion{Request: github(), Fetch: fetching(server)}, variables)
			noAssertion(t, assertion, test.field, test.want)
			if _, err := assertion.Assertion(t.Context()); strings.Contains(err.Error(), platformToken) || len(server.asked) > 0 {
				t.Errorf("%d requests, error %v", len(server.asked), err)
			}
		})
	}
}
