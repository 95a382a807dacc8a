// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendorstest

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// searched are the places where no secret may be after a run.
type searched struct {
	*acctest.Workspace

	places map[string]string
}

// lookInto has a workspace searched after all that is run in it.
func lookInto(workspace *acctest.Workspace) *searched {
	workspace.Trace()
	return &searched{Workspace: workspace, places: map[string]string{}}
}

// ran notes the output of a command, which must have ended with code.
func (s *searched) ran(t *testing.T, code int, result acctest.Result) {
	t.Helper()
	s.places[strings.Join(result.Args, " ")] = result.MustExit(t, code).Output()
}

// run plans a change, applies the plan, shows both plan and state, and plans again,
// when nothing is left to change. The plan is shown as JSON, which has all that is
// in the file.
func (s *searched) run(t *testing.T) {
	t.Helper()
	s.ran(t, 0, s.Validate())
	s.ran(t, 2, s.Plan("-out=plan.bin"))
	s.ran(t, 0, s.Show("plan.bin"))
	s.ran(t, 0, s.Apply("plan.bin"))
	s.ran(t, 0, s.Show(""))
	s.ran(t, 0, s.Plan())
}

// mustHold looks for secrets of ours and for what the vendor issued, in every
// output, in the state and in the log.
func (s *searched) mustHold(t *testing.T, issued []string, canaries ...acctest.Canary) {
	t.Helper()
	s.places["the log"] = s.Read("trace.log")
	if state, err := os.ReadFile(s.Path("terraform.tfstate")); err == nil {
		s.places["the state"] = string(state)
	}
	if len(issued) == 0 || !strings.Contains(s.places["the log"], "sending HTTP request") {
		t.Fatal("nothing was issued, or the log is not the provider's")
	}
	for place, text := range s.places {
		acctest.Search(t, place, text, canaries...)
		for _, token := range issued {
			if holds(text, token) {
				t.Errorf("a token or a code is in %s", place)
			}
		}
	}
}

// holds tells whether a text has a token in it, or the end of one, as it is or in
// base64.
func holds(text, token string) bool {
	const end = 20
	end64 := base64.RawStdEncoding.EncodeToString([]byte(token)[:len(token)/3*3])
	return strings.Contains(text, token[len(token)-end:]) || strings.Contains(text, end64)
}
