// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// rfcJWT is the example of RFC 7519 section 3.1. Its exp is 1300819380.
const rfcJWT = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func TestExpiresIn(t *testing.T) {
	t.Parallel()
	const unknown = 0
	tests := map[string]struct {
		json string
		want int64
	}{
		"RFC 6749":             {`3600`, 3600},
		"one second":           {`1`, 1},
		"string, PayPal":       {`"32400"`, 32400},
		"string with spaces":   {`" 3600 "`, 3600},
		"float":                {`3599.9`, 3599},
		"float in a string":    {`"3599.9"`, 3599},
		"exponent":             {`3.6e3`, 3600},
		"exponent, large":      {`36E+02`, 3600},
		"a hundred years":      {`3153600000`, 3153600000},
		"more is not believed": {`3153600001`, unknown},
		"int64 overflow":       {`9223372036854775808`, unknown},
		"absurd":               {`1e300`, unknown},
		"beyond float64":       {`1e400`, unknown},
		"far beyond float64":   {`1e999999999`, unknown},
		"next to nothing":      {`1e-999999999`, unknown},
		"less than a second":   {`0.9`, unknown},
		"largest int32":        {`2147483647`, 2147483647},
		"instant, an hour off": {`1300819380`, unknown}, // seconds since 1970
		"instant, in a string": {`"1300819380"`, unknown},
		"milliseconds since":   {`1300819380000`, unknown},
		"hexadecimal":          {`"0x10"`, unknown},
		"underscores":          {`"3_600"`, unknown},
		"zero":                 {`0`, unknown},
		"negative zero":        {`-0`, unknown},
		"negative":             {`-1`, unknown},
		"null":                 {`null`, unknown},
		"bool":                 {`true`, unknown},
		"list":                 {`[3600]`, unknown},
		"object":               {`{}`, unknown},
		"empty string":         {`""`, unknown},
		"words":                {`"never"`, unknown},
		"unit":                 {`"3600s"`, unknown},
		"not a number":         {`"NaN"`, unknown},
		"infinite":             {`"Inf"`, unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issued(t, `{"access_token":"abc","expires_in":`+test.json+`}`)
			var wantAt time.Time
			if test.want > 0 {
				wantAt = requestedAt.Add(time.Duration(test.want) * time.Second)
			}
			if token.ExpiresIn != test.want || !token.ExpiresAt.Equal(wantAt) {
				t.Errorf("got %d s, until %s; want %d s, until %s", token.ExpiresIn, token.ExpiresAt, test.want, wantAt)
			}
		})
	}
}

func TestExpiresAt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json string
		want time.Duration // after the request; zero: unknown
	}{
		"RFC 3339":               {`"2011-03-22T18:43:00Z"`, time.Hour},
		"RFC 3339, offset":       {`"2011-03-22T20:43:00+02:00"`, time.Hour},
		"RFC 3339, fraction":     {`"2011-03-22T18:43:00.5Z"`, time.Hour + 500*time.Millisecond},
		"epoch":                  {`1300819380`, time.Hour},
		"epoch, fraction":        {`1300819380.9`, time.Hour},
		"epoch in a string":      {`"1300819380"`, time.Hour},
		"epoch with exponent":    {`1.30081938e9`, time.Hour},
		"milliseconds":           {`1300819380000`, time.Hour},
		"milliseconds, string":   {`"1300819380999"`, time.Hour},
		"year 4999":              {`95617583999`, 0},
		"microseconds":           {`1300819380000000`, 0},
		"beyond float64":         {`1e400`, 0},
		"zero":                   {`0`, 0},
		"negative":               {`-1300819380`, 0},
		"null":                   {`null`, 0},
		"without a zone":         {`"2011-03-22T18:43:00"`, 0},
		"date":                   {`"2011-03-22"`, 0},
		"date of another format": {`"Tue, 22 Mar 2011 18:43:00 GMT"`, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issued(t, `{"access_token":"abc","expires_at":`+test.json+`}`)
			remaining, known := token.Remaining(requestedAt)
			if known != (test.want > 0) || remaining != test.want {
				t.Errorf("got %s, known %t; want %s", remaining, known, test.want)
			}
			if token.ExpiresAt.Location() != time.UTC {
				t.Errorf("the time is in %s", token.ExpiresAt.Location())
			}
		})
	}
}

// TestLifetimeThatIsOver: a token that was dead on arrival is known to be.
func TestLifetimeThatIsOver(t *testing.T) {
	t.Parallel()
	token := issued(t, `{"access_token":"abc","expires_at":"2011-03-22T17:42:59Z"}`)
	if remaining, known := token.Remaining(requestedAt); !known || remaining != -time.Second || token.ExpiresIn != 0 {
		t.Errorf("got %s, known %t, expires_in %d", remaining, known, token.ExpiresIn)
	}
}

// TestLifetimePrecedence: what is said first counts, and silence is not for ever.
func TestLifetimePrecedence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members string
		assumed time.Duration
		want    int64
	}{
		"expires_in":                    {`"access_token":"` + rfcJWT + `","expires_in":60,"expires_at":1300816080`, time.Minute * 10, 60},
		"expires_at":                    {`"access_token":"` + rfcJWT + `","expires_at":1300816080`, time.Minute * 10, 300},
		"exp":                           {`"access_token":"` + rfcJWT + `"`, time.Minute * 10, 3600},
		"assumed":                       {`"access_token":"abc"`, time.Minute * 10, 600},
		"nothing":                       {`"access_token":"abc"`, 0, 0},
		"unusable expires_in":           {`"access_token":"abc","expires_in":"never","expires_at":1300816080`, 0, 300},
		"unusable expires_at":           {`"access_token":"` + rfcJWT + `","expires_at":"soon"`, 0, 3600},
		"instant beside expires_at":     {`"access_token":"abc","expires_in":1300819380,"expires_at":1300816080`, 0, 300},
		"instant in expires_in":         {`"access_token":"` + rfcJWT + `","expires_in":1300819380`, 0, 3600},
		"all unusable":                  {`"access_token":"a.b.c","expires_in":0,"expires_at":0`, time.Minute, 60},
		"unusable, and nothing assumed": {`"access_token":"a.b.c","expires_in":-1`, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := answering(http.StatusOK, "{"+test.members+"}")
			token, err := server.ask(t.Context(), oauth2.TokenRequest{DefaultLifetime: test.assumed})
			if err != nil {
				t.Fatal(err)
			}
			if token.ExpiresIn != test.want || token.ExpiresAt.IsZero() != (test.want == 0) {
				t.Errorf("got %d s until %s, want %d s", token.ExpiresIn, token.ExpiresAt, test.want)
			}
		})
	}
}

// TestLifetimeCountsFromTheRequest: neither a slow answer nor the clock of the
// server makes a token look younger than it is.
func TestLifetimeCountsFromTheRequest(t *testing.T) {
	t.Parallel()
	server := answering(http.StatusOK, `{"access_token":"abc","expires_in":60}`)
	server.answer.Header.Set("Date", "Tue, 22 Mar 2033 17:43:00 GMT")
	token, err := server.ask(t.Context(), oauth2.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if want := requestedAt.Add(time.Minute); !token.ExpiresAt.Equal(want) || !token.RequestedAt.Equal(requestedAt) {
		t.Errorf("got %s to %s", token.RequestedAt, token.ExpiresAt)
	}
}
