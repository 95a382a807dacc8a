// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestCredentialsArriveIntact holds that every character which RFC 6749 appendix A
// lets an id and a secret have, and those beyond ASCII that servers allow all the
// same, reach the server by each method and in each encoding. The server decodes
// by its own reading of the RFC, and refuses what differs.
func TestCredentialsArriveIntact(t *testing.T) {
	t.Parallel()
	ways := map[string]struct{ method, encoding string }{
		"client_secret_basic, form": {authserver.ClientSecretBasic, authserver.FormEncoding},
		"client_secret_basic, raw":  {authserver.ClientSecretBasic, authserver.RawEncoding},
		"client_secret_post":        {authserver.ClientSecretPost, ""},
	}
	for name, way := range ways {
		for _, text := range credentials() {
			t.Run(fmt.Sprintf("%s/%q", name, text), func(t *testing.T) {
				t.Parallel()
				id, secret := "id "+text, text+" secret"
				if way.encoding == authserver.RawEncoding {
					id = strings.ReplaceAll(id, ":", ";") // RFC 7617 section 2 leaves no way
				}
				srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{
					{ID: id, Secret: secret, AuthMethod: way.method, BasicEncoding: way.encoding},
				}})
				block := attributes{
					"token_endpoint": srv.TokenURL(), "client_id": id, "client_secret": secret, "token_endpoint_auth_method": way.method,
				}
				if way.encoding != "" {
					block["client_secret_basic_encoding"] = way.encoding
				}
				newSession(t).mustConfigure(block).mustOpen(tokenType, nil)
			})
		}
	}
}

// credentials lists every printable ASCII character that is no letter or digit,
// all of them together, and others.
func credentials() []string {
	var texts []string
	for char := ' '; char <= '~'; char++ {
		if !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", char) {
			texts = append(texts, string(char))
		}
	}
	return append(texts, strings.Join(texts, ""), "%41%zz+%2B", "äöü ß é", "日本語", "🔑", "é", "€:£", `\u0041`)
}
