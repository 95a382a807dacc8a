// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
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
		"no colon in the offset": {`"2011-03-22T20:43:00+0200"`, time.Hour},
		"space for T":            {`"2011-03-22 18:43:00Z"`, time.Hour},
		"space, no colon":        {`"2011-03-22 18:43:00+0000"`, time.Hour},
		"space before offset":    {`"2011-03-22 18:43:00.5 +0000"`, time.Hour + 500*time.Millisecond},
		"space, UTC":             {`"2011-03-22 18:43:00 UTC"`, time.Hour},
		"space, no zone":         {`"2011-03-22 18:43:00"`, 0},
		// RFC 9110 section 5.6.7, the preferred format and the obsolete ones.
		"IMF-fixdate":              {`"Tue, 22 Mar 2011 18:43:00 GMT"`, time.Hour},
		"RFC 850":                  {`"Tuesday, 22-Mar-11 18:43:00 GMT"`, time.Hour},
		"asctime":                  {`"Tue Mar 22 18:43:00 2011"`, time.Hour},
		"RFC 5322":                 {`"Tue, 22 Mar 2011 20:43:00 +0200"`, time.Hour},
		"zone by its abbreviation": {`"Tue, 22 Mar 2011 18:43:00 CET"`, 0},
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
			server := responding(http.StatusOK, "{"+test.members+"}")
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

// TestLifetimeCountsFromTheRequest: neither a slow response nor the clock of the
// server makes a token look younger than it is.
func TestLifetimeCountsFromTheRequest(t *testing.T) {
	t.Parallel()
	server := responding(http.StatusOK, `{"access_token":"abc","expires_in":60}`)
	server.response.Header.Set("Date", "Tue, 22 Mar 2033 17:43:00 GMT")
	token, err := server.ask(t.Context(), oauth2.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if want := requestedAt.Add(time.Minute); !token.ExpiresAt.Equal(want) || !token.RequestedAt.Equal(requestedAt) {
		t.Errorf("got %s to %s", token.RequestedAt, token.ExpiresAt)
	}
}

// TestUnreadableLifetime: what is no lifetime is described where that leaves none, and
// quoted only if it cannot be a secret.
func TestUnreadableLifetime(t *testing.T) {
	t.Parallel()
	const noLifetime = "" // what is described
	tests := map[string]struct {
		members    string
		fields     map[string]string
		assumed    time.Duration
		name, held string
	}{
		"nothing said":      {members: `"x":1`, held: noLifetime},
		"null":              {members: `"expires_in":null`, held: noLifetime},
		"readable":          {members: `"expires_in":60`, held: noLifetime},
		"other one read":    {members: `"expires_in":"never","expires_at":1300819380`, held: noLifetime},
		"assumed":           {members: `"expires_in":"never"`, assumed: time.Minute, held: noLifetime},
		"word of a date":    {members: `"expires_in":"never"`, name: "expires_in", held: `"never"`},
		"unit":              {members: `"expires_in":"3600s"`, name: "expires_in", held: `"3600s"`},
		"zero":              {members: `"expires_in":0`, held: noLifetime},
		"less than zero":    {members: `"expires_in":"-1"`, held: noLifetime},
		"instant":           {members: `"expires_in":1300819380`, name: "expires_in", held: `the number 1300819380`},
		"date without zone": {members: `"expires_at":"2011-03-22 18:43:00"`, name: "expires_at", held: `"2011-03-22 18:43:00"`},
		"secret":            {members: `"expires_at":"c4n4ry"`, name: "expires_at", held: `a string`},
		"long number":       {members: `"expires_in":` + strings.Repeat("9", 50), name: "expires_in", held: `a number`},
		"object":            {members: `"expires_in":{"s":"c4n4ry"}`, name: "expires_in", held: `an object`},
		"mapped to text": {
			members: `"data":{"ttl":"c4n4ry"}`, fields: map[string]string{"expires_in": "/data/ttl"}, name: "expires_in", held: `a string`,
		},
		"mapped to nothing": {members: `"x":1`, fields: map[string]string{"expires_at": "/data/end"}, name: "expires_at", held: `missing`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := oauth2.TokenRequest{Fields: fields(test.fields), DefaultLifetime: test.assumed}
			token, err := responding(http.StatusOK, `{"access_token":"abc",`+test.members+`}`).ask(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if name, held := token.UnreadableLifetime(request.Fields); name != test.name || held != test.held {
				t.Errorf("got %q with %s, want %q with %s", name, held, test.name, test.held)
			}
		})
	}
}

// punctual is an endpoint with the clock of this machine.
type punctual struct{ *endpoint }

func (p punctual) Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error) {
	response, err := p.endpoint.Do(ctx, request)
	response.RequestedAt = time.Now()
	return response, err
}

// TestLifetimeGoesOnDuringSleep: a monotonic clock, which time.Now reads as well, stands
// still while the machine sleeps.
func TestLifetimeGoesOnDuringSleep(t *testing.T) {
	t.Parallel()
	client := oauth2.Client{HTTP: punctual{responding(http.StatusOK, rfcResponse)}, Auth: clientauth.IDOnly{ClientID: clientID}}
	token, err := client.Token(t.Context(), oauth2.TokenRequest{Endpoint: "https://server.example.com/token"})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{token.RequestedAt, token.ExpiresAt} {
		if at != at.Round(0) {
			t.Errorf("%s has a reading of the monotonic clock", at)
		}
	}
}
