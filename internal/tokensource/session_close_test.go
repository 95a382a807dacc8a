// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// TestFailedRevocationsAreAllReported: one that fails does not keep the others from
// being tried.
func TestFailedRevocationsAreAllReported(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = refreshable
	network.next("/revoke", reply{http.StatusServiceUnavailable, ""}, reply{http.StatusBadRequest, `{"error":"unsupported_token_type"}`})
	session := open(t, network.source(), revocable(), true)
	err := session.Close(t.Context())
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 || network.count("/revoke") != 2 {
		t.Errorf("%d revocations, %v", network.count("/revoke"), err)
	}
}

// refusing responds to each revocation with an error code of its own, the sooner the
// later the token was issued.
type refusing struct {
	*server
	codes map[string]string // by token
}

func (r refusing) Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error) {
	response, err := r.server.Do(ctx, request)
	if request.URL.Path != "/revoke" {
		return response, err
	}
	values, err := url.ParseQuery(string(request.Body))
	if err != nil {
		return nil, err
	}
	code := r.codes[values.Get("token")]
	time.Sleep(time.Duration(10-len(code)) * time.Second)
	response.StatusCode, response.Body = http.StatusBadRequest, []byte(`{"error":"`+code+`"}`)
	return response, nil
}

// TestFailedRevocationsAreInOrder of issue, whichever failed first.
func TestFailedRevocationsAreInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		network.members = refreshable
		codes := map[string]string{"t1": "seventh", "t2": "eighth..", "t3": "ninth....", "r": "refresh.."}
		source := tokensource.New(tokensource.Config{HTTP: refusing{network, codes}, Now: network.now})
		session := open(t, source, revocable(), true)
		renew(t, session)
		renew(t, session)
		joined, ok := session.Close(t.Context()).(interface{ Unwrap() []error })
		if !ok {
			t.Fatal("the errors are not joined")
		}
		var got []string
		for _, err := range joined.Unwrap() {
			failure, _ := errors.AsType[*oauth2.Error](err)
			got = append(got, failure.Code)
		}
		if want := []string{codes["t1"], codes["t2"], codes["t3"], codes["r"]}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestRevokedTokenLeavesTheCache: some servers issue the same token for equal
// requests.
func TestRevokedTokenLeavesTheCache(t *testing.T) {
	t.Parallel()
	same := reply{http.StatusOK, `{"access_token":"same","expires_in":3600}`}
	tests := map[string]struct {
		replies []reply
		store   tokencache.Store
		want    string // handed out afterwards
	}{
		"the same, in memory":  {[]reply{same, same}, nil, "t1"},
		"the same, in a store": {[]reply{same, same}, storetest.NewMemory(time.Now), "t1"},
		"another":              {[]reply{same}, nil, "same"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.next("/token", test.replies...)
			source := tokensource.New(tokensource.Config{HTTP: network, Now: network.now, Cache: tokensource.Cache{Store: test.store}})
			other := tokensource.New(tokensource.Config{HTTP: network, Now: network.now, Cache: tokensource.Cache{Store: test.store}})
			tokenFor(t, source, revocable())
			if err := open(t, source, revocable(), true).Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := tokenFor(t, source, revocable()); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if test.store == nil {
				return
			}
			if got := tokenFor(t, other, revocable()); got != test.want { // which has never had it in memory
				t.Errorf("another process got %s, want %s", got, test.want)
			}
		})
	}
}

// TestEqualTokensAreRevokedOnce, where a renewal brings the same one.
func TestEqualTokensAreRevokedOnce(t *testing.T) {
	t.Parallel()
	network := newServer()
	same := reply{http.StatusOK, `{"access_token":"same","expires_in":600,"refresh_token":"r"}`}
	network.next("/token", same, same)
	session := open(t, network.source(), revocable(), true)
	renew(t, session)
	if err := session.Close(t.Context()); err != nil || network.count("/revoke") != 2 {
		t.Errorf("%d revocations, %v", network.count("/revoke"), err)
	}
}

// TestCloseTakesFiveSeconds at most: OpenTofu does not wait longer than ten.
func TestCloseTakesFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		session := open(t, network.source(), revocable(), true)
		network.gate = make(chan struct{}) // no more responses
		start := time.Now()
		if err := session.Close(t.Context()); err == nil {
			t.Error("no error")
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// TestCloseDuringRenewal: it neither waits forever nor leaves a token behind
// that arrives in time.
func TestCloseDuringRenewal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		within   time.Duration // that there is to close
		responds time.Duration // after Close; zero: never
		revoked  []string
		renewed  bool
	}{
		"responds soon":                       {time.Minute, time.Second, []string{"t1", "t2"}, true},
		"never responds":                      {time.Minute, 0, []string{"t1"}, false},
		"responds soon, at the end of a run":  {1500 * time.Millisecond, 500 * time.Millisecond, []string{"t1", "t2"}, true},
		"never responds, at the end of a run": {1500 * time.Millisecond, 0, []string{"t1"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newServer()
				session := open(t, network.source(), revocable(), true)
				gate := make(chan struct{})
				network.gate = gate
				renewed := make(chan error, 1)
				go func() { renewed <- session.Renew(t.Context()) }()
				synctest.Wait()
				start := time.Now()
				go func() {
					if test.responds > 0 {
						time.Sleep(test.responds)
						gate <- struct{}{}
					}
					time.Sleep(min(3*time.Second, test.within-500*time.Millisecond) - test.responds) // from then on every request gets a response at once
					close(gate)
				}()
				ctx, cancel := context.WithTimeout(t.Context(), test.within)
				defer cancel()
				if err := session.Close(ctx); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > min(test.within, 5*time.Second) {
					t.Errorf("took %s", took)
				}
				if err := <-renewed; (err == nil) != test.renewed {
					t.Errorf("the renewal: %v", err)
				}
				if got := slices.Sorted(maps.Keys(revoked(t, network))); !slices.Equal(got, test.revoked) {
					t.Errorf("revoked %q, want %q", got, test.revoked)
				}
				if err := session.Renew(t.Context()); err == nil {
					t.Error("renewed after its end")
				}
			})
		})
	}
}
