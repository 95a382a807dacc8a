// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// logsOfCall runs the executable as core does, calls it once, and returns what it logged.
func logsOfCall(t *testing.T, env ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), acctest.Executable(t))
	command.Env = append(command.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	command.Env = append(command.Env, env...)
	var log lockedBuffer
	command.Stderr = &log
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	// 1|6|unix|/tmp/plugin123|grpc|
	handshake, err := bufio.NewReader(stdout).ReadString('\n')
	fields := strings.Split(handshake, "|")
	if err != nil || len(fields) < 5 {
		t.Fatalf("handshake is %q: %v\n%s", handshake, err, log.String())
	}
	connection, err := grpc.NewClient(fields[2]+":"+fields[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	call := func(method string) error {
		return connection.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
	}
	if err := call("/tfplugin6.Provider/GetMetadata"); err != nil {
		t.Error(err)
	}
	_ = call("/plugin.GRPCController/Shutdown") // the process may end before it responds
	_ = connection.Close()
	_, _ = io.Copy(io.Discard, stdout)
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	return log.String()
}

// TestAccLogsUnasked holds that the framework and the SDK log only if a variable asks for
// it. Once they do not trace unasked, which is their default in the row of TF_LOG_PROVIDER,
// quietLogs can go.
func TestAccLogsUnasked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  []string
		logs bool
	}{
		"nothing set":            {nil, false},
		"TF_LOG":                 {[]string{"TF_LOG=INFO"}, true},
		"TF_LOG, JSON":           {[]string{"TF_LOG=JSON"}, true},
		"TF_LOG_PROVIDER":        {[]string{"TF_LOG_PROVIDER=WARN"}, true}, // core drops what is below
		"TF_LOG_PROVIDER_…":      {[]string{"TF_LOG_PROVIDER_OAUTH2CC=WARN"}, true},
		"TF_LOG_SDK":             {[]string{"TF_LOG_SDK=TRACE"}, true},
		"TF_LOG_SDK, level":      {[]string{"TF_LOG=TRACE", "TF_LOG_SDK=WARN"}, false},
		"TF_LOG_SDK_PROTO":       {[]string{"TF_LOG_SDK_PROTO=TRACE"}, true},
		"TF_LOG_SDK_FRAMEWORK":   {[]string{"TF_LOG_SDK=OFF", "TF_LOG_SDK_FRAMEWORK=TRACE"}, true},
		"TF_LOG_CORE":            {[]string{"TF_LOG_CORE=TRACE"}, false},
		"TF_LOG_PATH":            {[]string{"TF_LOG_PATH=terraform.log"}, false},
		"set to nothing, TF_LOG": {[]string{"TF_LOG="}, false},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := logsOfCall(t, row.env...)
			if logs := strings.Contains(log, `"@module":"sdk.`); logs != row.logs {
				t.Errorf("logs: %t, want %t:\n%s", logs, row.logs, log)
			}
		})
	}
}

// TestAccLogLevels holds that the provider's own lines are in Terraform's log at the level
// that a variable names.
func TestAccLogLevels(t *testing.T) {
	t.Parallel()
	const debug, trace = ": got a token: ", ": Served request: "
	tests := map[string]struct {
		env   []string
		has   []string
		lacks []string
	}{
		"DEBUG":                  {[]string{"TF_LOG=DEBUG"}, []string{debug}, []string{trace}},
		"INFO":                   {[]string{"TF_LOG=INFO"}, nil, []string{debug, trace}},
		"TRACE":                  {[]string{"TF_LOG=TRACE"}, []string{debug, trace}, nil},
		"the provider's":         {[]string{"TF_LOG_PROVIDER=DEBUG"}, []string{debug}, nil},
		"the provider's own":     {[]string{"TF_LOG=TRACE", "TF_LOG_PROVIDER_OAUTH2CC=INFO"}, []string{trace}, []string{debug}},
		"the provider's, no SDK": {[]string{"TF_LOG=TRACE", "TF_LOG_SDK=OFF"}, []string{debug}, []string{trace}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "terraform.log")
			w := acctest.New(t, hclProvider(startServer(t))+"ephemeral \"oauth2cc_token\" \"test\" {}\n", append(row.env, "TF_LOG_PATH="+file)...)
			w.Plan().MustExit(t, 0)
			log := fileText(t, file)
			for _, text := range row.has {
				if !strings.Contains(log, text) {
					t.Errorf("the log has no %q", text)
				}
			}
			for _, text := range row.lacks {
				if strings.Contains(log, text) {
					t.Errorf("the log has %q", text)
				}
			}
		})
	}
}
