// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// requestedAt is the local time of all requests here.
var requestedAt = time.Date(2025, 10, 3, 12, 0, 0, 0, time.UTC)

// none is the wait of a server that does not ask for one.
const none = time.Duration(-1)

// TestRetryAfter holds RFC 9110 sections 10.2.3 and 5.6.7, whatever the status.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header, date string
		want         time.Duration
	}{
		"absent":             {"", "", none},
		"seconds":            {"120", "", 2 * time.Minute},
		"spaces":             {" 120 ", "", 2 * time.Minute},
		"zero":               {"0", "", 0},
		"negative":           {"-5", "", 0},
		"fraction":           {"1.5", "", 1500 * time.Millisecond},
		"an hour":            {"3600", "", time.Hour},
		"overflow":           {"9223372036854775808", "", 100 * 365 * 24 * time.Hour},
		"more digits":        {"99999999999999999999999999999999999999", "", 100 * 365 * 24 * time.Hour},
		"exponent":           {"-1e308", "", 0},
		"beyond numbers":     {"1e400", "", none},
		"NaN":                {"NaN", "", none},
		"infinite":           {"Inf", "", none},
		"garbage":            {"soon", "", none},
		"two values":         {"5, 10", "", none},
		"IMF-fixdate":        {"Fri, 03 Oct 2025 12:01:30 GMT", "", 90 * time.Second},
		"RFC 850":            {"Friday, 03-Oct-25 12:01:30 GMT", "", 90 * time.Second},
		"asctime":            {"Fri Oct  3 12:01:30 2025", "", 90 * time.Second},
		"date in the past":   {"Fri, 03 Oct 2025 11:59:00 GMT", "", 0},
		"date long ago":      {"Mon, 01 Jan 0001 00:00:00 GMT", "", 0},
		"date far away":      {"Fri, 31 Dec 9999 23:59:59 GMT", "", 100 * 365 * 24 * time.Hour},
		"server's clock":     {"Fri, 03 Oct 2025 13:00:05 GMT", "Fri, 03 Oct 2025 13:00:00 GMT", 5 * time.Second},
		"server is behind":   {"Fri, 03 Oct 2025 11:00:05 GMT", "Fri, 03 Oct 2025 11:00:00 GMT", 5 * time.Second},
		"clock not readable": {"Fri, 03 Oct 2025 12:00:05 GMT", "today", 5 * time.Second},
	}
	for name, test := range tests {
		for _, status := range []int{408, 429, 500, 503} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				checkRetryAfter(t, status, http.Header{"Retry-After": {test.header}, "Date": {test.date}}, test.want)
			})
		}
	}
}

// TestRateLimitHints holds what rate limiters send without Retry-After.
// 1759492830 is 2025-10-03T12:00:30Z.
func TestRateLimitHints(t *testing.T) {
	t.Parallel()
	const (
		github = "X-Ratelimit-Reset" // seconds since 1970
		okta   = "X-Rate-Limit-Reset"
		auth0  = "Auth0-Client-Quota-Limit"
	)
	tests := map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"none": {http.Header{}, none},
		// draft-ietf-httpapi-ratelimit-headers-06 section 3.3: delay-seconds.
		"RateLimit-Reset": {http.Header{"Ratelimit-Reset": {"50"}}, 50 * time.Second},
		"GitHub":          {http.Header{github: {"1759492830"}, "X-Ratelimit-Remaining": {"0"}}, 30 * time.Second},
		"Okta":            {http.Header{okta: {"1759492830"}}, 30 * time.Second},
		"seconds":         {http.Header{github: {"45"}}, 45 * time.Second},
		"fraction":        {http.Header{github: {"1759492830.25"}}, 30250 * time.Millisecond},
		"server's clock": {
			http.Header{github: {"1759496430"}, "Date": {"Fri, 03 Oct 2025 13:00:00 GMT"}}, 30 * time.Second,
		},
		"left":     {http.Header{github: {"1759492830"}, "X-Ratelimit-Remaining": {"4999"}}, none},
		"over":     {http.Header{github: {"1759492700"}}, none},
		"zero":     {http.Header{github: {"0"}}, none},
		"negative": {http.Header{github: {"-30"}}, none},
		"garbage":  {http.Header{github: {"2025-10-03"}}, none},
		"absurd":   {http.Header{github: {"1e300"}}, 100 * 365 * 24 * time.Hour},
		// auth0.com/docs, quota limits of a client.
		"Auth0":                   {http.Header{auth0: {"b=per_hour;q=10;r=0;t=3540"}}, 59 * time.Minute},
		"Auth0, left":             {http.Header{auth0: {"b=per_hour;q=10;r=7;t=3540"}}, none},
		"Auth0, two buckets":      {http.Header{auth0: {"b=per_hour;q=10;r=7;t=3540,b=per_day;q=100;r=0;t=7200"}}, 2 * time.Hour},
		"Auth0, used up, no time": {http.Header{auth0: {"b=per_hour;q=10;r=0"}}, none},
		"Auth0, garbage":          {http.Header{auth0: {`;;,=,r=0,"`}}, none},
		"several":                 {http.Header{github: {"10"}, auth0: {"b=per_hour;q=10;r=0;t=60"}}, time.Minute},
		"Retry-After wins":        {http.Header{"Retry-After": {"2"}, github: {"10"}}, 2 * time.Second},
		"Retry-After, zero":       {http.Header{"Retry-After": {"0"}, github: {"10"}}, 0},
		"Retry-After, broken":     {http.Header{"Retry-After": {"soon"}, github: {"10"}}, 10 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRetryAfter(t, http.StatusTooManyRequests, test.header, test.want)
			checkRetryAfter(t, http.StatusServiceUnavailable, test.header, test.want)
		})
	}
	t.Run("another status", func(t *testing.T) {
		t.Parallel()
		checkRetryAfter(t, http.StatusInternalServerError, http.Header{github: {"45"}}, none)
	})
}

func checkRetryAfter(t *testing.T, status int, header http.Header, want time.Duration) {
	t.Helper()
	got := none
	if wait := httpstack.RetryAfter(&httpstack.Response{StatusCode: status, Header: header, RequestedAt: requestedAt}); wait != nil {
		got = *wait
	}
	if got != want {
		t.Errorf("status %d: got %s, want %s", status, got, want)
	}
}

// FuzzRetryAfter lets a server name any time: what is read of it is a wait that
// can be added to a time.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "120", "-1", "1e300", "NaN", "Fri, 03 Oct 2025 12:01:30 GMT", "1759492830", "b=per_hour;q=10;r=0;t=3540,b=per_day;q=1;r=1;t=1", "r=0;t=1e19",
	} {
		f.Add(value, value, "Fri, 03 Oct 2025 12:00:00 GMT")
		f.Add("", value, value)
	}
	f.Fuzz(func(t *testing.T, retryAfter, limit, date string) {
		header := http.Header{"Retry-After": {retryAfter}, "Date": {date}}
		for _, name := range []string{"Ratelimit-Reset", "X-Ratelimit-Reset", "X-Rate-Limit-Reset", "Auth0-Client-Quota-Limit"} {
			header.Set(name, limit)
		}
		wait := httpstack.RetryAfter(&httpstack.Response{StatusCode: 429, Header: header, RequestedAt: requestedAt})
		if wait != nil && (*wait < 0 || requestedAt.Add(*wait).Before(requestedAt)) {
			t.Errorf("wait %s", *wait)
		}
	})
}
