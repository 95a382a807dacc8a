// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// orders is a request to the API.
func orders(t *testing.T, header http.Header) httpstack.Request {
	t.Helper()
	target, err := url.Parse(apiURL)
	if err != nil {
		t.Fatal(err)
	}
	return httpstack.Request{Method: http.MethodGet, URL: target, Header: header}
}

// sentTokens lists the Authorization headers that the API received.
func sentTokens(network *server) []string {
	var headers []string
	for _, request := range network.requests("/orders") {
		headers = append(headers, request.Header.Get("Authorization"))
	}
	return headers
}

func TestDoWithToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		replies []reply
		body    string // of the token request
		status  int
		shown   []string
	}{
		"accepted":        {nil, "", 200, []string{"Bearer t1"}},
		"refused once":    {[]reply{unauthorized}, "", 200, []string{"Bearer t1", "Bearer t2"}},
		"refused twice":   {[]reply{unauthorized, unauthorized, unauthorized}, "", 401, []string{"Bearer t1", "Bearer t2"}},
		"forbidden":       {[]reply{{http.StatusForbidden, ""}}, "", 403, []string{"Bearer t1"}},
		"API is down":     {[]reply{{http.StatusServiceUnavailable, ""}}, "", 503, []string{"Bearer t1"}},
		"token by a body": {[]reply{unauthorized}, "code=SplxlOBeZQQYbYS6WxSbIA", 401, []string{"Bearer t1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.next("/orders", test.replies...)
			config := client()
			config.Request.Body = secret.New(test.body)
			header := http.Header{"Accept": {"text/plain"}}
			got, err := network.source().DoWithToken(t.Context(), config, tokensource.TokenHeader{}, orders(t, header))
			if err != nil {
				t.Fatal(err)
			}
			if got.StatusCode != test.status || !slices.Equal(sentTokens(network), test.shown) {
				t.Errorf("got %d after %q", got.StatusCode, sentTokens(network))
			}
			if last := got.Tokens[len(got.Tokens)-1].Reveal(); "Bearer "+last != test.shown[len(test.shown)-1] {
				t.Errorf("the last token is %s", last)
			}
			if len(header) != 1 {
				t.Errorf("the caller's header is now %v", header)
			}
			if accept := network.requests("/orders")[0].Header.Get("Accept"); accept != "text/plain" {
				t.Errorf("Accept: %q", accept)
			}
		})
	}
}

// TestTokenHeader: RFC 6750 section 2.1, RFC 9449 section 7.1, and what vendors
// require.
func TestTokenHeader(t *testing.T) {
	t.Parallel()
	scheme := func(text string) *string { return &text }
	tests := map[string]struct {
		header      tokensource.TokenHeader
		tokenType   string
		name, value string
	}{
		"default":            {tokensource.TokenHeader{}, "Bearer", "Authorization", "Bearer t1"},
		"vendor's type":      {tokensource.TokenHeader{}, "Application Access Token", "Authorization", "Bearer t1"},
		"DPoP":               {tokensource.TokenHeader{}, "DPoP", "Authorization", "DPoP t1"},
		"DPoP, other scheme": {tokensource.TokenHeader{Scheme: scheme("Bearer")}, "DPoP", "Authorization", "Bearer t1"},
		"name alone":         {tokensource.TokenHeader{Name: "X-Auth"}, "", "X-Auth", "Bearer t1"},
		"bare":               {tokensource.TokenHeader{Scheme: scheme("")}, "Bearer", "Authorization", "t1"},
		"Shopify":            {tokensource.TokenHeader{Name: "X-Shopify-Access-Token", Scheme: scheme("")}, "", "X-Shopify-Access-Token", "t1"},
		"Citrix":             {tokensource.TokenHeader{Scheme: scheme("CwsAuth Bearer=")}, "", "Authorization", "CwsAuth Bearer=t1"},
		"Zoho":               {tokensource.TokenHeader{Scheme: scheme("Zoho-oauthtoken")}, "", "Authorization", "Zoho-oauthtoken t1"},
		"name in lower case": {tokensource.TokenHeader{Name: "x-auth-token", Scheme: scheme("")}, "", "X-Auth-Token", "t1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = `,"token_type":"` + test.tokenType + `"`
			request := orders(t, http.Header{test.name: {"of the caller"}})
			if _, err := network.source().DoWithToken(t.Context(), client(), test.header, request); err != nil {
				t.Fatal(err)
			}
			header := network.requests("/orders")[0].Header
			if got := header.Values(test.name); len(header) != 1 || !slices.Equal(got, []string{test.value}) {
				t.Errorf("got %v", header)
			}
		})
	}
}

