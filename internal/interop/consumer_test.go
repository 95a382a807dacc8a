// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// consumerSecret is that of the client whose tokens other providers send.
const consumerSecret = "gX1fBat3bV"

// orders is an API that other providers call, with an authorization server of its own.
type orders struct {
	*authservertest.Server

	// url is that of the API.
	url string
	// delay is how long the first call takes once its token is accepted.
	delay time.Duration
	first sync.Once

	mu      sync.Mutex
	objects map[string][]byte // those that exist, by their paths
}

// startOrders starts the API. It accepts tokens for as long as lifetime, a second longer than
// the server says.
func startOrders(t *testing.T, lifetime time.Duration) *orders {
	t.Helper()
	needServers(t)
	o := &orders{objects: map[string][]byte{}, Server: authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{{
			ID: "deploy", Secret: consumerSecret, Scopes: []string{"api:read", "orders:write"}, Lifetime: lifetime,
			TokenResponse: []authserver.Mutation{authserver.Set("expires_in", int(lifetime/time.Second)-1)},
		}},
		Routes: map[string]string{},
	})}
	listener := httptest.NewServer(o)
	t.Cleanup(listener.Close)
	o.url = listener.URL
	return o
}

// workspace has a configuration that uses the API, the client, and the providers in bin/.
func (o *orders) workspace(t *testing.T, config string) *acctest.Workspace {
	t.Helper()
	w := acctest.New(t, "", "OAUTH2CC_ISSUER="+o.URL, "OAUTH2CC_CLIENT_ID=deploy", "OAUTH2CC_CLIENT_SECRET="+consumerSecret)
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	w.Install("Mastercard/restapi", bin)
	w.Install("hashicorp/http", bin)
	w.Write("main.tf", strings.NewReplacer("https://auth.example.com", o.URL, "https://api.example.com", o.url).Replace(config))
	return w
}

// ServeHTTP implements [http.Handler].
func (o *orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	protected := httptest.NewRecorder()
	if o.API().ServeHTTP(protected, r); protected.Code != http.StatusOK {
		w.WriteHeader(protected.Code)
		return
	}
	o.first.Do(func() { time.Sleep(o.delay) })
	switch path := r.URL.Path; r.Method {
	case http.MethodPost:
		var object struct{ ID string }
		_ = json.Unmarshal(body, &object) // where it fails, nothing is found later
		o.store(path+"/"+object.ID, body)
	case http.MethodPut:
		o.store(path, body)
	case http.MethodDelete:
		o.store(path, nil)
	default:
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write(o.object(path)); err != nil {
			return
		}
	}
}

// store stores an object, or deletes it where it is nil.
func (o *orders) store(path string, object []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.objects[path] = object; object == nil {
		delete(o.objects, path)
	}
}

// object is nil where there is none.
func (o *orders) object(path string) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.objects[path]
}

// tokens are those that the API has seen. It must have accepted all of them.
func (o *orders) tokens(t *testing.T) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, call := range o.Requests(authserver.API) {
		if call.Status != http.StatusOK {
			t.Errorf("%s %s: status %d", call.Method, call.Target, call.Status)
		}
		seen[strings.TrimPrefix(call.Header.Get("Authorization"), "Bearer ")] = true
	}
	return seen
}
