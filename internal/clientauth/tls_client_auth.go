// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"context"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// MutualTLS is tls_client_auth and self_signed_tls_client_auth: the proof is the
// certificate of the connection, and the request names the client (RFC 8705
// section 2). They differ only in how the server checks the certificate.
type MutualTLS struct{ ClientID string }

// Authenticate implements [oauth2.ClientAuth].
func (m MutualTLS) Authenticate(_ context.Context, request *oauth2.RequestBuilder) error {
	request.Params.AddPublic("client_id", m.ClientID)
	return nil
}
