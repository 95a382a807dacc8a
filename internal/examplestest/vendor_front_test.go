// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"net/http"
	"strings"
	"sync"
)

// front is a vendor whose API calls have a side effect.
type front struct {
	vendor http.Handler
	// atAPI is called before each call of the API is handled.
	atAPI func()
}

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		f.atAPI()
	}
	f.vendor.ServeHTTP(w, r)
}

// assemble returns a function whose calls all return once there are count of them.
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
