// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// fileConsumer is a resource whose creation writes the path of a token file to the file
// where, and then runs a command.
func fileConsumer(where, command string) string {
	return fmt.Sprintf(`
ephemeral "oauth2cc_token_file" "test" {
}

resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = "printf %%s \"$FILE\" >%s; %s"
    environment = { FILE = ephemeral.oauth2cc_token_file.test.path }
  }
}
`, where, command)
}

// callAPI calls the API with a token, and returns the status.
func callAPI(t *testing.T, srv *authservertest.Server, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.APIURL+"/orders", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestAccTokenFileFollows reads the file again and again during a run that takes longer
// than three tokens: the API accepts what is in it at any moment. Afterwards the file is
// gone, and its tokens are nowhere.
func TestAccTokenFileFollows(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Lifetime = 3 * time.Second })
	where := filepath.Join(t.TempDir(), "where")
	run := start(t, acctest.New(t, hclProvider(srv)+fileConsumer(where, "exec cat fifo")))
	path := fileText(t, where)
	for path, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): fs.ModeDir | 0o700} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want the mode %v", path, info, err, want)
		}
	}
	tokens := map[string]acctest.Canary{}
	acctest.Eventually(t, "the file has had five tokens", func() bool {
		token := fileText(t, path)
		if status := callAPI(t, srv, token); status == http.StatusUnauthorized {
			t.Errorf("after %d tokens, the API refused one", len(tokens))
		}
		tokens[token] = acctest.Canary{Name: "token", Value: token}
		return len(tokens) == 5
	})
	_ = run.fifo.Close()
	<-run.ended
	if code := run.terraform.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	mustBeGone(t, path)
	state := filepath.Join(filepath.Dir(run.trace), "terraform.tfstate")
	for token := range tokens {
		if strings.Contains(fileText(t, run.trace), token) || strings.Contains(fileText(t, state), token) {
			t.Error("a token is in the log or in the state")
		}
	}
}

// TestAccTokenFileOfFailedRun holds that core, which closes nothing when a dependent
// fails, leaves no file.
func TestAccTokenFileOfFailedRun(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	where := filepath.Join(t.TempDir(), "where")
	acctest.New(t, hclProvider(srv)+fileConsumer(where, "false")).Apply().MustExit(t, 1)
	path := fileText(t, where)
	acctest.Eventually(t, "the file is removed", func() bool {
		_, err := os.Lstat(filepath.Dir(path))
		return os.IsNotExist(err)
	})
}

// TestAccTokenFileWarns holds that a run which goes well warns of a replacement that
// failed.
func TestAccTokenFileWarns(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Lifetime = 5 * time.Second })
	where := filepath.Join(t.TempDir(), "where")
	run := start(t, acctest.New(t, hclProvider(srv)+fileConsumer(where, "exec cat fifo")))
	srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(400, "invalid_scope", "no longer granted"))
	acctest.Eventually(t, "the failure is logged", func() bool {
		return strings.Contains(fileText(t, run.trace), "[WARN]  provider.terraform-provider-oauth2cc: the token file could not be replaced")
	})
	_ = run.fifo.Close()
	<-run.ended
	if got := run.output.String(); !strings.Contains(got, "Warning: A token file was not replaced in time") || !strings.Contains(got, "no longer granted") {
		t.Errorf("the output is\n%s", got)
	}
	mustBeGone(t, fileText(t, where))
}

// TestAccTokenFileInPlan holds that there is a file during a plan too, which replaces
// what was there, and removes it.
func TestAccTokenFileInPlan(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("of a run that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := acctest.New(t, hclProvider(srv)+strings.Replace(fileConsumer("/dev/null", "true"), "\"test\" {\n", fmt.Sprintf("\"test\" {\n  path = %q\n", path), 1))
	w.Plan("-out=plan.bin").MustExit(t, 2)
	mustBeGone(t, path)
	w.Apply("plan.bin").MustExit(t, 0)
	mustBeGone(t, path)
	if got := srv.Count(authserver.TokenEndpoint); got != 2 {
		t.Errorf("%d tokens were requested, want one at plan and one at apply", got)
	}
}
