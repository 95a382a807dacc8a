// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// tlsAttribute holds the TLS settings.
func tlsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "TLS settings of all connections. TLS 1.2 or later is required.",
		Attributes: map[string]schema.Attribute{
			"ca_certificate": optional(certificates(), "Certificates to trust in addition to the system's, in PEM."),
			"client_certificate": optional(certificates(), "Client certificate in PEM, followed by those of intermediate authorities. "+
				"It is presented to every server that requests one."),
			"client_key":  sensitive(anyText(), "Private key of `client_certificate`, in PEM (PKCS#1, PKCS#8, SEC 1) without a passphrase."),
			"server_name": optional(hostName(), "Name that servers' certificates must have, if not the host in the URL."),
			"insecure_skip_verify": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Accepts any server certificate. Default `false`. Anyone between this machine and the server can then read and change everything: " +
					"use it to try something out, never in a pipeline.",
			},
		},
	}
}

// tlsModel holds the attribute tls.
type tlsModel struct {
	CACertificate      types.String `tfsdk:"ca_certificate"`
	ClientCertificate  types.String `tfsdk:"client_certificate"`
	ClientKey          types.String `tfsdk:"client_key"`
	ServerName         types.String `tfsdk:"server_name"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
}

// certificate returns the client certificate with its key, nil if there is none.
func (m tlsModel) certificate() (*tls.Certificate, diag.Diagnostics) {
	var diags diag.Diagnostics
	at := path.Root("tls")
	switch {
	case m.ClientCertificate.IsNull() && m.ClientKey.IsNull():
		return nil, nil
	case m.ClientKey.IsNull():
		diags.AddAttributeError(at.AtName("client_key"), "Missing attribute tls.client_key", "A client certificate needs its key. Set client_key.")
		return nil, diags
	case m.ClientCertificate.IsNull():
		diags.AddAttributeError(at.AtName("client_certificate"), "Missing attribute tls.client_certificate",
			"A client key needs its certificate. Set client_certificate.")
		return nil, diags
	}
	key, err := keys.Parse(secret.New(m.ClientKey.ValueString()), "")
	if err != nil {
		diags.AddAttributeError(at.AtName("client_key"), "The client key cannot be used", sentence(err.Error()))
		return nil, diags
	}
	certificate, err := keys.Pair(m.ClientCertificate.ValueString(), key.Signer)
	if err != nil {
		diags.AddAttributeError(at.AtName("client_certificate"), "The client certificate cannot be used", sentence(err.Error()))
	}
	return certificate, diags
}

// invalidCertificate is the summary for a client certificate that has expired or is
// not valid yet.
const invalidCertificate = "The client certificate is not valid at this time"

// validateTLS checks the client certificate, as far as it is known. One that is not
// valid at this time is an error only if the client is known to authenticate with it.
func (m providerModel) validateTLS(ctx context.Context, now time.Time) diag.Diagnostics {
	var diags diag.Diagnostics
	settings := cmp.Or(objectAs[tlsModel](ctx, m.TLS, &diags), &tlsModel{})
	if m.TLS.IsUnknown() || settings.ClientCertificate.IsUnknown() || settings.ClientKey.IsUnknown() {
		return diags
	}
	_, err := keys.ParseCertificates(settings.ClientCertificate.ValueString())
	if err != nil && !settings.ClientCertificate.IsNull() {
		return diags // reported by the attribute's validator
	}
	certificate, found := settings.certificate()
	diags.Append(found...)
	authenticates := clientauth.UsesCertificate(m.TokenEndpointAuthMethod.ValueString())
	if certificate != nil {
		if err := keys.CheckValidity(certificate.Leaf, now); err != nil {
			add := diags.AddAttributeWarning
			if authenticates {
				add = diags.AddAttributeError
			}
			add(path.Root("tls").AtName("client_certificate"), invalidCertificate, sentence(err.Error()))
		}
	}
	if certificate == nil && !found.HasError() && authenticates {
		diags.AddAttributeError(path.Root("token_endpoint_auth_method"), "Missing attribute tls.client_certificate", missingRemedy("tls.client_certificate"))
	}
	return diags
}
