// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendorstest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// clientsOwn are the header fields that each HTTP client writes as it likes, and
// curl among them. All others are compared.
var clientsOwn = []string{"Accept", "Accept-Encoding", "Content-Length", "User-Agent"}

// wire writes a request as the documents in this package's tests are written:
// method and target, the header fields by name, an empty line and the body.
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

// compare holds all requests to an endpoint to a document, in which placeholders
// are replaced. There must be as many as counted.
func compare(t *testing.T, requests []authserver.Request, count int, document string, placeholders ...string) {
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

// statuses are the answers to requests, in their order.
func statuses(requests []authserver.Request) []int {
	var found []int
	for _, request := range requests {
		found = append(found, request.Status)
	}
	return found
}

// mustBeStatuses compares the answers to requests.
func mustBeStatuses(t *testing.T, what string, requests []authserver.Request, want ...int) {
	t.Helper()
	if got := statuses(requests); !slices.Equal(got, want) {
		t.Errorf("%s are answered %v, want %v", what, got, want)
	}
}