// TestTokenInAnotherHeader: the token is renewed after a 401 wherever it is sent,
// and no other header field has it.
func TestTokenInAnotherHeader(t *testing.T) {
	t.Parallel()
	network, bare := newServer(), ""
	network.next("/orders", reply{http.StatusUnauthorized, ""})
	header := tokensource.TokenHeader{Name: "X-Token", Scheme: &bare}
	got, err := network.source().DoWithToken(t.Context(), client(), header, orders(t, http.Header{"Authorization": {"Basic eDp4"}}))
	if err != nil || got.StatusCode != http.StatusOK || len(got.Tokens) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i, request := range network.requests("/orders") {
		want := http.Header{"Authorization": {"Basic eDp4"}, "X-Token": {got.Tokens[i].Reveal()}}
		if !maps.EqualFunc(request.Header, want, slices.Equal) {
			t.Errorf("request %d has %v, want %v", i, request.Header, want)
		}
	}
}

// TestRefusedTokenIsReplacedOnce, also when many calls are refused at once.
func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 10
		network := newServer()
		source := network.source()
		tokenFor(t, source, client())
		network.next("/orders", slices.Repeat([]reply{{http.StatusUnauthorized, ""}}, calls)...)
		network.gate = make(chan struct{})
		var group sync.WaitGroup
		for range calls {
			group.Go(func() {
				got, err := source.DoWithToken(t.Context(), client(), tokensource.TokenHeader{}, orders(t, nil))
				if err != nil || got.StatusCode != http.StatusOK {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		synctest.Wait() // all are refused, and none has returned
		close(network.gate)
		group.Wait()
		if got := network.count("/token"); got != 2 {
			t.Errorf("%d token requests", got)
		}
	})
}

// TestRefusingAPICostsTwoTokens, however many requests it refuses, and one more for each
// later attempt.
func TestRefusingAPICostsTwoTokens(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/orders", slices.Repeat([]reply{{http.StatusUnauthorized, ""}}, 100)...)
	source := network.source()
	steps := []struct {
		pass             time.Duration
		tokens, presents int // requests until then
	}{
		{0, 2, 2}, {0, 2, 3}, {time.Second, 2, 4}, {28 * time.Second, 2, 5}, {time.Second, 3, 7}, {29 * time.Second, 3, 8}, {time.Second, 4, 10},
	}
	for i, step := range steps {
		network.pass(step.pass)
		got, err := source.DoWithToken(t.Context(), client(), tokensource.TokenHeader{}, orders(t, nil))
		if err != nil || got.StatusCode != http.StatusUnauthorized {
			t.Errorf("step %d: got %+v, %v", i, got, err)
		}
		if tokens, calls := network.count("/token"), network.count("/orders"); tokens != step.tokens || calls != step.presents {
			t.Errorf("step %d: %d tokens after %d calls, want %d after %d", i, tokens, calls, step.tokens, step.presents)
		}
	}
}

// TestServerThatIssuesOneToken costs an API that refuses it no more token requests than
// another.
func TestServerThatIssuesOneToken(t *testing.T) {
	t.Parallel()
	network := newServer()
	same := reply{http.StatusOK, `{"access_token":"same","expires_in":3600}`}
	network.next("/token", same, same, same, same)
	network.next("/orders", slices.Repeat([]reply{{http.StatusUnauthorized, ""}}, 100)...)
	source := network.source()
	for i, step := range []struct {
		pass          time.Duration
		tokens, calls int // requests until then
	}{{0, 2, 2}, {0, 2, 3}, {29 * time.Second, 2, 4}, {time.Second, 3, 6}, {0, 3, 7}} {
		network.pass(step.pass)
		got, err := source.DoWithToken(t.Context(), client(), tokensource.TokenHeader{}, orders(t, nil))
		if err != nil || got.StatusCode != http.StatusUnauthorized {
			t.Errorf("step %d: got %+v, %v", i, got, err)
		}
		if tokens, calls := network.count("/token"), network.count("/orders"); tokens != step.tokens || calls != step.calls {
			t.Errorf("step %d: %d tokens after %d calls, want %d after %d", i, tokens, calls, step.tokens, step.calls)
		}
	}
}

// TestReplacementIsEachClients: one client's refusal does not keep another's token
// from being replaced.
func TestReplacementIsEachClients(t *testing.T) {
	t.Parallel()
	network := newServer()
	source, other := network.source(), client()
	other.Request.Audience = "other"
	for _, config := range []tokensource.ClientConfig{client(), other} {
		network.next("/orders", reply{http.StatusUnauthorized, ""})
		if got, err := source.DoWithToken(t.Context(), config, tokensource.TokenHeader{}, orders(t, nil)); err != nil || got.StatusCode != http.StatusOK {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	network := newServer()
	got, err := network.source().Do(t.Context(), orders(t, nil))
	if err != nil || got.StatusCode != http.StatusOK || len(got.Tokens) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(network.received) != 1 || sentTokens(network)[0] != "" {
		t.Errorf("%d requests, with %q", len(network.received), sentTokens(network))
	}
}

// TestNoRequestWithoutToken: nothing is sent to the API without a token.
func TestNoRequestWithoutToken(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", refusal)
	if _, err := network.source().DoWithToken(t.Context(), client(), tokensource.TokenHeader{}, orders(t, nil)); err == nil || network.count("/orders") > 0 {
		t.Errorf("%d calls, %v", network.count("/orders"), err)
	}
}
