// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// parentPoll is how often the parent is looked for.
const parentPoll = time.Second

// stopSignals returns where the signals arrive that end the process: SIGTERM, and
// SIGHUP unless it is ignored, as nohup has it. SIGINT is go-plugin's.
//
// SIGPIPE is received and forgotten, or a log line to a command line that is gone
// would end the process. It is not ignored, as commands that are run would inherit
// that.
func stopSignals() chan os.Signal {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(stop, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return stop
}

// hangUpWithParent sends SIGHUP to stop when the command line that started the
// provider is gone. One that is killed says nothing to its providers.
func hangUpWithParent(stop chan<- os.Signal) {
	parent := os.Getppid()
	if runtime.GOOS == "windows" { // the parent's id never changes there, but any process can be waited for
		process, err := os.FindProcess(parent)
		if err == nil {
			_, err = process.Wait()
		}
		if err != nil {
			return
		}
	} else {
		for os.Getppid() == parent {
			time.Sleep(parentPoll)
		}
	}
	stop <- syscall.SIGHUP
}
