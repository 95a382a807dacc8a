// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is a command and the processes that it starts: a job object.
type group struct {
	leader *os.Process
	job    windows.Handle // zero if there is none
}

// newGroup makes a job, and has the command started without a console. The job ends with
// this process.
func newGroup(command *exec.Cmd) *group {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return new(group)
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, _ = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	return &group{job: job}
}

// add adds the command to the job. What it started before is not in it.
func (g *group) add(leader *os.Process) {
	g.leader = leader
	_ = leader.WithHandle(func(handle uintptr) { _ = windows.AssignProcessToJobObject(g.job, windows.Handle(handle)) })
}

// kill ends all processes of the group.
func (g *group) kill() {
	_ = g.leader.Kill() // if it is not in the job
	if g.job != 0 {
		_ = windows.TerminateJobObject(g.job, 1)
	}
}

func (g *group) close() {
	if g.job != 0 {
		_ = windows.CloseHandle(g.job)
	}
}
