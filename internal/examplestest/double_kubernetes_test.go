// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// kubernetesProvider stands in for hashicorp/kubernetes.
type kubernetesProvider struct{}

type kubernetesModel struct {
	Host  types.String `tfsdk:"host"`
	Token types.String `tfsdk:"token"`
	CA    types.String `tfsdk:"cluster_ca_certificate"`
}

func (kubernetesProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "kubernetes"
}

func (kubernetesProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{Attributes: map[string]providerschema.Attribute{
		"host":                   providerschema.StringAttribute{Optional: true},
		"token":                  providerschema.StringAttribute{Optional: true},
		"cluster_ca_certificate": providerschema.StringAttribute{Optional: true},
	}}
}

func (kubernetesProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model kubernetesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.ResourceData = model
}

func (kubernetesProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (kubernetesProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &namespaceResource{} }}
}

// namespaceResource is the resource kubernetes_namespace_v1.
type namespaceResource struct{ cluster kubernetesModel }

type namespaceModel struct {
	Metadata []struct {
		Name types.String `tfsdk:"name"`
	} `tfsdk:"metadata"`
}

func (*namespaceResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "kubernetes_namespace_v1"
}

func (*namespaceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Blocks: map[string]schema.Block{
		"metadata": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{"name": schema.StringAttribute{Optional: true}},
		}},
	}}
}

func (r *namespaceResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.cluster, _ = req.ProviderData.(kubernetesModel)
}

func (r *namespaceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model namespaceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if err := r.call(ctx, http.MethodPost, "/api/v1/namespaces"); err != nil {
		resp.Diagnostics.AddError("kubernetes", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r *namespaceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model namespaceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	for _, metadata := range model.Metadata {
		if err := r.call(ctx, http.MethodGet, "/api/v1/namespaces/"+metadata.Name.ValueString()); err != nil {
			resp.Diagnostics.AddError("kubernetes", err.Error())
		}
	}
}

func (*namespaceResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (*namespaceResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// call sends a request with the token of the provider block.
func (r *namespaceResource) call(ctx context.Context, method, path string) error {
	status, _, err := send(ctx, method, r.cluster.Host.ValueString()+path, r.cluster.CA.ValueString(),
		map[string]string{"Authorization": "Bearer " + r.cluster.Token.ValueString()})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s %s answered %d", method, path, status)
	}
	return err
}
