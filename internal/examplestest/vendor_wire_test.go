// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// clientsOwn are the header fields that differ between HTTP clients. All others are
// compared.
var clientsOwn = []string{"Accept", "Accept-Encoding", "Content-Length", "User-Agent"}

// wire formats a request as the vendors' documents are transcribed here: method and
// target, the header fields by name, an empty line and the body.
func wire(request authserver.Request) string {
	lines := []string{request.Method + " " + request.Target}
	for _, name := range slices.Sorted(maps.Keys(request.Header)) {
		for _, value := range request.Header[name] {
			if !slices.Contains(clientsOwn, name) {
				lines = append(lines, name+": "+value)
			}
		}
	}
	return strings.Join(append(lines, "", string(request.Body)), "\n")
}

// mustMatch compares count requests to an endpoint with a document, after replacing
// its placeholders.
func mustMatch(t *testing.T, requests []authserver.Request, count int, document string, placeholders ...string) {
	t.Helper()
	want := strings.NewReplacer(placeholders...).Replace(document)
	for _, request := range requests {
		if got := wire(request); got != want {
			t.Errorf("the request is\n%s\n\nand the document has\n%s", got, want)
		}
	}
	if len(requests) != count {
		t.Errorf("%d requests, want %d", len(requests), count)
	}
}

// statuses are the status codes of the responses, in order.
func statuses(requests []authserver.Request) []int {
	var found []int
	for _, request := range requests {
		found = append(found, request.Status)
	}
	return found
}

// mustBeStatuses compares the status codes of the responses.
func mustBeStatuses(t *testing.T, what string, requests []authserver.Request, want ...int) {
	t.Helper()
	if got := statuses(requests); !slices.Equal(got, want) {
		t.Errorf("status codes of %s are %v, want %v", what, got, want)
	}
}
