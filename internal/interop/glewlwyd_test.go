// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// glewlwyd is a server of the Debian package glewlwyd, with its plugin for OpenID
// Connect.
type glewlwyd struct {
	*process
	pki            pki
	origin, issuer string
}

// glewlwydSchema has the tables and the administrator of a new server.
const glewlwydSchema = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"

// startGlewlwyd starts a server and sets it up as glewlwyd/setup.json says.
func startGlewlwyd(t *testing.T) *glewlwyd {
	t.Helper()
	needServers(t)
	pki := newPKI(t)
	pki.signingKey(t, "rsa", "RSA")
	pki.openssl(t, "pkey", "-in", "server.key", "-pubout", "-out", "server.pub")
	port, dir := freePorts(t, 1)[0], t.TempDir()
	run(t, dir, unzipped(t, glewlwydSchema), "sqlite3", "glewlwyd.db")
	values := map[string]string{"PORT": strconv.Itoa(port), "PKI": string(pki), "DIR": dir}
	config := fill(t, "glewlwyd/glewlwyd.conf", dir, values)
	origin := fmt.Sprintf("https://localhost:%d", port)
	server := &glewlwyd{start(t, []int{port}, "glewlwyd", "-c", config), pki, origin, origin + "/api/oidc"}
	values["SERVER_KEY"] = inJSON(t, pki.text(t, "server.key"))
	values["SERVER_PUBLIC_KEY"] = inJSON(t, pki.text(t, "server.pub"))
	values["CLIENT_PUBLIC_KEY"] = inJSON(t, pki.text(t, "keys/rsa.pub"))
	server.setUp(t, filled(t, "glewlwyd/setup.json", values))
	return server
}

// setUp logs in as the administrator and makes the calls that steps, a JSON text,
// lists.
func (s *glewlwyd) setUp(t *testing.T, steps string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := s.pki.client(t)
	client.Jar = jar
	s.post(t, client, "auth/", `{"username":"admin","password":"password"}`)
	var calls []struct {
		At   string
		Post json.RawMessage
	}
	if err := json.Unmarshal([]byte(steps), &calls); err != nil {
		t.Fatal(err)
	}
	for _, call := range calls {
		s.post(t, client, call.At, string(call.Post))
	}
}

// post calls the administration API.
func (s *glewlwyd) post(t *testing.T, client *http.Client, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.origin+"/api/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != 200 {
		t.Fatalf("glewlwyd: POST %s: %s: %s", path, response.Status, answer)
	}
}

// inJSON writes a text as the inside of a JSON string.
func inJSON(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(quoted), `"`)
}

// unzipped is the text of a file, compressed or not: packages differ in that.
func unzipped(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		return read(t, strings.TrimSuffix(path, filepath.Ext(path)))
	}
	defer func() { _ = file.Close() }()
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// client is a provider block for a client of the server.
func (s *glewlwyd) client(id, attributes string) string {
	return providerBlock(id, s.issuer, strings.ReplaceAll(attributes, "@ISSUER@", s.issuer))
}
