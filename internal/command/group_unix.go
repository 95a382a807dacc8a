// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package command

import (
	"os"
	"os/exec"
	"syscall"
)

// group is a command and the processes that it starts.
type group struct{ leader *os.Process }

// newGroup gives a command a session of its own: a process group that has no terminal, so
// that a program that would ask for a PIN fails instead of waiting.
func newGroup(command *exec.Cmd) *group {
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return new(group)
}

func (g *group) add(leader *os.Process) { g.leader = leader }

// kill ends all processes of the group. Its id stays reserved for as long as one is left.
func (g *group) kill() { _ = syscall.Kill(-g.leader.Pid, syscall.SIGKILL) }

func (g *group) close() {}
