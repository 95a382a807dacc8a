// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// searched is a workspace with everything that must not contain a secret after a run.
type searched struct {
	*acctest.Workspace

	places map[string]string
}

// lookInto records what the commands of a workspace print and log.
func lookInto(workspace *acctest.Workspace) *searched {
	workspace.Trace()
	return &searched{Workspace: workspace, places: map[string]string{}}
}

// ran records the output of a command, whose exit code must be code.
func (s *searched) ran(t *testing.T, code int, result acctest.Result) {
	t.Helper()
	s.places[strings.Join(result.Args, " ")] = result.MustExit(t, code).Output()
}

// run plans a change, applies the plan, shows the plan and the state as JSON, which
// is complete, and plans again, without changes.
func (s *searched) run(t *testing.T) {
	t.Helper()
	s.ran(t, 0, s.Validate())
	s.ran(t, 2, s.Plan("-out=plan.bin"))
	s.ran(t, 0, s.Show("plan.bin"))
	s.ran(t, 0, s.Apply("plan.bin"))
	s.ran(t, 0, s.Show(""))
	s.ran(t, 0, s.Plan())
}

// mustHold searches every output, the state and the log for canaries and for what the
// vendor issued.
func (s *searched) mustHold(t *testing.T, issued []string, canaries ...acctest.Canary) {
	t.Helper()
	s.places["the log"] = s.Read("trace.log")
	if state, err := os.ReadFile(s.Path("terraform.tfstate")); err == nil {
		s.places["the state"] = string(state)
	}
	if len(issued) == 0 || !strings.Contains(s.places["the log"], "sending HTTP request") {
		t.Fatal("nothing was issued, or the log is not that of the provider")
	}
	for place, text := range s.places {
		acctest.Search(t, place, text, canaries...)
		for _, token := range issued {
			if holds(text, token) {
				t.Errorf("%s contains a token or a code", place)
			}
		}
	}
}

// holds reports whether a text contains a token, or the end of one, raw or in base64.
func holds(text, token string) bool {
	const end = 20
	end64 := base64.RawStdEncoding.EncodeToString([]byte(token)[:len(token)/3*3])
	return strings.Contains(text, token[len(token)-end:]) || strings.Contains(text, end64)
}
