// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package redistest runs a real Redis or Valkey server for one test, with nothing
// but what the test asks for: no file of a previous run, no port that others know.
package redistest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Require is the environment variable that has tests fail, not skip, where no
// server is installed.
const Require = "OAUTH2CC_REQUIRE_REDIS"

// Options are what a server does beyond the ordinary. The zero value is a server
// in the clear that lets everybody do everything.
type Options struct {
	// TLS is the server's certificate. With one, the port speaks nothing but TLS.
	TLS *tls.Certificate
	// ClientCA, in PEM, has the server demand certificates of this authority.
	ClientCA string
	// Users are lines of an access control list, as in "ci on >password ~* +get".
	// They can restrict the user "default" too.
	Users []string
	// MaxMemory in bytes. Nothing is evicted to stay below it.
	MaxMemory int
	// Directives are further lines of the configuration.
	Directives []string
}

// Server is a server that runs until its test ends.
type Server struct {
	// Address is host and port, Socket the path of a Unix socket, without TLS.
	Address string
	Socket  string
	tls     bool
	process *os.Process
	ended   chan struct{}
}

// attempts is how often a port is looked for: another process may take it before
// the server does.
const attempts = 5

// Start starts a server and returns when it answers. Where none is installed, the
// test is skipped, or fails if [Require] is set.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	program := find(t)
	folder := temporary(t)
	var output string
	for range attempts {
		server := &Server{
			Address: freeAddress(t),
			Socket:  filepath.Join(folder, "redis.sock"),
			tls:     options.TLS != nil,
			ended:   make(chan struct{}),
		}
		var ready bool
		if ready, output = server.start(t, program, configuration(t, server, folder, options)); ready {
			return server
		}
	}
	t.Fatalf("%s does not start:\n%s", program, output)
	return nil
}

// URL is where the server is, for a user with a password, or for anybody where both
// are empty.
func (s *Server) URL(user, password string) string {
	at := url.URL{Scheme: "redis", Host: s.Address}
	if s.tls {
		at.Scheme = "rediss"
	}
	if password != "" {
		at.User = url.UserPassword(user, password)
	}
	return at.String()
}

// SocketURL is URL by way of the socket.
func (s *Server) SocketURL(user, password string) string {
	at := url.URL{Scheme: "unix", Path: s.Socket}
	if password != "" {
		at.User = url.UserPassword(user, password)
	}
	return at.String()
}

// Kill ends the server at once, and returns when it has ended.
func (s *Server) Kill() {
	_ = s.process.Kill() // it may have ended by itself
	<-s.ended
}

// Do sends a command by way of the socket, as the user "default", and returns the
// first line of the answer. It may be called when the test has ended.
func (s *Server) Do(t testing.TB, words ...string) string {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(connection, command.String()); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(line, "\r\n")
}

// find looks for a server on the path.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "neither redis-server nor valkey-server is on PATH; scripts/install-redis.sh installs one"
	if os.Getenv(Require) != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// temporary makes a folder with a short path: that of a socket may have about a
// hundred bytes, which t.TempDir can exceed.
func temporary(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "redis") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// freeAddress returns a port of the loopback that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// startTimeout is how long a server may take to be ready.
const startTimeout = 30 * time.Second

// start runs the program until the test ends. It is false, with what the program
// wrote, if the program ends before it is ready.
func (s *Server) start(t testing.TB, program, configuration string) (ready bool, output string) {
	t.Helper()
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-")
	command.Stdin = strings.NewReader(configuration)
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = command.Process
	t.Cleanup(s.Kill)
	late := time.AfterFunc(startTimeout, func() { _ = s.process.Kill() })
	defer late.Stop()
	go func() {
		_ = command.Wait() // which tells of the signal that ended it
		_ = writer.Close()
		close(s.ended)
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		output += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, reader) //nolint:errcheck // ends with the server
			return true, output
		}
	}
	return false, output
}
