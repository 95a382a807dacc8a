// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// proxyUser is a configuration whose provisioner has the address of a proxy, which it
// writes to a file, and waits.
const proxyUser = `
ephemeral "oauth2cc_proxy" "test" {
  url = %q
}

resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = "printf %%s \"$API\" > address && exec cat fifo"
    environment = { API = ephemeral.oauth2cc_proxy.test.capability_url }
  }
}
`

// TestAccProxyKeepsSecrets holds that neither the token nor the proxy's credential is in a
// saved plan, the state, the log or the output.
func TestAccProxyKeepsSecrets(t *testing.T) {
	t.Parallel()
	n := build(t, authserver.ClientSecretPost, "")
	n.srv.Override(authserver.API, func(http.ResponseWriter, *http.Request) bool { return true })
	n.Edit("provider \"oauth2cc\" {", fmt.Sprintf(proxyUser, n.srv.APIURL)+"provider \"oauth2cc\" {")
	plan := n.Plan("-out=plan.bin").MustExit(t, 2)
	run := start(t, n.Workspace, "plan.bin")
	address := n.Read("address")
	if status, body := call(t, address+"/orders?x=1", nil); status != 200 {
		t.Fatalf("received %d %s", status, body)
	}
	if calls := n.srv.Requests(authserver.API); len(calls) != 1 || calls[0].Header.Get("Authorization") != "Bearer "+n.token.Value {
		t.Fatalf("the API received %v", calls)
	}
	_ = run.fifo.Close()
	<-run.ended
	if !run.terraform.ProcessState.Success() {
		t.Fatal(run.output.String())
	}
	n.mustHaveTraced(t)
	shown := []acctest.Result{plan, n.Show("plan.bin").MustExit(t, 0), n.Show("").MustExit(t, 0)}
	files := []string{"plan.bin", "terraform.tfstate", "trace.log"}
	n.mustKeep(t, append(n.secrets, n.token), shown, files...)
	_, credential, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	places := map[string]string{"the output": run.output.String()}
	for _, file := range files {
		places[file] = n.Read(file)
	}
	for _, result := range shown {
		places["terraform "+result.Args[0]] = result.Output()
	}
	for place, text := range places {
		if strings.Contains(text, credential) {
			t.Errorf("the proxy's credential is in %s", place)
		}
	}
	if !strings.Contains(n.Read("trace.log"), "the proxy is closed") {
		t.Error("Close is not logged")
	}
}

// TestAccProxyEndOfRun holds that a proxy ends with its run, however that ends, and that a
// call that runs then is finished if the provider can.
func TestAccProxyEndOfRun(t *testing.T) {
	t.Parallel()
	terraform := func(r *running) int { return r.terraform.Process.Pid }
	provider := func(r *running) int { return r.provider }
	tests := map[string]struct {
		signal   syscall.Signal
		to       func(*running) int
		finishes bool
	}{
		"SIGINT":                  {syscall.SIGINT, terraform, true},
		"SIGTERM of the provider": {syscall.SIGTERM, provider, true},
		"SIGKILL of terraform":    {syscall.SIGKILL, terraform, true},
		"SIGKILL of the provider": {syscall.SIGKILL, provider, false},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun, finish := make(chan struct{}), make(chan struct{})
			srv := startServer(t)
			srv.Override(authserver.API, func(http.ResponseWriter, *http.Request) bool {
				close(begun)
				<-finish
				return true
			})
			w := acctest.New(t, hclProvider(srv)+fmt.Sprintf(proxyUser, srv.APIURL))
			run := start(t, w)
			address := w.Read("address")
			ended := make(chan int)
			go func() {
				response, err := caller.Get(address + "/orders") //nolint:noctx // it has a timeout
				if err != nil {
					ended <- 0
					return
				}
				_ = response.Body.Close()
				ended <- response.StatusCode
			}()
			<-begun
			if err := syscall.Kill(row.to(run), row.signal); err != nil {
				t.Fatal(err)
			}
			local := strings.Join(strings.SplitN(address, "/", 4)[:3], "/")
			acctest.Eventually(t, "the proxy listens no more", func() bool { return refusesConnections(t, local) })
			close(finish)
			if status := <-ended; row.finishes != (status == 200) {
				t.Errorf("the call ended with %d", status)
			}
			_ = run.fifo.Close()
			run.mustEnd(t)
		})
	}
}

// TestAccProxiesOfTwoRuns holds that each run has a proxy of its own.
func TestAccProxiesOfTwoRuns(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	var addresses []string
	for range 2 {
		w := acctest.New(t, hclProvider(srv)+fmt.Sprintf(proxyUser, srv.APIURL))
		start(t, w)
		addresses = append(addresses, w.Read("address"))
	}
	for i, address := range addresses {
		if status, body := call(t, address+"/x", nil); status != 200 {
			t.Errorf("received %d %s", status, body)
		}
		_, other, _ := strings.Cut(strings.TrimPrefix(addresses[1-i], "http://"), "/")
		foreign := strings.Join(append(strings.SplitN(address, "/", 4)[:3], other), "/")
		if status, _ := call(t, foreign+"/x", nil); status != 401 {
			t.Errorf("the other run's credential: received %d", status)
		}
	}
}
