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

// parentPoll is how often the parent is checked.
const parentPoll = time.Second

// stopSignals returns a channel of the signals that end the process: SIGTERM, and
// SIGHUP unless it is ignored, as under nohup. go-plugin handles SIGINT.
//
// SIGPIPE is received and dropped, or a log line would end the process once Terraform is
// gone. It is not ignored, since child processes would inherit that.
func stopSignals() chan os.Signal {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(stop, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return stop
}

// hangUpWithParent sends SIGHUP to stop when the Terraform process that started the
// provider is gone. If it is killed, it does not stop its providers.
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
