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

// longestWait is the most that is believed. More is a mistake in the unit, and
// would overflow a time.Duration sooner or later.
const longestWait = 100 * 365 * 24 * time.Hour

// RetryAfter returns how long a server asks to wait before the next request, from
// when it answered; nil where it does not. Retry-After counts first (RFC 9110
// section 10.2.3): it is zero where its time is over. Where there is none, the
// answers 429 and 503 may have what rate limiters tell in its stead.
func RetryAfter(response *Response) *time.Duration {
	at := answeredAt(response)
	if wait, ok := parseRetryAfter(response.Header.Get("Retry-After"), at); ok {
		return &wait
	}
	if status := response.StatusCode; status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return nil
	}
	if wait := rateLimited(response.Header, at); wait > 0 {
		return &wait
	}
	return nil
}

// answeredAt is the time by the server's clock, with which its dates are to be
// compared, and by this machine's where the server does not tell its own.
func answeredAt(response *Response) time.Time {
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		return date
	}
	return response.RequestedAt
}

// parseRetryAfter reads seconds or a date.
func parseRetryAfter(value string, at time.Time) (time.Duration, bool) {
	if number, ok := parseNumber(value); ok {
		return seconds(number), true
	}
	date, err := http.ParseTime(strings.TrimSpace(value))
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(at), 0), longestWait), true
}

// rateLimited is the longest wait that the header fields of rate limiters ask
// for, zero where they ask for none.
func rateLimited(header http.Header, at time.Time) time.Duration {
	var longest time.Duration
	for _, name := range []string{"RateLimit", "X-RateLimit", "X-Rate-Limit"} {
		left, known := parseNumber(header.Get(name + "-Remaining"))
		reset, told := parseNumber(header.Get(name + "-Reset"))
		if told && (left <= 0 || !known) { // some servers tell it with every answer
			longest = max(longest, untilReset(reset, at))
		}
	}
	for _, name := range []string{"RateLimit", "Auth0-Client-Quota-Limit", "Auth0-Organization-Quota-Limit"} {
		for _, bucket := range parseBuckets(strings.Join(header.Values(name), ",")) {
			longest = max(longest, bucket.wait())
		}
	}
	return longest
}

// Numbers from here on cannot be seconds to wait, which would be years, and are
// those since 1970; or milliseconds since then, where the seconds would be in the
// year 5138.
const (
	leastEpoch      = 1e8
	leastEpochMilli = 1e11
)

// untilReset reads a number that some servers mean as seconds to wait (the IETF's
// draft until its seventh version) and others as a time (GitHub, Okta).
func untilReset(number float64, at time.Time) time.Duration {
	switch {
	case number >= leastEpochMilli:
		return seconds(number/1e3 - epoch(at))
	case number >= leastEpoch:
		return seconds(number - epoch(at))
	default:
		return seconds(number)
	}
}

// epoch is a time in seconds since 1970.
func epoch(at time.Time) float64 { return float64(at.UnixMilli()) / 1e3 }

// bucket is one quota of a rate limiter, by the names of its parameters.
type bucket map[string]string

// wait is how long a bucket that is used up stays so. The parameters r and t are
// those of the IETF's draft-ietf-httpapi-ratelimit-headers and of Auth0,
// remaining and reset those of the draft's versions up to the seventh.
func (b bucket) wait() time.Duration {
	for _, names := range [][2]string{{"r", "t"}, {"remaining", "reset"}} {
		left, known := parseNumber(b[names[0]])
		reset, told := parseNumber(b[names[1]])
		if known && told && left <= 0 {
			return seconds(reset)
		}
	}
	return 0
}

// parseBuckets reads a list of quotas with their parameters, as in
// `"default";r=0;t=30, "daily";r=5;t=3600`. In the older form of
// `limit=10, remaining=0, reset=30` all of it is about one.
func parseBuckets(value string) []bucket {
	var buckets []bucket
	single := bucket{}
	for item := range strings.SplitSeq(value, ",") {
		found := bucket{}
		for parameter := range strings.SplitSeq(item, ";") {
			name, text, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			found[name], single[name] = text, text
		}
		buckets = append(buckets, found)
	}
	if _, old := single["remaining"]; old {
		return []bucket{single}
	}
	return buckets
}

// parseNumber reads a number, which most servers write without a fraction.
func parseNumber(text string) (float64, bool) {
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return number, err == nil && !math.IsNaN(number) && !math.IsInf(number, 0)
}

// seconds turns a number into a wait, zero where it is negative.
func seconds(number float64) time.Duration {
	return time.Duration(min(max(number, 0), longestWait.Seconds()) * float64(time.Second))
}
