// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokenfile_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokenfile"
)

// issuer issues the contents "1", "2" and so on, and notes when.
type issuer struct {
	lifetime time.Duration // zero is unknown
	fails    func(elapsed time.Duration) bool
	begin    time.Time
	number   int
	asked    []time.Duration
	since    []time.Duration
}

func (i *issuer) issue() tokenfile.Content {
	i.number++
	content := tokenfile.Content{Value: secret.New(strconv.Itoa(i.number)), IssuedAt: time.Now()}
	if i.lifetime != 0 {
		content.ExpiresAt = content.IssuedAt.Add(i.lifetime)
	}
	return content
}

func (i *issuer) next(_ context.Context, since time.Time) (tokenfile.Content, error) {
	elapsed := time.Since(i.begin)
	i.asked, i.since = append(i.asked, elapsed), append(i.since, since.Sub(i.begin))
	if i.fails != nil && i.fails(elapsed) {
		return tokenfile.Content{}, errors.New("the server is down")
	}
	return i.issue(), nil
}

// start opens a file in a folder of the test.
func (i *issuer) start(t *testing.T, change ...func(*tokenfile.Config)) *tokenfile.File {
	t.Helper()
	i.begin = time.Now()
	config := tokenfile.Config{
		Path: filepath.Join(t.TempDir(), "token"), First: i.issue(), Next: i.next, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&config)
	}
	file, err := tokenfile.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func closeFile(t *testing.T, file *tokenfile.File) {
	t.Helper()
	if err := file.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(file.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

// TestSchedule: in virtual time, contents are replaced when the contract says so.
func TestSchedule(t *testing.T) {
	t.Parallel()
	const never = time.Duration(0)
	tests := map[string]struct {
		lifetime, minValidity time.Duration
		want                  time.Duration // from each content to the next
	}{
		"an hour":                                {time.Hour, 0, 48 * time.Minute},
		"a minute":                               {time.Minute, 0, 48 * time.Second},
		"two seconds":                            {2 * time.Second, 0, 1600 * time.Millisecond},
		"never more than once a second":          {500 * time.Millisecond, 0, time.Second},
		"unknown":                                {0, 0, never},
		"over before it began":                   {-time.Hour, 0, never},
		"min_validity of less than a fifth":      {time.Hour, 5 * time.Minute, 48 * time.Minute},
		"min_validity, five seconds early":       {time.Hour, 30 * time.Minute, 30*time.Minute - 5*time.Second},
		"min_validity of a short one":            {10 * time.Second, 5 * time.Second, 4 * time.Second},
		"min_validity of nearly the lifetime":    {time.Hour, time.Hour - time.Second, time.Second},
		"min_validity of the lifetime":           {time.Hour, time.Hour, 48 * time.Minute},
		"min_validity of more than the lifetime": {time.Hour, 2 * time.Hour, 48 * time.Minute},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				issuer := issuer{lifetime: row.lifetime}
				file := issuer.start(t, func(c *tokenfile.Config) { c.MinValidity = row.minValidity })
				var want []time.Duration
				if row.want == never {
					time.Sleep(24 * time.Hour)
				}
				for i := 1; row.want != never && i <= 5; i++ {
					time.Sleep(row.want)
					synctest.Wait()
					want = append(want, time.Duration(i)*row.want)
				}
				if !slices.Equal(issuer.asked, want) || !slices.Equal(issuer.since, want) {
					t.Errorf("replaced after %v, due since %v, want %v", issuer.asked, issuer.since, want)
				}
				if got := read(t, file.Path()); got != strconv.Itoa(len(want)+1) {
					t.Errorf("the file has %q", got)
				}
				closeFile(t, file)
				time.Sleep(24 * time.Hour)
				if len(issuer.asked) > len(want) {
					t.Error("replaced after Close")
				}
			})
		})
	}
}

// TestSameAgain: an issuer that issues the same content until it expires is asked more
// often towards the end, and not more than once a second.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var asked []time.Duration
		same := tokenfile.Content{Value: secret.New("same"), IssuedAt: begin, ExpiresAt: begin.Add(100 * time.Second)}
		var issuer issuer
		file := issuer.start(t, func(c *tokenfile.Config) {
			c.First = same
			c.Next = func(context.Context, time.Time) (tokenfile.Content, error) {
				asked = append(asked, time.Since(begin))
				return same, nil
			}
		})
		time.Sleep(103 * time.Second)
		closeFile(t, file)
		want := []time.Duration{80 * time.Second, 96 * time.Second, 99200 * time.Millisecond, 100200 * time.Millisecond, 101200 * time.Millisecond, 102200 * time.Millisecond}
		if !slices.Equal(asked, want) {
			t.Errorf("asked after %v, want %v", asked, want)
		}
	})
}

// TestFailedReplacement keeps the old content, tries again with growing waits, logs each
// failure, and remembers them.
func TestFailedReplacement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		issuer := issuer{lifetime: 100 * time.Second, fails: func(elapsed time.Duration) bool { return elapsed < 10*time.Minute }}
		file := issuer.start(t, func(c *tokenfile.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		time.Sleep(9 * time.Minute)
		if got := read(t, file.Path()); got != "1" {
			t.Errorf("the file has %q", got)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := read(t, file.Path()); got == "1" {
			t.Error("was not tried again")
		}
		failed, err := file.Failures()
		if err == nil || err.Error() != "the server is down" || failed < 10 || failed > 40 {
			t.Errorf("%d failures, %v", failed, err)
		}
		for i, since := range issuer.since[:failed+1] {
			if since != 80*time.Second {
				t.Errorf("attempt %d says that the content is due since %v", i, since)
			}
			if i > 0 && issuer.asked[i]-issuer.asked[i-1] < time.Second {
				t.Errorf("attempt %d followed in %v", i, issuer.asked[i]-issuer.asked[i-1])
			}
		}
		if got := strings.Count(log.String(), "level=WARN"); got != failed || !strings.Contains(log.String(), "the server is down") {
			t.Errorf("%d warnings: %s", got, &log)
		}
		closeFile(t, file)
	})
}

// TestCloseEndsReplacement: a replacement under way ends, and its content is not written.
func TestCloseEndsReplacement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		issuer := issuer{lifetime: 10 * time.Second}
		ended := false
		file := issuer.start(t, func(c *tokenfile.Config) {
			c.Next = func(ctx context.Context, _ time.Time) (tokenfile.Content, error) {
				<-ctx.Done()
				ended = true
				return issuer.issue(), nil
			}
		})
		time.Sleep(9 * time.Second)
		closeFile(t, file)
		if !ended {
			t.Error("Close did not wait for its end")
		}
	})
}
