// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// httpProvider stands in for hashicorp/http.
type httpProvider struct{}

func (httpProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "http"
}

func (httpProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (httpProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (httpProvider) Resources(context.Context) []func() resource.Resource { return nil }

func (httpProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return httpDataSource{} }}
}

// httpDataSource is the data source http.
type httpDataSource struct{}

type httpModel struct {
	URL            types.String `tfsdk:"url"`
	RequestHeaders types.Map    `tfsdk:"request_headers"`
	StatusCode     types.Int64  `tfsdk:"status_code"`
	ResponseBody   types.String `tfsdk:"response_body"`
}

func (httpDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "http"
}

func (httpDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"url":             schema.StringAttribute{Required: true},
		"request_headers": schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"status_code":     schema.Int64Attribute{Computed: true},
		"response_body":   schema.StringAttribute{Computed: true},
	}}
}

func (httpDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model httpModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	headers := map[string]string{}
	resp.Diagnostics.Append(model.RequestHeaders.ElementsAs(ctx, &headers, false)...)
	if resp.Diagnostics.HasError() {
		return
	}
	status, body, err := send(ctx, http.MethodGet, model.URL.ValueString(), "", headers)
	if err != nil {
		resp.Diagnostics.AddError("http", err.Error())
		return
	}
	model.StatusCode, model.ResponseBody = types.Int64Value(int64(status)), types.StringValue(body)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// send makes the one request of a double.
func send(ctx context.Context, method, url, ca string, headers map[string]string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if ca != "" {
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(ca))
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}
