// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestActionProgress holds what the action shows while it waits and tries again, and
// that no secret is in it.
func TestActionProgress(t *testing.T) {
	t.Parallel()
	busy, refused := later(503, "2"), answerJSON(401, `{}`)
	const done = "The API responded with 200 OK."
	retrying := func(who string, attempt int) string {
		return fmt.Sprintf(`The %s responded with 503 Service Unavailable; retrying in 2s \(attempt %d of 4\).`, who, attempt)
	}
	tests := map[string]struct {
		api, token []http.Handler
		config     attributes
		want       []string // patterns
	}{
		"at once":        {want: []string{done}},
		"503 twice":      {api: []http.Handler{busy, busy}, want: []string{retrying("API", 2), retrying("API", 3), done}},
		"401":            {api: []http.Handler{refused}, want: []string{"The API responded with 401 Unauthorized; requesting a new token and retrying.", done}},
		"401 without":    {api: []http.Handler{refused}, config: attributes{"authenticate": false, "expected_status_codes": []any{401}}, want: []string{"The API responded with 401 Unauthorized."}},
		"token endpoint": {token: []http.Handler{busy}, want: []string{retrying(`token endpoint http://\S+/token`, 2), done}},
		"no response":    {api: []http.Handler{authserver.Drop()}, want: []string{`GET http://127.0.0.1:\d+/orders: .*; retrying in .*s \(attempt 2 of 4\).`, done}},
		"unknown status": {api: []http.Handler{answerJSON(299, `{}`)}, want: []string{"The API responded with 299."}},
		"fails":          {api: []http.Handler{answerJSON(404, `{}`)}, want: nil},
		"fails in the end": {
			api:  []http.Handler{busy, busy, later(503, "3600")},
			want: []string{retrying("API", 2), retrying("API", 3)},
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, token := acctest.NewCanary("client_secret", special), acctest.NewCanary("token", "-._~+/")
			srv := startServer(t, answering(authserver.Set("access_token", token.Value)), func(client *authserver.Client) { client.Secret = secret.Value })
			for _, fault := range row.api {
				srv.Fail(authserver.API, 1, fault)
			}
			srv.Fail(authserver.API, authserver.Always, answerJSON(200, `{}`))
			for _, fault := range row.token {
				srv.Fail(authserver.TokenEndpoint, 1, fault)
			}
			config := merged(attributes{"url": srv.APIURL + "/orders?key=" + token.Value}, row.config)
			got, _ := newSession(t).mustConfigure(providerBlock(srv, attributes{"client_secret": secret.Value})).invokeShowing(requestType, config)
			matched := slices.EqualFunc(got, row.want, func(message, pattern string) bool {
				return regexp.MustCompile("^" + pattern + "$").MatchString(message)
			})
			if !matched {
				t.Errorf("shown is\n%q, want\n%q", got, row.want)
			}
			acctest.Search(t, "the progress", strings.Join(got, "\n"), secret, token)
		})
	}
}

// TestAccAction invokes the action after a change and on request, and plans without it.
func TestAccAction(t *testing.T) {
	t.Parallel()
	token := acctest.NewCanary("token", "-._~+/")
	srv := startServer(t, answering(authserver.Set("access_token", token.Value)))
	srv.Fail(authserver.API, 3, answerJSON(200, `{}`))
	srv.Fail(authserver.API, 1, answerJSON(409, `{"detail":"frozen for `+token.Value+`"}`))
	w := acctest.New(t, hclProvider(srv)+fmt.Sprintf(`
action "oauth2cc_request" "test" {
  config {
    url    = "%s/announcements"
    method = "POST"
  }
}

resource "terraform_data" "test" {
  input = "1.4.2"

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.oauth2cc_request.test]
    }
  }
}
`, srv.APIURL))
	var output strings.Builder
	run := func(calls int, result acctest.Result, says ...string) {
		t.Helper()
		output.WriteString(result.MustSay(t, says...).Output())
		if got := srv.Count(authserver.API); got != calls {
			t.Fatalf("%d calls so far, want %d", got, calls)
		}
	}
	run(0, w.Plan("-out=plan.bin").MustExit(t, 2), "1 to invoke")
	run(0, w.Show("plan.bin").MustExit(t, 0), "/announcements")
	run(1, w.Apply("plan.bin").MustExit(t, 0), "The API responded with 200 OK.")
	run(1, w.Plan().MustExit(t, 0), "No changes.")
	w.Edit("1.4.2", "1.4.3")
	run(2, w.Apply().MustExit(t, 0), "The API responded with 200 OK.")
	run(3, w.Apply("-invoke=action.oauth2cc_request.test").MustExit(t, 0), "The API responded with 200 OK.")
	run(4, w.Apply("-invoke=action.oauth2cc_request.test").MustExit(t, 1), "409 Conflict", "frozen for [redacted]")
	for place, text := range map[string]string{
		"the output": output.String(), "the plan file": w.Read("plan.bin"), "the state": w.Read("terraform.tfstate"),
	} {
		token.MustNotBeIn(t, place, text)
	}
}

// validateAction is terraform validate for an action.
func (s *session) validateAction(typeName string, config attributes) diagnostics {
	s.t.Helper()
	response, err := s.server.ValidateActionConfig(s.ctx, &tfprotov6.ValidateActionConfigRequest{
		ActionType: typeName,
		Config:     s.encode(s.schema.ActionSchemas[typeName].Schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Diagnostics
}

// invoke invokes an action.
func (s *session) invoke(typeName string, config attributes) diagnostics {
	s.t.Helper()
	_, found := s.invokeShowing(typeName, config)
	return found
}

// invokeShowing invokes an action and also returns the messages of its progress.
func (s *session) invokeShowing(typeName string, config attributes) (messages []string, found diagnostics) {
	s.t.Helper()
	stream, err := s.server.InvokeAction(s.ctx, &tfprotov6.InvokeActionRequest{
		ActionType: typeName,
		Config:     s.encode(s.schema.ActionSchemas[typeName].Schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			messages = append(messages, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			found = event.Diagnostics
		}
	}
	return messages, found
}
