// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// hclCommand is a provider block of a client that authenticates with what a script
// writes, and a token.
func hclCommand(srv *authservertest.Server, script string) string {
	return fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint      = %q
  client_id           = %q
  timeout             = "10m"
  federated_assertion = { command = ["/bin/sh", "-c", %q] }
}

ephemeral "oauth2cc_token" "test" {
  count = 2
}
`, srv.TokenURL(), clientID, script)
}

// TestAccCommand holds that a command runs in the folder of the configuration, once for
// each token request and not to validate, and that nobody sees what it writes.
func TestAccCommand(t *testing.T) {
	t.Parallel()
	platform, srv := startFederated(t, "api://as")
	w := acctest.New(t, hclCommand(srv, `f=$(ls jwt* | head -1); cat $f; cat $f >&2; mv $f used-$f`))
	w.Trace()
	var issued []string
	for i := range 4 {
		issued = append(issued, token(t, platform, "api://as"))
		w.Write(fmt.Sprintf("jwt%d", i), issued[i])
	}
	shown := w.Validate().MustExit(t, 0).Output()
	if got := w.Read("jwt0"); got != issued[0] {
		t.Error("it ran to validate")
	}
	shown += w.Plan("-out=plan.bin").MustExit(t, 0).Output() + w.Show("plan.bin").MustExit(t, 0).Output() + w.Apply().MustExit(t, 0).Output()
	sent := srv.Requests(authserver.TokenEndpoint)
	if last := len(sent) - 1; last < 1 || sent[last].Form().Get("client_assertion") != issued[last] {
		t.Errorf("it did not run once for each of %d requests", len(sent))
	}
	(&nest{Workspace: w}).mustHaveTraced(t)
	for _, jwt := range issued {
		_, unsigned, _ := strings.Cut(jwt, ".")
		if strings.Contains(shown+w.Read("trace.log"), unsigned[:40]) {
			t.Error("it is shown or logged")
		}
	}
}

// TestAccPrivateKeyCommand holds that what a signing command reads and writes is in no log,
// diagnostic or plan.
func TestAccPrivateKeyCommand(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(key, ""))
	w := acctest.New(t, fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = %q
  client_id      = %q
  signed_assertion = {
    private_key_command = ["/bin/sh", "sign.sh"]
    algorithm           = "ES256"
  }
}

ephemeral "oauth2cc_token" "test" {
}

ephemeral "oauth2cc_jwt" "test" {
  private_key_command = ["/bin/sh", "sign.sh"]
  algorithm           = "ES256"
}
`, srv.TokenURL(), clientID))
	w.Trace()
	w.Write("key.pem", authservertest.PKCS8(t, key))
	w.Write("sign.sh", "tee -a input | openssl dgst -sha256 -sign key.pem | openssl base64 -A | tee -a output; cat input output key.pem >&2\n")
	shown := w.Validate().MustExit(t, 0).Output() + w.Plan("-out=plan.bin").MustExit(t, 0).Output() + w.Show("plan.bin").MustExit(t, 0).Output()
	(&nest{Workspace: w}).mustHaveTraced(t)
	mustCount(t, srv, 1)
	log := shown + w.Read("trace.log")
	for _, file := range []string{"input", "output", "key.pem"} {
		text := w.Read(file)
		if len(text) < 90 || strings.Contains(log, text[40:80]) || strings.Contains(log, text[len(text)-80:len(text)-40]) {
			t.Errorf("what is in %s is shown or logged, or was not used", file)
		}
	}
}

// TestAccFailingCommand holds that what a command writes to standard output is not shown.
func TestAccFailingCommand(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	canary := acctest.NewCanary("output", "-._~+/=")
	w := acctest.New(t, hclCommand(srv, "echo run >> runs; cat canary; echo not logged in: >&2; cat canary >&2; exit 7"))
	w.Trace()
	w.Write("canary", canary.Value)
	w.Write("runs", "")
	result := w.Plan().MustExit(t, 1).MustSay(t, "/bin/sh failed with exit status 7: not logged in: [redacted]")
	(&nest{Workspace: w}).mustKeep(t, []acctest.Canary{canary}, []acctest.Result{result}, "trace.log")
	mustCount(t, srv, 0)
}

// TestAccCommandEndsWithTheRun holds that neither a command nor what it starts outlives
// the provider.
func TestAccCommandEndsWithTheRun(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *running) error{
		"interrupted twice": func(t *testing.T, r *running) error { // Terraform finishes an apply's plan after the first
			t.Helper()
			first := syscall.Kill(r.terraform.Process.Pid, syscall.SIGINT)
			acctest.Eventually(t, "the first arrives", func() bool { return strings.Contains(r.output.String(), "Interrupt received") })
			return errors.Join(first, syscall.Kill(r.terraform.Process.Pid, syscall.SIGINT))
		},
		"terraform killed":   func(_ *testing.T, r *running) error { return syscall.Kill(r.terraform.Process.Pid, syscall.SIGKILL) },
		"provider signalled": func(_ *testing.T, r *running) error { return syscall.Kill(r.provider, syscall.SIGTERM) },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := start(t, acctest.New(t, hclCommand(startServer(t), "trap '' TERM HUP INT; cat fifo & cat fifo; wait")))
			if err := end(t, run); err != nil {
				t.Fatal(err)
			}
			acctest.Eventually(t, "no process reads the pipe", func() bool {
				_, err := run.fifo.WriteString("x")
				return errors.Is(err, syscall.EPIPE)
			})
			run.mustEnd(t)
		})
	}
}
