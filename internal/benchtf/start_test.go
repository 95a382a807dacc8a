// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// measureStarts starts the providers in turn.
func measureStarts(t *testing.T, providers []provider) []Starts {
	t.Helper()
	certificate := "PLUGIN_CLIENT_CERT=" + authservertest.NewAuthority(t).PEM()
	var all []Starts
	for _, withTLS := range []bool{true, false} {
		seconds := make([][]float64, len(providers))
		environment := []string{
			// Those of go-plugin, with which Terraform starts a provider.
			"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
			"PLUGIN_PROTOCOL_VERSIONS=5,6",
		}
		if withTLS {
			environment = append(environment, certificate)
		}
		for round := range *starts {
			for turn := range providers {
				at := (round + turn) % len(providers)
				seconds[at] = append(seconds[at], handshake(t, providers[at], environment).Seconds())
			}
		}
		for i, one := range providers {
			all = append(all, Starts{one.name, withTLS, seconds[i]})
		}
	}
	return all
}

// handshake returns the time from starting a provider to its first line, which names
// the socket on which it serves.
func handshake(t *testing.T, one provider, environment []string) time.Duration {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	command := exec.CommandContext(ctx, one.executable)
	command.Env = append(command.Environ(), environment...)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	took := time.Since(begin)
	kill()
	_ = command.Wait() // it was killed
	if err != nil || !strings.HasPrefix(line, "1|") {
		t.Fatalf("%s prints %q: %v", one.name, line, err)
	}
	return took
}
