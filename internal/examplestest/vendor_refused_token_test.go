// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// caller calls neuroflash's API through one kind of oauth2cc_request.
type caller func(*served, map[string]any) *opened

// callers are the kinds that return a response.
var callers = map[string]caller{
	"data source": func(s *served, block map[string]any) *opened { return s.tryRead("oauth2cc_request", block) },
	"ephemeral":   func(s *served, block map[string]any) *opened { return s.tryOpen("oauth2cc_request", block) },
}

// neuroflash is the vendor and a provider that is configured for it.
type neuroflash struct {
	*vendors.Vendor

	front    *front
	provider *served
	block    map[string]any // of the request
}

// newNeuroflash configures the provider as the example does.
func newNeuroflash(t *testing.T, options ...provider.Option) *neuroflash {
	t.Helper()
	vendor := vendors.Neuroflash(vendors.Client{ID: "f81f7fb9", Secret: "s3cret"})
	front := &front{vendor: vendor, atAPI: func() {}}
	example := parse(t, "neuroflash", neuroflashValues(listen(t, front), "s3cret"))
	return &neuroflash{
		Vendor:   vendor,
		front:    front,
		provider: serve(t, options...).configure(example.block("provider", "oauth2cc")),
		block:    example.block("data", "oauth2cc_request", "static_groups"),
	}
}

// TestRefusedToken rejects the token in the middle of a run: the provider requests
// one more token and repeats the call once, even if the API rejects that too.
func TestRefusedToken(t *testing.T) {
	t.Parallel()
	for name, call := range callers {
		t.Run(name+", once", func(t *testing.T) {
			t.Parallel()
			n := newNeuroflash(t)
			call(n.provider, n.block).mustBe(t, "status_code", "200")
			n.Forget()
			call(n.provider, n.block).mustBe(t, "status_code", "200")
			call(n.provider, n.block).mustBe(t, "status_code", "200")
			mustBeStatuses(t, "token requests", n.Requests(authserver.TokenEndpoint), 200, 200)
			mustBeStatuses(t, "calls", n.Requests(authserver.API), 200, 401, 200, 200)
		})
		t.Run(name+", always", func(t *testing.T) {
			t.Parallel()
			n := newNeuroflash(t)
			n.front.atAPI = n.Forget
			if failure := call(n.provider, n.block).failure(); !strings.Contains(failure, "401 Unauthorized") {
				t.Errorf("the error is %q", failure)
			}
			mustBeStatuses(t, "token requests", n.Requests(authserver.TokenEndpoint), 200, 200)
			mustBeStatuses(t, "calls", n.Requests(authserver.API), 401, 401)
		})
		t.Run(name+", expected", func(t *testing.T) {
			t.Parallel()
			n := newNeuroflash(t)
			n.front.atAPI = n.Forget
			n.block["expected_status_codes"] = []int{401}
			call(n.provider, n.block).mustBe(t, "status_code", "401")
			mustBeStatuses(t, "calls", n.Requests(authserver.API), 401, 401)
		})
	}
}

// TestForbidden checks that a 403, which concerns the account, does not renew the
// token.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := vendors.HTTPBasic(vendors.Client{ID: "my own", Secret: "s3cret"})
			variables := httpBasicValues(listen(t, vendor), "my own", "s3cret")
			variables["api_url"] = variables["url"] + vendors.ForbiddenPath
			example := parse(t, "http-basic", variables)
			provider := serve(t).configure(example.block("provider", "oauth2cc"))
			block := example.block("data", "oauth2cc_request", "api")
			for range 2 {
				if failure := call(provider, block).failure(); !strings.Contains(failure, "403 Forbidden") || !strings.Contains(failure, "permissions") {
					t.Errorf("the error is %q", failure)
				}
			}
			mustBeStatuses(t, "token requests", vendor.Requests(authserver.TokenEndpoint), 200)
			mustBeStatuses(t, "calls", vendor.Requests(authserver.API), 403, 403)
		})
	}
}

// TestRefusedTokenAtOnce rejects ten calls at the same time: the provider requests
// one more token for all of them and repeats each call once.
func TestRefusedTokenAtOnce(t *testing.T) {
	t.Parallel()
	const concurrent = 10 // Terraform's default parallelism
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeuroflash(t)
			call(n.provider, n.block).mustBe(t, "status_code", "200")
			n.Forget()
			n.Reset()
			n.front.atAPI = assemble(concurrent)
			var calls sync.WaitGroup
			for range concurrent {
				calls.Go(func() { call(n.provider, n.block).mustBe(t, "status_code", "200") })
			}
			calls.Wait()
			mustBeStatuses(t, "token requests", n.Requests(authserver.TokenEndpoint), 200)
			answered := map[int]int{}
			for _, status := range statuses(n.Requests(authserver.API)) {
				answered[status]++
			}
			if answered[401] != concurrent || answered[200] != concurrent || len(answered) != 2 {
				t.Errorf("calls are answered %v, want %d times 401 and as often 200", answered, concurrent)
			}
		})
	}
}

// TestTokenIsReused checks that a token is used until a minute before it expires, the
// time that a call may take.
func TestTokenIsReused(t *testing.T) {
	t.Parallel()
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			at := clock
			moving := func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return at
			}
			n := newNeuroflash(t, provider.WithNow(moving))
			n.SetNow(moving)
			for _, row := range []struct {
				after  time.Duration
				tokens int
			}{{0, 1}, {time.Second, 1}, {14339 * time.Second, 1}, {14340 * time.Second, 2}, {28000 * time.Second, 2}} {
				mu.Lock()
				at = clock.Add(row.after)
				mu.Unlock()
				call(n.provider, n.block).mustBe(t, "status_code", "200")
				if got := n.Count(authserver.TokenEndpoint); got != row.tokens {
					t.Errorf("after %s there were %d token requests, want %d", row.after, got, row.tokens)
				}
			}
		})
	}
}
