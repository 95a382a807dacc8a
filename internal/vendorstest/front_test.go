// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendorstest

import (
	"net/http"
	"strings"
	"sync"
)

// front stands before a vendor and has things happen on the way to its API.
type front struct {
	vendor http.Handler
	// atAPI is called for every call of the API before the vendor answers it.
	atAPI func()
}

func newFront(vendor http.Handler) *front { return &front{vendor: vendor} }

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		f.atAPI()
	}
	f.vendor.ServeHTTP(w, r)
}

// once makes a function that calls f the first time.
func once(f func()) func() { return sync.OnceFunc(f) }

// assemble makes a function that returns when it has been called count times,
// and at once from then on.
func assemble(count int) func() {
	var here sync.WaitGroup
	var mu sync.Mutex
	here.Add(count)
	return func() {
		mu.Lock()
		if count > 0 {
			count--
			here.Done()
		}
		mu.Unlock()
		here.Wait()
	}
}
