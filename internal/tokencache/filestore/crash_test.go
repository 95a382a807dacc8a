// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
)

// childTask is the environment variable that makes the test binary a child: one of
// children, in the folder that the working directory is.
const childTask = "FILESTORE_TEST_CHILD"

// children are what a child process can do until it is done or killed.
var children = map[string]func(store *filestore.Store) error{
	"save": saveForever,
}

func TestMain(m *testing.M) {
	task, ok := children[os.Getenv(childTask)]
	if !ok {
		os.Exit(m.Run())
	}
	store, err := filestore.Open(".", time.Now)
	if err == nil {
		err = task(store)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child returns a command that does a task on the store in dir.
func child(t *testing.T, task, dir string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	command := exec.CommandContext(t.Context(), program)
	command.Env = append(os.Environ(), childTask+"="+task)
	command.Dir = dir
	command.Stderr = os.Stderr
	return command
}

// keysOfChild is how many keys a child saves under, in turn.
const keysOfChild = 3

// saveForever saves one version after the other under each key, under its lock,
// beginning with those that follow what is there. It reports each version that
// was saved.
func saveForever(store *filestore.Store) error {
	ctx := context.Background()
	var version uint64
	for key := range keysOfChild {
		if data, _, err := store.Load(ctx, keyNumber(key)); err == nil {
			version = max(version, versionOf(data))
		}
	}
	for {
		version++
		key := int(version % keysOfChild)
		unlock, err := store.TryLock(ctx, keyNumber(key))
		if err != nil {
			return err
		}
		if err := store.Save(ctx, keyNumber(key), payload(key, version), 24*time.Hour); err != nil {
			return err
		}
		unlock()
		fmt.Println(version) //nolint:forbidigo // the report
	}
}

// payload returns the data of a version: its number, and bytes that follow from it
// and the key, up to some pages of them.
func payload(key int, version uint64) []byte {
	random := rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, key, version)))
	data := make([]byte, 8+random.Uint64()%20_000)
	binary.BigEndian.PutUint64(data, version)
	_, _ = random.Read(data[8:]) // it never fails
	return data
}

// versionOf returns the version that data claims to be.
func versionOf(data []byte) uint64 {
	if len(data) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

// kills is small for make test. make soak sets more.
var kills = flag.Int("kills", 40, "number of processes that TestKilled kills")

// TestKilled kills processes that save, at random moments. Afterwards every entry is
// one that was saved, no saved entry is lost, and no lock remains.
func TestKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64() //nolint:gosec // chance, not secrecy
	t.Logf("seed %d", seed)
	const folders = 4
	for folder := range uint64(folders) {
		t.Run(fmt.Sprint("folder ", folder), func(t *testing.T) {
			t.Parallel()
			victim := &victim{T: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, folder))} //nolint:gosec // chance, not secrecy
			for range *kills / folders {
				victim.kill()
				victim.check()
			}
			victim.checkSwept()
		})
	}
}

// victim is a folder in which processes are killed, one after the other.
type victim struct {
	*testing.T
	dir    string
	random *rand.Rand
	saved  [keysOfChild]uint64 // the latest version under each key that must be there
}

// kill starts a process that saves, kills it up to ten milliseconds after its first
// report, and notes what it reported.
func (v *victim) kill() {
	v.Helper()
	command := child(v.T, "save", v.dir)
	output, err := command.StdoutPipe()
	must(v, err)
	must(v, command.Start())
	reports := bufio.NewReader(output)
	_, err = reports.Peek(1)
	time.Sleep(time.Duration(v.random.Int64N(int64(10 * time.Millisecond))))
	if killErr := command.Process.Kill(); err != nil || killErr != nil {
		v.Fatalf("the process ended by itself: %v, %v", err, killErr)
	}
	for lines := bufio.NewScanner(reports); lines.Scan(); {
		version, err := strconv.ParseUint(lines.Text(), 10, 64)
		must(v, err)
		v.saved[version%keysOfChild] = version
	}
	_ = command.Wait() // the error is the kill
}

// check loads and locks what a dead process has left.
func (v *victim) check() {
	v.Helper()
	store := open(v, v.dir, time.Now)
	for key, saved := range v.saved {
		data, _, err := store.Load(v.Context(), keyNumber(key))
		version := versionOf(data)
		switch {
		case err != nil && saved > 0:
			v.Errorf("key %d: version %d cannot be loaded: %v", key, saved, err)
		case err == nil && !bytes.Equal(data, payload(key, version)):
			v.Errorf("key %d: loaded what nobody saved: %d bytes", key, len(data))
		case version < saved:
			v.Errorf("key %d: version %d was saved, version %d is loaded", key, saved, version)
		}
		v.saved[key] = version
		if unlock, err := store.TryLock(v.Context(), keyNumber(key)); err != nil {
			v.Errorf("key %d: lock: %v", key, err)
		} else {
			unlock()
		}
	}
}

// checkSwept sees that the next store to save, an hour later, removes the temporary
// files.
func (v *victim) checkSwept() {
	v.Helper()
	left := func() (names []string) {
		for _, name := range entries(v, v.dir) {
			if strings.HasSuffix(name, ".tmp") {
				names = append(names, name)
			}
		}
		return names
	}
	v.Logf("%d temporary files were left, and versions %d", len(left()), v.saved)
	save(v, open(v, v.dir, func() time.Time { return time.Now().Add(2 * time.Hour) }), key, "token")
	if names := left(); len(names) > 0 {
		v.Errorf("not swept: %s", names)
	}
}
