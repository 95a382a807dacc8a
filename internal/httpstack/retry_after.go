// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest wait that is believed. A longer one is a mistake in the unit, and
// could overflow a time.Duration.
const maxWait = 100 * 365 * 24 * time.Hour

// RetryAfter returns how long a server asks to wait between this response and the next
// request; nil if it does not. Retry-After takes precedence (RFC 9110 section 10.2.3), and
// is zero if its date is past. Without it, responses 429 and 503 may have the fields of
// rate limiters.
func RetryAfter(response *Response) *time.Duration {
	at := response.RequestedAt
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		at = date // dates are compared by the server's clock
	}
	if wait, ok := parseRetryAfter(response.Header.Get("Retry-After"), at); ok {
		return &wait
	}
	if status := response.StatusCode; status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return nil
	}
	if wait := max(untilReset(response.Header, at), untilQuota(response.Header)); wait > 0 {
		return &wait
	}
	return nil
}

func parseRetryAfter(value string, at time.Time) (time.Duration, bool) {
	if number, ok := parseNumber(value); ok {
		return seconds(number), true
	}
	date, err := http.ParseTime(strings.TrimSpace(value))
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(at), 0), maxWait), true
}

// minEpoch separates the two meanings of a reset: as seconds to wait it is three years,
// as a time it is in 1973.
const minEpoch = 1e8

// untilReset reads when a rate limit ends: in seconds from now (the drafts of
// draft-ietf-httpapi-ratelimit-headers until the sixth) or since 1970 (GitHub, Okta).
// Some servers send it with every response, with the number of requests that are left.
func untilReset(header http.Header, at time.Time) time.Duration {
	for _, name := range []string{"RateLimit", "X-RateLimit", "X-Rate-Limit"} {
		reset, ok := parseNumber(header.Get(name + "-Reset"))
		left, known := parseNumber(header.Get(name + "-Remaining"))
		if !ok || known && left > 0 {
			continue
		}
		if reset >= minEpoch {
			reset -= float64(at.UnixMilli()) / 1e3
		}
		return seconds(reset)
	}
	return 0
}

// untilQuota reads when the longest of Auth0's exhausted quotas is renewed, as in
// "b=per_hour;q=10;r=0;t=3540": r requests are left, for t seconds.
func untilQuota(header http.Header) time.Duration {
	var longest time.Duration
	for bucket := range strings.SplitSeq(header.Get("Auth0-Client-Quota-Limit"), ",") {
		parameters := map[string]string{}
		for parameter := range strings.SplitSeq(bucket, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			parameters[name] = value
		}
		if reset, ok := parseNumber(parameters["t"]); ok && parameters["r"] == "0" {
			longest = max(longest, seconds(reset))
		}
	}
	return longest
}

func parseNumber(text string) (float64, bool) {
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return number, err == nil && !math.IsNaN(number) && !math.IsInf(number, 0)
}

// seconds turns a number into a wait; zero if it is negative.
func seconds(number float64) time.Duration {
	return time.Duration(min(max(number, 0), maxWait.Seconds()) * float64(time.Second))
}
