// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ url, want string }{ // no want: it is good
		{"redis://localhost", ""},
		{"REDIS://localhost:6380/", ""},
		{"rediss://fleet:p%40ss%2Fw%23rd@redis.example.com:6380/15", ""},
		{"rediss://:password@[2001:db8::1]", ""},
		{"unix:///run/redis/redis.sock", ""},
		{"unix://fleet:password@/run/redis.sock?db=2", ""},
		{"", "its scheme must be"},
		{"localhost:6379", "its scheme must be"},
		{"http://localhost", "its scheme must be"},
		{"redis+sentinel://localhost", "its scheme must be"},
		{"://localhost", "not a valid URL"},
		{"redis://fleet:p%zzword@localhost", "not a valid URL"},
		{"redis://fleet:pass/word@localhost", "not a valid URL"},
		{"redis://fleet:pass#word@localhost", "not a valid URL"},
		{"redis://local host", "not a valid URL"},
		{"redis:localhost", "it has no host"},
		{"redis:///0", "it has no host"},
		{"redis://:6379", "it has no host"},
		{"redis://localhost:0", "its port must be"},
		{"redis://localhost:65536", "its port must be"},
		{"redis://localhost/first", "its database must be"},
		{"redis://localhost/-1", "its database must be"},
		{"redis://localhost/0/1", "its database must be"},
		{"redis://localhost/2147483648", "its database must be"},
		{"unix:///run/redis.sock?db=a", "its database must be"},
		{"redis://fleet:1234/5@localhost", "its database must be"},
		{"redis://localhost?db=1", "it has a query option"},
		{"rediss://localhost?skip_verify=true", "it has a query option"},
		{"redis://localhost?read_timeout=0", "it has a query option"},
		{"unix:///run/redis.sock?db=1&db=2", "it has a query option"},
		{"unix:///run/redis.sock?db=1&max_retries=9", "it has a query option"},
		{"unix:///run/redis.sock?max_retries=9", "it has a query option"},
		{"redis://localhost/0#x", "it has a fragment"},
		{"redis://localhost/0#", "it has a fragment"},
		{"redis://password@localhost", "it has a user without"},
		{"redis://fleet:@localhost", "it has a user without"},
		{"unix://run/redis.sock", "a unix URL needs"},
		{"unix:redis.sock", "a unix URL needs"},
	} {
		t.Run(row.url, func(t *testing.T) {
			t.Parallel()
			switch err := redisstore.CheckURL(row.url); {
			case row.want == "" && err != nil:
				t.Errorf("got %v", err)
			case row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// FuzzOpen holds that no URL makes Open panic, that it agrees with CheckURL, and
// that its errors are fixed texts, which cannot show a part of any URL.
func FuzzOpen(f *testing.F) {
	f.Add("redis://fleet:password@localhost:6379/0")
	f.Add("rediss://:pass#word@[::1]/?x=1")
	f.Add("unix://fleet:pass%2fword@/run/redis.sock?db=1")
	known := []string{
		"not a valid URL; special characters in the user and password must be percent-encoded",
		"its scheme must be redis, rediss or unix",
		"it has a user without a password; without a user, write redis://:password@host",
		"it has no host",
		"its port must be a number from 1 to 65535",
		"a unix URL needs an absolute path and no host, as in unix:///run/redis.sock",
		"its database must be a number, as in redis://host/0 or unix:///run/redis.sock?db=0",
		"it has a query option that is not supported; the only one is db, of unix URLs",
		"it has a fragment; a # in the password must be percent-encoded",
	}
	f.Fuzz(func(t *testing.T, url string) {
		store, err := redisstore.Open(redisstore.Config{URL: secret.New(url)})
		if checked := redisstore.CheckURL(url); checked != err { //nolint:errorlint // it is the very same
			t.Errorf("Open says %v, CheckURL %v", err, checked)
		}
		if err == nil {
			_ = store.Close()
		} else if !slices.Contains(known, err.Error()) {
			t.Errorf("got %q", err)
		}
	})
}
