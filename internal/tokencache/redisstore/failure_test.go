// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/alicebob/miniredis/v2"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// bound is how long an operation may take on a busy machine.
const bound = 8 * time.Second

// outcomes runs all operations at once, and returns their errors by name. Each must end
// within the bound.
func outcomes(t *testing.T, store *redisstore.Store) map[string]error {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	found := map[string]error{}
	for name, operation := range map[string]func(context.Context) error{
		"load":   func(ctx context.Context) error { _, _, err := store.Load(ctx, key); return err },
		"save":   func(ctx context.Context) error { return store.Save(ctx, otherKey, []byte("token"), time.Minute) },
		"delete": func(ctx context.Context) error { return store.Delete(ctx, key) },
		"lock":   func(ctx context.Context) error { _, err := store.TryLock(ctx, key); return err },
	} {
		all.Go(func() {
			start := time.Now()
			err := operation(t.Context())
			if took := time.Since(start); took > bound {
				t.Errorf("%s took %v", name, took)
			}
			mu.Lock()
			defer mu.Unlock()
			found[name] = err
		})
	}
	all.Wait()
	return found
}

// pause makes a server accept commands without replying, for longer than the test.
func pause(t *testing.T, server *redistest.Server) {
	t.Helper()
	if got := server.Do(t, "CLIENT", "PAUSE", "600000", "ALL"); got != "+OK" {
		t.Fatal(got)
	}
}

// listen runs a server for one test and returns its URL.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				serve(connection)
				_ = connection.Close()
			}()
		}
	}()
	return "redis://" + listener.Addr().String()
}

// silent accepts what it is sent.
func silent(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) }

// says replies to each command with the same text.
func says(text string) func(net.Conn) {
	return func(connection net.Conn) {
		commands := make([]byte, 64<<10)
		for {
			length, err := connection.Read(commands)
			if err != nil {
				return
			}
			count := 1 + bytes.Count(commands[:length], []byte("\r\n*"))
			if _, err := io.WriteString(connection, strings.Repeat(text, count)); err != nil {
				return
			}
		}
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	gone, paused := redistest.Start(t, redistest.Options{}), redistest.Start(t, redistest.Options{})
	gone.Kill()
	pause(t, paused)
	clear, mute := redistest.Start(t, redistest.Options{}).URL("", ""), listen(t, silent)
	for name, url := range map[string]string{
		"nobody listens":         gone.URL("", ""),
		"no socket":              gone.SocketURL("", ""),
		"no such file":           "unix:///nonexistent/redis.sock",
		"paused":                 paused.URL("", ""),
		"silence":                mute,
		"silence, with a user":   strings.Replace(mute, "://", "://fleet:password@", 1),
		"silence instead of tls": strings.Replace(clear, "redis", "rediss", 1),
		"tls instead of text":    strings.Replace(secured(t, "").url, "rediss", "redis", 1),
		"hangs up":               listen(t, func(net.Conn) {}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustAllFail(t, open(t, url, nil), redisstore.ErrUnavailable)
		})
	}
	t.Run("sentinel, silence", func(t *testing.T) {
		t.Parallel()
		mustAllFail(t, open(t, everyTopology(mute)["sentinel, "], nil), redisstore.ErrUnavailable)
	})
}

// TestNoRedis has servers whose replies are none, be it of one server, of a node of a
// cluster or of a Sentinel.
func TestNoRedis(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"http":              listen(t, says("HTTP/1.1 400 Bad Request\r\n\r\n")),
		"not a length":      listen(t, says("$a\r\n")),
		"empty lines":       listen(t, says("\r\n")),
		"a long line":       listen(t, says("+"+strings.Repeat("a", 5<<20))),
		"an endless string": listen(t, says("$9223372036854775807\r\n")),
		"a large string":    listen(t, says("$100000000000\r\n")),
		"an endless array":  listen(t, says("*9223372036854775807\r\n")),
		"a large array":     listen(t, says("*10000000000\r\n")),
		"arrays of arrays":  listen(t, says(strings.Repeat("*1000\r\n", 100_000))),
		"deep arrays":       listen(t, says(strings.Repeat("*1\r\n", 2<<20))),
		"a map":             listen(t, says("%10000000000\r\n")),
		"other types":       listen(t, says(":1\r\n")),
	} {
		for kind, url := range everyTopology(url) {
			t.Run(kind+name, func(t *testing.T) {
				t.Parallel()
				mustAllFail(t, open(t, url, nil), redisstore.ErrUnavailable)
			})
		}
	}
}

// everyTopology returns a server's URL, and those of a cluster and of Sentinels there.
func everyTopology(url string) map[string]string {
	transport, rest, _ := strings.Cut(url, "://")
	return map[string]string{
		"":           url,
		"cluster, ":  transport + "+cluster://" + rest,
		"sentinel, ": transport + "+sentinel://" + rest + "/mymaster",
	}
}

// mustAllFail holds that all operations fail in the same way.
func mustAllFail(t *testing.T, store *redisstore.Store, want error) {
	t.Helper()
	for operation, err := range outcomes(t, store) {
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", operation, err, want)
		}
	}
}

