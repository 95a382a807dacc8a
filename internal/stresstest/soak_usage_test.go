// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// usage is the resources of a process.
type usage struct {
	live       int // heap that the last collection kept, in MB
	threads    int
	files      int // file descriptors, sockets included
	sockets    int
	goroutines int // 0 if they were not counted
}

func (u usage) String() string {
	text := fmt.Sprintf("%d MB, %d threads, %d files, %d sockets", u.live, u.threads, u.files, u.sockets)
	if u.goroutines > 0 {
		text += fmt.Sprintf(", %d goroutines", u.goroutines)
	}
	return text
}

// A collection may meet requests under way, and the scheduler decides how many threads
// there are. In a whole soak the margin for memory is ten kilobytes for each token.
const (
	memoryMargin    = 16 // MB
	threadMargin    = 8
	goroutineMargin = 4 // the collector starts its own
)

// grown lists the resources that have grown since the process was warm. Both are
// counted while the process is idle.
func (u usage) grown(warm usage) []string {
	var grown []string
	for _, one := range []struct {
		name      string
		now, most int
	}{
		{"memory", u.live, warm.live + memoryMargin},
		{"threads", u.threads, warm.threads + threadMargin},
		{"files", u.files, warm.files},
		{"sockets", u.sockets, warm.sockets},
		{"goroutines", u.goroutines, warm.goroutines + goroutineMargin},
	} {
		if one.now > one.most {
			grown = append(grown, fmt.Sprintf("%s: %d, want at most %d", one.name, one.now, one.most))
		}
	}
	return grown
}

// settled returns the usage once no connection is left but the socket that Terraform
// attaches to.
func (p *process) settled(t *testing.T) usage {
	t.Helper()
	var now usage
	acctest.Eventually(t, "the provider closes its connections", func() bool {
		now = p.measure(t)
		return now.sockets <= 1
	})
	now.goroutines = p.goroutines(t)
	return now
}

// collected is what the runtime prints of a collection, with the heap that it kept.
var collected = regexp.MustCompile(`(?m)^gc \d+ @.* \d+->\d+->(\d+) MB`)

// measure reads the usage from /proc, and the heap from what the runtime prints. The
// resident memory is mostly that of the race detector and of what is not collected yet.
func (p *process) measure(t *testing.T) usage {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(p.command.Process.Pid))
	status := read(t, filepath.Join(proc, "status"))
	now := usage{threads: field(t, status, "Threads")}
	all := collected.FindAllStringSubmatch(read(t, p.stderr), -1)
	if len(all) == 0 {
		t.Fatal("the runtime prints no collection")
	}
	now.live, _ = strconv.Atoi(all[len(all)-1][1])
	descriptors, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	now.files = len(descriptors)
	for _, one := range descriptors {
		target, _ := os.Readlink(filepath.Join(proc, "fd", one.Name())) // may be closed by now
		if strings.HasPrefix(target, "socket:") {
			now.sockets++
		}
	}
	return now
}

// field returns a number in /proc/PID/status.
func field(t *testing.T, status, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindStringSubmatch(status)
	if found == nil {
		t.Fatalf("no %s in:\n%s", name, status)
	}
	number, _ := strconv.Atoi(found[1])
	return number
}

// goroutine matches an entry in the runtime's list, and dead is the status of one that
// has ended and is kept for reuse (_Gdead in runtime2.go of Go).
var goroutine = regexp.MustCompile(`(?m)^  G\d+: status=(\d+)`)

const dead = "6"

// goroutines counts the live goroutines, including the runtime's own, in the next
// complete list.
func (p *process) goroutines(t *testing.T) int {
	t.Helper()
	from, list := len(read(t, p.stderr)), ""
	acctest.Eventually(t, "the runtime lists its goroutines", func() bool {
		lists := strings.Split(read(t, p.stderr)[from:], "\nSCHED ")
		if len(lists) > 2 {
			list = lists[1]
		}
		return list != ""
	})
	count := 0
	for _, found := range goroutine.FindAllStringSubmatch(list, -1) {
		if found[1] != dead {
			count++
		}
	}
	return count
}
