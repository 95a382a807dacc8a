// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"time"
)

// Handler has next answer for an endpoint, and every request to it recorded
// before. It lets servers of other makes keep their record like a [Server].
func (rec *Recorder) Handler(endpoint Endpoint, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recording, err := rec.record(endpoint, time.Now(), w, r)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(recording, r)
		recording.finish()
	})
}
