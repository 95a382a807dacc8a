// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// installPrograms makes the test binary the curl of those that look it up on PATH, see
// TestMain, and puts platforms' tools beside it. It returns the directory.
func installPrograms() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	directory, err := os.MkdirTemp("", "examplestest-")
	if err != nil {
		return "", err
	}
	path := directory + string(os.PathListSeparator) + os.Getenv("PATH")
	return directory, errors.Join(os.Symlink(self, filepath.Join(directory, "curl")), install(directory), startHSM(directory), os.Setenv("PATH", path))
}

// curl understands the flags that the examples use.
func curl(ctx context.Context, args []string, stdin io.Reader) error {
	flags := flag.NewFlagSet("curl", flag.ContinueOnError)
	fail := flags.Bool("fail", false, "")
	flags.Bool("silent", false, "")
	flags.Bool("show-error", false, "")
	method := flags.String("request", http.MethodGet, "")
	header := flags.String("header", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	headers := map[string]string{}
	if *header == "@-" {
		text, err := io.ReadAll(stdin)
		if err != nil {
			return err
		}
		*header = string(text)
	}
	if name, value, ok := strings.Cut(*header, ":"); ok {
		headers[name] = strings.TrimSpace(value)
	}
	status, _, err := send(ctx, *method, flags.Arg(0), "", headers)
	if err == nil && *fail && status >= http.StatusBadRequest {
		err = fmt.Errorf("the server answered %d", status)
	}
	return err
}
