// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to listen, and to end.
const (
	startTimeout = 30 * time.Second
	endTimeout   = 10 * time.Second
)

// process is a server that runs until its test ends.
type process struct{ output lockedBuffer }

// start runs a server until the test ends, and returns when it listens on ports. What the
// server printed is logged if the test fails.
func start(t *testing.T, ports []int, name string, args ...string) *process {
	t.Helper()
	p := &process{}
	command := exec.CommandContext(t.Context(), executable(t, name), args...)
	command.Stdout, command.Stderr = &p.output, &p.output
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = endTimeout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }() // ended by a signal, which is an error to Wait
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, p.output.String())
		}
	})
	for _, port := range ports {
		if !listens(t.Context(), port, ended) {
			t.Fatalf("%s does not listen on port %d", name, port)
		}
	}
	return p
}

// executable finds a program.
func executable(t *testing.T, name string) string {
	t.Helper()
	path, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// find finds a program. Debian has servers where only root looks.
func find(name string) (string, error) {
	for _, candidate := range []string{name, filepath.Join("/usr/sbin", name)} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed; run internal/interop/install.sh", name)
}

// listens waits until a port takes connections. It is false where that does not
// happen in time, or the server ends.
func listens(ctx context.Context, port int, ended <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", "localhost:"+strconv.Itoa(port))
		if err == nil {
			_ = connection.Close()
			return true
		}
		select {
		case <-again.C:
		case <-ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// lastPort is the port that was found last. Ports are below those that Linux gives
// to outgoing connections, which would otherwise take them before a server does.
var lastPort atomic.Int32

func init() { lastPort.Store(20000 + rand.Int32N(8000)) } //nolint:gosec // two runs at once should differ, nothing more

// freePorts finds ports that nobody listens on, and that are not found twice.
func freePorts(t *testing.T, count int) []int {
	t.Helper()
	var ports []int
	for len(ports) < count {
		port := int(lastPort.Add(1))
		if port >= 32768 {
			t.Fatal("no port is free")
		}
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		_ = listener.Close()
		ports = append(ports, port)
	}
	return ports
}

// fill copies a configuration file into a directory, with values for each @NAME@
// in it, and returns the path of the copy.
func fill(t *testing.T, file, dir string, values map[string]string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.Base(file))
	write(t, path, filled(t, file, values))
	return path
}

// filled is the text of a configuration file with values for each @NAME@ in it.
func filled(t *testing.T, file string, values map[string]string) string {
	t.Helper()
	var replacements []string
	for name, value := range values {
		replacements = append(replacements, "@"+name+"@", value)
	}
	return strings.NewReplacer(replacements...).Replace(read(t, file))
}

// run runs a program that ends by itself, and returns what it prints.
func run(t *testing.T, dir, stdin, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), executable(t, name), args...)
	command.Dir, command.Stdin = dir, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// read is the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write writes a file that others may not read.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lockedBuffer is a buffer that is read while a process writes.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String is what was written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
