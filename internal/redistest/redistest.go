// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package redistest runs real Redis or Valkey servers for one test, with folders and
// ports of their own: one, a cluster, or a master with a replica and Sentinels.
package redistest

import (
	"bufio"
	"context"
	"crypto"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// Require is the environment variable that makes tests fail instead of skip if no server
// is installed.
const Require = "OAUTH2CC_REQUIRE_REDIS"

// Options configure a server. The zero value is a server without TLS that permits
// everything to everybody.
type Options struct {
	// Program is redis-server or valkey-server; empty means the one that is installed.
	Program string
	// TLS is the server's certificate. With one, the port speaks only TLS.
	TLS *tls.Certificate
	// ClientCA, in PEM, makes the server require client certificates of this authority.
	ClientCA string
	// Users are lines of an access control list, such as "ci on >password ~* +get". They
	// can restrict the user "default" too.
	Users []string
	// MaxMemory is in bytes. Nothing is evicted to stay below it.
	MaxMemory int
	// Directives are additional lines of the configuration.
	Directives []string

	cluster bool   // the server is a node of a cluster
	monitor string // the address of the master that the server is a Sentinel for
}

// Server is a server that runs until its test ends.
type Server struct {
	// Address is host and port. Socket is the path of a Unix socket, without TLS.
	Address string
	Socket  string
	tls     bool
	bus     string // the port for the other nodes of a cluster
	process *os.Process
	ended   chan struct{}
}

// attempts is how many ports are tried: another process may take one before the server
// does.
const attempts = 5

// Start starts a server and returns when it is ready. If none is installed, the test is
// skipped, or fails if [Require] is set and the options name none.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	program := find(t, options.Program)
	folder := temporary(t)
	var output string
	for range attempts {
		server := &Server{
			Address: freeAddress(t),
			Socket:  filepath.Join(folder, "redis.sock"),
			tls:     options.TLS != nil,
			ended:   make(chan struct{}),
		}
		_, server.bus, _ = net.SplitHostPort(freeAddress(t))
		var ready bool
		if ready, output = server.start(t, program, configuration(t, server, folder, options), options.monitor != ""); ready {
			return server
		}
	}
	t.Fatalf("%s does not start:\n%s", program, output)
	return nil
}

// URL returns the server's URL for a user with a password; both may be empty.
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

// SocketURL is URL for the socket.
func (s *Server) SocketURL(user, password string) string {
	at := url.URL{Scheme: "unix", Path: s.Socket}
	if password != "" {
		at.User = url.UserPassword(user, password)
	}
	return at.String()
}

// Kill kills the server and waits for its end.
func (s *Server) Kill() {
	_ = s.process.Kill() // it may have ended by itself
	<-s.ended
}

// Do sends a command over the socket, as the user "default", and returns the first line
// of the reply, or the text if it is one of many lines. It may be called after the test
// has ended.
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
	reader := bufio.NewReader(connection)
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	line = strings.TrimRight(line, "\r\n")
	size, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
	if !strings.HasPrefix(line, "$") || err != nil || size < 0 {
		return line
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(reader, text); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns the path of a server.
func find(t testing.TB, program string) string {
	t.Helper()
	programs := []string{"redis-server", "valkey-server"}
	if program != "" {
		programs = []string{program}
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := strings.Join(programs, " or ") + " is not on PATH; scripts/install-redis.sh installs Redis"
	if program == "" && os.Getenv(Require) != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// temporary makes a folder with a short path: a socket's path is limited to about a
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

// start runs the program until the test ends. It returns false and the program's output
// if the program ends before it is ready. A Sentinel writes to its configuration, which
// is therefore a file.
func (s *Server) start(t testing.TB, program, configuration string, sentinel bool) (ready bool, output string) {
	t.Helper()
	arguments, says := []string{"-"}, "Ready to accept connections"
	if sentinel {
		file := filepath.Join(filepath.Dir(s.Socket), "sentinel.conf")
		if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments, says = []string{file, "--sentinel"}, "Sentinel ID is"
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, arguments...)
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
		_ = command.Wait() // the error is the signal that ended it
		_ = writer.Close()
		close(s.ended)
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		output += lines.Text() + "\n"
		if strings.Contains(lines.Text(), says) {
			go io.Copy(io.Discard, reader) //nolint:errcheck // ends with the server
			return true, output
		}
	}
	return false, output
}

// configuration is for the server's standard input, so that no password is on a command
// line.
func configuration(t testing.TB, server *Server, folder string, options Options) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(server.Address)
	lines := []string{
		"bind " + host,
		"unixsocket " + strconv.Quote(server.Socket),
		"dir " + strconv.Quote(folder),
	}
	if options.monitor == "" {
		lines = append(lines, `save ""`, "appendonly no", "maxmemory "+strconv.Itoa(options.MaxMemory), "maxmemory-policy noeviction")
	} else {
		lines = append(lines, monitoring(options.monitor)...)
	}
	if options.cluster {
		lines = append(lines, "cluster-enabled yes", "cluster-node-timeout 2000", "cluster-port "+server.bus)
	}
	if options.TLS == nil {
		lines = append(lines, "port "+port)
	} else {
		lines = append(lines, "port 0", "tls-port "+port)
		lines = append(lines, secured(t, folder, options)...)
	}
	for _, user := range options.Users {
		lines = append(lines, "user "+user)
	}
	return strings.Join(append(lines, options.Directives...), "\n") + "\n"
}

// secured writes the certificates to files and returns the lines that name them.
func secured(t testing.TB, folder string, options Options) []string {
	t.Helper()
	signer, ok := options.TLS.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatalf("a private key of type %T", options.TLS.PrivateKey)
	}
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(path)
	}
	lines := []string{
		"tls-cert-file " + write("certificate.pem", authservertest.CertificatePEM(*options.TLS)),
		"tls-key-file " + write("key.pem", authservertest.PKCS8(t, signer)),
	}
	if options.ClientCA == "" {
		return append(lines, "tls-auth-clients no")
	}
	return append(lines, "tls-ca-cert-file "+write("client-ca.pem", options.ClientCA))
}
