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
		{"redis+cluster://one:7000,two:7001,three:7002", ""},
		{"rediss+cluster://fleet:p%2Css@one.example.com,[2001:db8::1]:7001,[2001:db8::2]/0", ""},
		{"REDIS+CLUSTER://localhost/", ""},
		{"redis+sentinel://localhost/mymaster", ""},
		{"rediss+sentinel://:password@one:26379,two,[::1]:26380/mymaster/3", ""},
		{"redis+sentinel://one,two/mymaster/", ""},
		{"redis+://localhost", "its scheme must be"},
		{"redis+tls://localhost", "its scheme must be"},
		{"unix+cluster:///run/redis.sock", "its scheme must be"},
		{"redis-sentinel://localhost/mymaster", "its scheme must be"},
		{"redis://one,two", "it has several hosts"},
		{"rediss://user:password@one:6379,two:6380/0", "it has several hosts"},
		{"redis+cluster://one,", "it has no host"},
		{"redis+cluster://,two", "it has no host"},
		{"redis+cluster://", "it has no host"},
		{"redis+sentinel:///mymaster", "it has no host"},
		{"redis+cluster://one:7000,two:0", "its port must be"},
		{"redis+cluster://one:7000,two:65536", "its port must be"},
		{"redis+cluster://one:7000;two:7001", "its port must be"},
		{"redis+cluster://fleet:password@one,fleet:password@two", "not a valid URL"},
		{"redis+cluster://fleet:p@ss@one,two", "not a valid URL"},
		{"redis+cluster://one,fleet:password@two", "not a valid URL"},
		{"redis+cluster://one,two words", "not a valid URL"},
		{"redis+cluster://password@one,two", "it has a user without"},
		{"redis+cluster://fleet:pass/word@one,two", "not a valid URL"},
		{"redis+cluster://one,two/1", "a cluster has no databases"},
		{"redis+cluster://one,two/mymaster", "a cluster has no databases"},
		{"redis+cluster://one?addr=two", "it has a query option"},
		{"redis+cluster://one,two#x", "it has a fragment"},
		{"redis+sentinel://localhost", "it names no master"},
		{"redis+sentinel://localhost/", "it names no master"},
		{"redis+sentinel://localhost//0", "it names no master"},
		{"redis+sentinel://localhost/mymaster/first", "its database must be"},
		{"redis+sentinel://localhost/mymaster/0/1", "its database must be"},
		{"redis+sentinel://localhost/mymaster?sentinel_password=x", "it has a query option"},
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
	f.Add("redis+cluster://fleet:password@one:7000,[::1]:7001/0")
	f.Add("rediss+sentinel://:pass,word@one,two:26379/mymaster/1")
	known := []string{
		"not a valid URL; special characters in the user and password must be percent-encoded",
		"its scheme must be redis, rediss or unix, redis+cluster or rediss+cluster for Redis Cluster, or redis+sentinel or rediss+sentinel for Sentinel",
		"it has a user without a password; without a user, write redis://:password@host",
		"it has no host, or an empty one in a list",
		"it has several hosts, which only Redis Cluster (redis+cluster) and Sentinel (redis+sentinel) have",
		"a cluster has no databases but 0; remove the path",
		"it names no master, as in redis+sentinel://host:26379/mymaster or redis+sentinel://host:26379/mymaster/0",
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
