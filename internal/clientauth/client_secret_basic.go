// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"context"
	"encoding/base64"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Encodings of the client's id and secret in HTTP Basic.
const (
	// BasicEncodingForm form-encodes both before base64, which RFC 6749 section
	// 2.3.1 asks for.
	BasicEncodingForm = "form"
	// BasicEncodingRaw takes both as they are, which many servers expect.
	BasicEncodingRaw = "raw"
)

// BasicEncodings lists the encodings.
func BasicEncodings() []string { return []string{BasicEncodingForm, BasicEncodingRaw} }

// Basic is client_secret_basic: HTTP Basic (RFC 6749 section 2.3.1, RFC 7617).
type Basic struct {
	ClientID     string
	ClientSecret secret.String
	// Encoding is one of [BasicEncodings]; empty means [BasicEncodingForm].
	Encoding string
}

// Authenticate implements [oauth2.ClientAuth].
func (b Basic) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	id, password := b.ClientID, b.ClientSecret.Reveal()
	if b.Encoding != BasicEncodingRaw {
		id, password = url.QueryEscape(id), url.QueryEscape(password)
	}
	credentials := base64.StdEncoding.EncodeToString([]byte(id + ":" + password))
	request.Header.Set("Authorization", "Basic "+credentials)
	request.AddSecrets(b.ClientSecret, secret.New(credentials), secret.New(password))
	return nil
}
