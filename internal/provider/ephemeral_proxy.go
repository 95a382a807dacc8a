// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/proxy"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// proxyEphemeralResource is the ephemeral resource oauth2cc_proxy.
type proxyEphemeralResource struct{ data *providerData }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*proxyEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*proxyEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*proxyEphemeralResource)(nil)
)

// proxyAttributes are those of the ephemeral resource.
func proxyAttributes() map[string]schema.Attribute {
	attributes := apiAttributes()
	headers, _ := attributes["request_headers"].(schema.MapAttribute)
	headers.MarkdownDescription = "Headers that replace the caller's in each request."
	return union(attributes, map[string]schema.Attribute{
		"request_headers": headers,
		"url": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Base address of the API. A request for `local_url` followed by a path goes to `url` followed by the same path and query. " +
				"If a provider block uses the proxy, it must be known at plan.",
			Validators: []validator.String{baseURL()},
		},
		"https": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether `local_url` is an `https` address, for callers that accept no other. Its certificate is made for this run, " +
				"and `ca_certificate` verifies it. Default `false`.",
		},
		"local_url": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Address of the proxy on `127.0.0.1`, without a slash at the end. Plan and apply have different ones.",
		},
		"access_token": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "The proxy's own credential, to send as a Bearer token or as the password of HTTP Basic. It is random, and good for nothing else.",
		},
		"authorization_header": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Value for an `Authorization` header: `Bearer`, a space and `access_token`.",
		},
		"capability_url": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "`local_url` with `access_token` as its first path segment, for callers that cannot send a header.",
		},
		"ca_certificate": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Certificate in PEM of the authority that `local_url` is verified with; null without `https`.",
		},
	})
}

// proxyModel holds the attributes of proxyAttributes.
type proxyModel struct {
	apiModel

	HTTPS               types.Bool   `tfsdk:"https"`
	LocalURL            types.String `tfsdk:"local_url"`
	AccessToken         types.String `tfsdk:"access_token"`
	AuthorizationHeader types.String `tfsdk:"authorization_header"`
	CapabilityURL       types.String `tfsdk:"capability_url"`
	CACertificate       types.String `tfsdk:"ca_certificate"`
}

// openProxy is a proxy and where its tokens come from.
type openProxy struct {
	*proxy.Proxy

	tokens *tokensource.Transport
}

// Close implements closer.
func (p *openProxy) Close(ctx context.Context) error {
	err := p.Proxy.Close(ctx)
	tokens := len(p.tokens.Tokens())
	tflog.Info(ctx, "the proxy is closed", map[string]any{"calls": p.Calls(), "tokens": tokens, "renewals": tokens - 1})
	return err
}

func (*proxyEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_proxy"
}

func (*proxyEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A reverse proxy on this machine that sends a valid token with each request of another provider, for as long as the run takes. " +
			"Requires Terraform 1.10 or OpenTofu 1.11.",
		Attributes: proxyAttributes(),
	}
}

func (r *proxyEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

func (*proxyEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model proxyModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	resp.Diagnostics.Append(model.validateHeaders("or name another one in token_header")...)
}

func (r *proxyEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model proxyModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	opened, diags := r.data.startProxy(ctx, model)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.data.cleanup.keep(ctx, opened, resp.Private, "opened this proxy, and has closed it")...)
	if resp.Diagnostics.HasError() {
		return
	}
	credential := opened.Credential().Reveal()
	model.LocalURL = types.StringValue(opened.URL())
	model.AccessToken = types.StringValue(credential)
	model.AuthorizationHeader = types.StringValue("Bearer " + credential)
	model.CapabilityURL = types.StringValue(opened.CapabilityURL().Reveal())
	model.CACertificate = types.StringNull()
	if authority := opened.CACertificate(); authority != "" {
		model.CACertificate = types.StringValue(authority)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, objectOf(ctx, model))...)
}

// startProxy gets the first token, and starts a proxy.
func (d *providerData) startProxy(ctx context.Context, model proxyModel) (*openProxy, diag.Diagnostics) {
	request, err := apiRequestModel{apiModel: model.apiModel}.request()
	if err == nil && d.http != nil {
		err = d.http.Check(request) // before a token is requested in vain
	}
	if err != nil {
		return nil, diag.Diagnostics{describeError(err).diagnostic()}
	}
	client, diags := d.apiClient(ctx, model.apiModel, waitProxy)
	if diags.HasError() {
		return nil, diags
	}
	header, _ := model.tokenHeader()
	tokens, err := d.tokens.Transport(ctx, client, header)
	diags.Append(d.cacheWarnings()...)
	if err != nil {
		diags.Append(describeError(err).diagnostic())
		return nil, diags
	}
	if !tokens.Replaceable() {
		diags.AddWarning("The proxy cannot replace its token",
			"The provider block sets request_body, which is not sent a second time, so the proxy sends the same token until the end of the run. "+
				"Configure the token request with parameters instead.")
	}
	started, err := proxy.Start(lasting(ctx), proxy.Config{
		Target:    request.URL,
		Header:    request.Header,
		TLS:       model.HTTPS.ValueBool(),
		Transport: tokens.Over(d.http.Streaming()),
		Describe:  describeCall,
		Logger:    slog.New(logHandler{}),
	})
	if err != nil {
		diags.AddError("The proxy cannot be started", sentence(err.Error())+" Check that this machine permits listening on 127.0.0.1.")
		return nil, diags
	}
	return &openProxy{started, tokens}, diags
}

// describeCall describes why a call got no response from the API, or not all of it.
func describeCall(err error) proxy.Problem {
	failure, atAPI := errors.AsType[*httpstack.Error](err)
	if _, atServer := errors.AsType[*tokensource.FetchError](err); !atAPI && !atServer { // ReverseProxy's own
		return proxy.Problem{Status: http.StatusBadGateway, Title: "The API's response cannot be passed on",
			Detail: "The API may have switched to a protocol that the request did not ask for."}
	}
	found := describeError(err)
	problem := proxy.Problem{Status: http.StatusBadGateway, Title: found.summary, Detail: found.detail()}
	if atAPI && failure.Kind == httpstack.Timeout && found.attribute == "url" {
		problem.Status = http.StatusGatewayTimeout
	}
	return problem
}

func (r *proxyEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	opened, ok := r.data.cleanup.get(handle).(*openProxy)
	if !ok {
		return
	}
	err := r.data.cleanup.closeOne(ctx, handle)
	var found finding
	for _, failure := range opened.Failures() {
		found.facts = append(found.facts, fmt.Sprintf("%s (calls: %d).\n%s", failure.Title, failure.Calls, failure.Detail))
	}
	if err != nil {
		found.facts = append(found.facts, "The run has ended, and "+err.Error()+".")
	}
	if len(found.facts) > 0 {
		resp.Diagnostics.AddWarning("Calls through the proxy failed", found.detail())
	}
}
