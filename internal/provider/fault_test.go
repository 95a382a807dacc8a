// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// fault is something that goes wrong between the provider and whom it asks. It is
// either an answer or what becomes of the connection.
type fault struct {
	answer     http.Handler
	connection func(*testing.T, http.Handler) *front
	// block is laid over the provider block.
	block attributes
	// requests is how many of them the operations send, by the rules for retries.
	requests counts
}

// counts has a number for each operation, and none where the fault cannot befall
// it or is nothing wrong there.
type counts struct{ discovery, token, refresh, revocation, request, platform int }

// none says that an operation is left out of a row.
const none = 0

// of returns the number for an operation.
func (c counts) of(operation string) int {
	return map[string]int{
		"discovery": c.discovery, "token": c.token, "refresh": c.refresh,
		"revocation": c.revocation, "request": c.request, "platform": c.platform,
	}[operation]
}

// cell is one operation that one fault befalls.
type cell struct {
	t         *testing.T
	fault     fault
	endpoints []authserver.Endpoint // of the operation
	spell     func(string) string   // of what the server repeats, nil where it does not
	secrets   secrets

	srv     *authservertest.Server
	front   *front // nil for faults that are an answer
	session *session
	log     *lockedBuffer
	waits   atomic.Int64
	before  int // requests before the fault
}

// newCell starts a server, which does not fail before strike.
func newCell(t *testing.T, befallen operation, fault fault, secrets secrets, spell func(string) string) *cell {
	t.Helper()
	c := &cell{t: t, fault: fault, endpoints: befallen.endpoints, spell: spell, secrets: secrets, log: &lockedBuffer{}}
	c.srv = startServer(t, func(client *authserver.Client) { client.Secret = secrets.clientSecret.Value }, answering(
		authserver.Set("access_token", secrets.token.Value), authserver.Set("expires_in", 3600),
	))
	if fault.connection != nil {
		c.front = fault.connection(t, c.srv)
	}
	variables := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": secrets.requestToken.Value}
	c.session = newSession(t, environment(variables), provider.WithSleep(func(ctx context.Context, _ time.Duration) error {
		c.waits.Add(1)
		return ctx.Err()
	}))
	c.session.ctx = c.log.capture(t.Context())
	return c
}

// configure sends a provider block, with what the fault and the front need.
func (c *cell) configure(block attributes) {
	c.t.Helper()
	if c.front != nil && c.front.ca != "" {
		block = merged(block, attributes{"tls": attributes{"ca_certificate": c.front.ca}})
	}
	c.session.mustConfigure(merged(block, c.fault.block))
}

// address is where the operation's endpoint is: behind the front if there is one.
func (c *cell) address(path, usual string) string {
	if c.front != nil {
		return c.front.url + path
	}
	return usual
}

// strike lets the fault begin.
func (c *cell) strike() {
	c.waits.Store(0)
	c.before = c.arrived()
	if c.front != nil {
		c.front.strike()
		return
	}
	for _, endpoint := range c.endpoints {
		c.srv.Fail(endpoint, authserver.Always, repeating{c.fault.answer, c.spell})
	}
}

// arrived is the number of requests to the operation's endpoints.
func (c *cell) arrived() int { return c.srv.Count(c.endpoints...) }

// requests is how many there were since the fault began: those that arrived, or
// where the connection is at fault those that were tried.
func (c *cell) requests() int {
	if c.front != nil {
		return int(c.waits.Load()) + 1
	}
	return c.arrived() - c.before
}

// mustKeepSecrets holds that nothing secret is shown or logged.
func (c *cell) mustKeepSecrets(shown diagnostics) {
	c.t.Helper()
	log := c.log.String()
	if !strings.Contains(log, `"@message":"sending HTTP request"`) || !strings.Contains(log, `"@level":"trace"`) {
		c.t.Fatal("the log is not captured down to its lowest level")
	}
	acctest.Search(c.t, "the diagnostics", shown.String(), c.secrets.all()...)
	acctest.Search(c.t, "the log", log, c.secrets.all()...)
}

// TestFaults holds for every fault and every operation what the user is told, how
// often the server is asked, and that nothing secret is shown or logged.
func TestFaults(t *testing.T) {
	t.Parallel()
	secrets := newSecrets()
	for name, fault := range faults(secrets) {
		for _, befallen := range operations {
			want := fault.requests.of(befallen.name)
			if want == none {
				continue
			}
			t.Run(befallen.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := newCell(t, befallen, fault, secrets, nil)
				shown := befallen.run(c)
				matchGoldenFile(t, goldenFault(befallen.name, name), shown)
				if got := c.requests(); got != want {
					t.Errorf("%d requests, want %d", got, want)
				}
				c.mustKeepSecrets(shown)
			})
		}
	}
}

// TestFaultsRepeatingRequests holds that nothing secret is shown or logged either
// where the faulty server repeats, in whatever spelling, all that it was sent.
func TestFaultsRepeatingRequests(t *testing.T) {
	t.Parallel()
	secrets := newSecrets()
	for name, fault := range faults(secrets) {
		fault.block = merged(fault.block, attributes{"max_retries": 0})
		for _, befallen := range operations {
			if fault.answer == nil || fault.requests.of(befallen.name) == none {
				continue
			}
			for spelling, spell := range spellings {
				t.Run(befallen.name+"/"+name+"/"+spelling, func(t *testing.T) {
					t.Parallel()
					c := newCell(t, befallen, fault, secrets, spell)
					shown := befallen.run(c)
					if len(shown) == 0 {
						t.Error("the user is told nothing")
					}
					c.mustKeepSecrets(shown)
				})
			}
		}
	}
}

// TestFaultsLeftOver holds that no golden file is left of a cell that is no more.
func TestFaultsLeftOver(t *testing.T) {
	t.Parallel()
	cells := map[string]bool{}
	for name, fault := range faults(newSecrets()) {
		for _, befallen := range operations {
			cells[goldenFault(befallen.name, name)] = fault.requests.of(befallen.name) != none
		}
	}
	err := fs.WalkDir(os.DirFS("testdata"), "faults", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !cells[file] {
			t.Errorf("no test writes %s", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// goldenFault is the file, under testdata, of a cell.
func goldenFault(operation, fault string) string {
	return path.Join("faults", operation, goldenName.Replace(fault)+".txt")
}
