// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"context"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// Public is none: the client names itself and proves nothing (RFC 6749 section
// 3.2.1). Without an id it does not even do that, for servers whose credentials
// are parameters or header fields of their own.
type Public struct{ ClientID string }

// Authenticate implements [oauth2.ClientAuth].
func (p Public) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	if p.ClientID != "" {
		request.Params.AddPublic("client_id", p.ClientID)
	}
	return nil
}