// TestNotAsTheURLSays has servers of another kind, or in another state, than it takes.
func TestNotAsTheURLSays(t *testing.T) {
	t.Parallel()
	one, watched := redistest.Start(t, redistest.Options{}), redistest.StartSentinel(t, 1, redistest.Options{}, redistest.Options{})
	for name, row := range map[string]struct {
		url  string
		want error
	}{
		"node of a cluster":      {listen(t, says("-MOVED 1 10.0.0.1:6379\r\n")), redisstore.ErrTopology},
		"Sentinel":               {watched.Sentinels[0].URL("", ""), redisstore.ErrTopology},
		"no cluster":             {everyTopology(one.URL("", ""))["cluster, "], redisstore.ErrTopology},
		"no Sentinel":            {everyTopology(one.URL("", ""))["sentinel, "], redisstore.ErrTopology},
		"Sentinel as a cluster":  {everyTopology(watched.Sentinels[0].URL("", ""))["cluster, "], redisstore.ErrTopology},
		"another master":         {everyTopology(watched.Sentinels[0].URL("", ""))["sentinel, "], redisstore.ErrTopology},
		"loading":                {listen(t, says("-LOADING Redis is loading the dataset in memory\r\n")), redisstore.ErrNotReady},
		"replica without master": {listen(t, says("-MASTERDOWN Link with MASTER is down\r\n")), redisstore.ErrNotReady},
		"cluster that is down":   {listen(t, says("-CLUSTERDOWN The cluster is down\r\n")), redisstore.ErrNotReady},
		"keys that move":         {listen(t, says("-TRYAGAIN Multiple keys request during rehashing of slot\r\n")), redisstore.ErrNotReady},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustAllFail(t, open(t, row.url, nil), row.want)
		})
	}
}

func TestServerKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	store := open(t, server.URL("", ""), nil)
	if err := store.Save(t.Context(), key, []byte("token"), time.Minute); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for name, err := range outcomes(t, store) {
		if !errors.Is(err, redisstore.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", name, err, redisstore.ErrUnavailable)
		}
	}
}

func TestServerThatComesBack(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	store := open(t, "redis://"+double.Addr(), nil)
	if err := store.Save(t.Context(), key, []byte("token"), time.Minute); err != nil {
		t.Fatal(err)
	}
	double.Close()
	if err := double.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Load(t.Context(), key); err != nil {
		t.Errorf("the first time after a restart: %v", err)
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Users: []string{
		"fleet on >password ~oauth2cc:v1:* +@all",
		"off off >password ~* +@all",
		"powerless on >password",
	}})
	closed := redistest.Start(t, redistest.Options{Directives: []string{"requirepass password"}})
	for name, url := range map[string]string{
		"wrong password":         server.URL("fleet", "passport"),
		"unknown user":           server.URL("someone", "password"),
		"user that is off":       server.URL("off", "password"),
		"user without rights":    server.URL("powerless", "password"),
		"no password":            closed.URL("", ""),
		"wrong password, nobody": closed.URL("", "passport"),
		"user without select":    server.URL("powerless", "password") + "/1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for operation, err := range outcomes(t, open(t, url, nil)) {
				if !errors.Is(err, redisstore.ErrDenied) {
					t.Errorf("%s: got %v, want %v", operation, err, redisstore.ErrDenied)
				}
			}
		})
	}
	if err := open(t, closed.URL("", "password"), nil).Delete(t.Context(), key); err != nil {
		t.Errorf("the right password: %v", err)
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]redistest.Options{
		"no memory": {MaxMemory: 1},
		"a replica": {Directives: []string{"replicaof 127.0.0.1 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := outcomes(t, open(t, redistest.Start(t, options).URL("", ""), nil))
			for _, operation := range []string{"save", "lock"} {
				if err := found[operation]; !errors.Is(err, redisstore.ErrFull) {
					t.Errorf("%s: got %v, want %v", operation, err, redisstore.ErrFull)
				}
			}
			if err := found["load"]; !isNotFound(err) {
				t.Errorf("load: %v", err)
			}
		})
	}
}

func TestCallerLeavesSilentServer(t *testing.T) {
	t.Parallel()
	url := listen(t, silent)
	for name, leave := range map[string]func(context.CancelFunc){
		"before": func(cancel context.CancelFunc) { cancel() },
		"later":  func(cancel context.CancelFunc) { time.AfterFunc(20*time.Millisecond, cancel) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			leave(cancel)
			start := time.Now()
			if _, _, err := open(t, url, nil).Load(ctx, key); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
			if took := time.Since(start); took > bound {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"echo":               "-ERR no user fleet:hunter22\r\n",
		"echo, encoded":      "-WRONGPASS Zmxl&#101;t aHVudGVyMjI=\r\n",
		"control characters": "-ERR \x1b[31m\x00\x07\u202ehunter22\r\n",
		"no text at all":     "-\xff\xfe\xfd\r\n",
		"a long text":        "-ERR " + strings.Repeat("ß hunter22 ", 1000) + "\r\n",
		"a long line":        "hunter22" + strings.Repeat("hunter22", 1000) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := strings.Replace(listen(t, says(reply)), "://", "://fleet:hunter22@", 1)
			for operation, err := range outcomes(t, open(t, url, nil)) {
				checkShown(t, operation, err)
			}
		})
	}
}

// checkShown checks what an error shows.
func checkShown(t *testing.T, operation string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", operation)
		return
	}
	text := err.Error()
	for _, secret := range []string{"hunter22", "fleet", "aHVudGVyMjI"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s: %q shows %s", operation, text, secret)
		}
	}
	const sentinelAndText = 250
	if len(text) > sentinelAndText || strings.ContainsFunc(text, func(char rune) bool { return !unicode.IsPrint(char) }) {
		t.Errorf("%s: %q", operation, text)
	}
}
