// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"context"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Post is client_secret_post: both credentials among the parameters (RFC 6749
// section 2.3.1).
type Post struct {
	ClientID     string
	ClientSecret secret.String
}

// Authenticate implements [oauth2.ClientAuth].
func (p Post) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	request.Params.AddPublic("client_id", p.ClientID)
	request.Params.Add("client_secret", p.ClientSecret)
	return nil
}
