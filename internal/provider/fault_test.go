// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// fault is something that goes wrong between the provider and a server: either a
// response or what becomes of the connection.
type fault struct {
	answer     http.Handler
	connection func(*testing.T, http.Handler) *front
	// block is merged over the provider block.
	block attributes
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

// cause is a status or an error code, where the name of a fault begins with one.
var cause = regexp.MustCompile(`^([45]\d\d|[a-z]+_[a-z_]+)\b`)

// TestFaults holds, for every fault and every operation, what is reported and how
// many requests are sent, and that nothing secret is shown or logged.
func TestFaults(t *testing.T) {
	t.Parallel()
	secrets, cells := newSecrets(), readFaultCells(t)
	all := faults(secrets)
	for at, want := range cells.outcomes {
		operation, fault := at.find(t, all)
		t.Run(at.operation+"/"+at.fault, func(t *testing.T) {
			t.Parallel()
			c := newCell(t, operation, fault, secrets, nil)
			shown := operation.run(c)
			if at.operation == dataSource {
				matchGoldenFile(t, at.proseFile(), shown)
			}
			if got := outcomeOf(shown, c.requests()); *update {
				cells.set(at, got)
			} else if got != want {
				t.Errorf("got %s, want %s:\n%s", got, want, shown)
			}
			if named := cause.FindString(at.fault); !strings.Contains(shown.String(), named) {
				t.Errorf("the diagnostics do not contain %s:\n%s", named, shown)
			}
			c.mustKeepSecrets(shown)
		})
	}
}

// TestFaultsRepeatingRequests holds that nothing secret is shown or logged either
// where the faulty server repeats, in whatever spelling, all that it was sent: to
// the token operation in every spelling, to the others in one, which takes turns.
func TestFaultsRepeatingRequests(t *testing.T) {
	t.Parallel()
	secrets := newSecrets()
	all := faults(secrets)
	names, spelled := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(spellings))
	for at := range readFaultCells(t).outcomes {
		operation, fault := at.find(t, all)
		if fault.answer == nil {
			continue
		}
		fault.block = merged(fault.block, attributes{"max_retries": 0})
		for turn, spelling := range spelled {
			if at.operation != "token" && turn != (len(at.operation)+slices.Index(names, at.fault))%len(spelled) {
				continue
			}
			t.Run(at.operation+"/"+at.fault+"/"+spelling, func(t *testing.T) {
				t.Parallel()
				c := newCell(t, operation, fault, secrets, spellings[spelling])
				shown := operation.run(c)
				if len(shown) == 0 {
					t.Error("nothing is reported")
				}
				c.mustKeepSecrets(shown)
			})
		}
	}
}

// TestFaultsComplete holds that every fault befalls an operation, and that no prose is
// left of a cell that is no more.
func TestFaultsComplete(t *testing.T) {
	t.Parallel()
	used, prose := map[string]bool{}, map[string]bool{}
	for at := range readFaultCells(t).outcomes {
		used[at.fault] = true
		if at.operation == dataSource {
			prose[filepath.Join("testdata", at.proseFile())] = true
		}
	}
	for name := range faults(newSecrets()) {
		if !used[name] {
			t.Errorf("%s has no line for %q", faultTable, name)
		}
	}
	files, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !prose[file] {
			t.Errorf("no test writes %s", file)
		}
	}
}

// faultTable has a line for each operation and each fault that can befall it. A new
// fault is added to it by hand, as far as the operation and the fault; -update
// completes the line.
const faultTable = "testdata/faults.txt"

// faultCell names an operation and a fault that befalls it.
type faultCell struct{ operation, fault string }

// find returns the operation and the fault.
func (at faultCell) find(t *testing.T, all map[string]fault) (operation, fault) {
	t.Helper()
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == at.operation })
	fault, ok := all[at.fault]
	if i < 0 || !ok {
		t.Fatalf("%s: there is no operation %q or no fault %q", faultTable, at.operation, at.fault)
	}
	return operations[i], fault
}

// proseFile is the file, under testdata, of the diagnostics in full.
func (at faultCell) proseFile() string {
	return path.Join("faults", goldenName.Replace(at.fault)+".txt")
}

// outcome is the rest of a line: attribute, summary and number of requests.
type outcome struct{ attribute, summary, requests string }

func outcomeOf(shown diagnostics, requests int) outcome {
	var attributes, summaries []string
	for _, one := range shown {
		attributes = append(attributes, pathText(one.Attribute))
		summary, _, _ := strings.Cut(diagnostics{one}.String(), "\n")
		summaries = append(summaries, summary)
	}
	return outcome{strings.Join(attributes, ", "), strings.Join(summaries, ", "), fmt.Sprint(requests)}
}

// faultCells are the lines of the table.
type faultCells struct {
	outcomes map[faultCell]outcome
	comments string

	mu      sync.Mutex
	updated map[faultCell]outcome
}

// readFaultCells reads the table, and writes it when the test ends if it was updated.
func readFaultCells(t *testing.T) *faultCells {
	t.Helper()
	text, err := os.ReadFile(faultTable)
	if err != nil {
		t.Fatal(err)
	}
	c := &faultCells{outcomes: map[faultCell]outcome{}, updated: map[faultCell]outcome{}}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			c.comments += line
			continue
		}
		columns := append(strings.Split(line, "|"), "", "", "", "")
		for i := range columns {
			columns[i] = strings.TrimSpace(columns[i])
		}
		c.outcomes[faultCell{columns[0], columns[1]}] = outcome{columns[2], columns[3], columns[4]}
	}
	t.Cleanup(func() {
		if len(c.updated) > 0 {
			c.write(t)
		}
	})
	return c
}

// set updates a line.
func (c *faultCells) set(at faultCell, to outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updated[at] = to
}

// write writes the table, in the order of the operations.
func (c *faultCells) write(t *testing.T) {
	t.Helper()
	text := c.comments
	for _, operation := range operations {
		var lines []string
		for at, outcome := range c.outcomes {
			if updated, ok := c.updated[at]; ok {
				outcome = updated
			}
			if at.operation == operation.name {
				lines = append(lines, fmt.Sprintf("%-11s | %-27s | %-15s | %-73s | %s\n",
					at.operation, at.fault, outcome.attribute, outcome.summary, outcome.requests))
			}
		}
		slices.Sort(lines)
		text += strings.Join(lines, "")
	}
	if err := os.WriteFile(faultTable, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}
