// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// products are the providers that this command stands in for, by name.
var products = map[string]product{
	"kubernetes": {
		provider: schema.Schema{Attributes: cluster},
		connect:  func(b *block) (*api, error) { return connectCluster(b, path.Root) },
		resource: "kubernetes_namespace_v1",
		schema: resourceschema.Schema{Blocks: map[string]resourceschema.Block{
			"metadata": resourceschema.ListNestedBlock{NestedObject: resourceschema.NestedBlockObject{Attributes: required("name")}},
		}},
		target: "/api/v1/namespaces/team",
	},
	"helm": {
		provider: schema.Schema{Attributes: map[string]schema.Attribute{
			"kubernetes": schema.SingleNestedAttribute{Optional: true, Attributes: cluster},
		}},
		connect:  func(b *block) (*api, error) { return connectCluster(b, path.Root("kubernetes").AtName) },
		resource: "helm_release",
		schema:   resourceschema.Schema{Attributes: required("name", "repository", "chart", "version")},
		target:   "/api/v1/namespaces/default/secrets/sh.helm.release.v1.ingress.v1",
	},
	"restapi": {
		provider: schema.Schema{Attributes: map[string]schema.Attribute{
			"uri":     schema.StringAttribute{Required: true},
			"headers": schema.MapAttribute{ElementType: types.StringType, Optional: true},
		}},
		connect: func(b *block) (*api, error) {
			return newAPI(b.text(path.Root("uri")), "", fixed(b.texts(path.Root("headers"))["Authorization"]))
		},
		resource: "restapi_object",
		schema:   resourceschema.Schema{Attributes: required("path", "data")},
		target:   "/orders/1",
	},
	"grafana": {
		provider: schema.Schema{Attributes: optional("url", "auth")},
		connect: func(b *block) (*api, error) {
			return newAPI(b.text(path.Root("url")), "", fixed(grafanaAuthorization(b.text(path.Root("auth")))))
		},
		resource: "grafana_folder",
		schema:   resourceschema.Schema{Attributes: required("title")},
		target:   "/api/folders/team",
	},
	"azurerm": {
		provider: schema.Schema{
			Attributes: map[string]schema.Attribute{
				"subscription_id":      schema.StringAttribute{Optional: true},
				"tenant_id":            schema.StringAttribute{Optional: true},
				"client_id":            schema.StringAttribute{Optional: true},
				"use_oidc":             schema.BoolAttribute{Optional: true},
				"oidc_token_file_path": schema.StringAttribute{Optional: true},
			},
			Blocks: map[string]schema.Block{"features": schema.ListNestedBlock{}},
		},
		connect:  connectAzure,
		resource: "azurerm_resource_group",
		schema:   resourceschema.Schema{Attributes: required("name", "location")},
		target:   "/subscriptions/resourceGroups/team",
	},
}

// cluster are the attributes of a connection to Kubernetes.
var cluster = optional("host", "token", "cluster_ca_certificate", "config_path")

// optional are strings of a provider block.
func optional(names ...string) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, name := range names {
		attributes[name] = schema.StringAttribute{Optional: true}
	}
	return attributes
}

// required are strings of a resource.
func required(names ...string) map[string]resourceschema.Attribute {
	attributes := map[string]resourceschema.Attribute{}
	for _, name := range names {
		attributes[name] = resourceschema.StringAttribute{Required: true}
	}
	return attributes
}

// grafanaAuthorization is that of a token, or of a user and a password.
func grafanaAuthorization(auth string) string {
	if strings.Contains(auth, ":") {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(auth))
	}
	return "Bearer " + auth
}

// connectCluster connects to Kubernetes as the providers kubernetes and helm do: by
// an address and a token, or by a kubeconfig.
func connectCluster(b *block, at func(string) path.Path) (*api, error) {
	if config := b.text(at("config_path")); config != "" {
		return connectKubeconfig(config)
	}
	host, token := b.text(at("host")), b.text(at("token"))
	if !strings.HasPrefix(host, "https://") {
		token = "" // client-go leaves out credentials without TLS
	}
	return newAPI(host, b.text(at("cluster_ca_certificate")), fixed("Bearer "+token))
}

var kubeconfigEntry = regexp.MustCompile(`(?m)^[ -]*(server|certificate-authority|tokenFile): *(\S+)$`)

// connectKubeconfig connects as a kubeconfig says. Its paths are relative to its
// folder. The token's file is read again: here for every call, by client-go once a
// minute.
func connectKubeconfig(config string) (*api, error) {
	text, err := os.ReadFile(config) //nolint:gosec // the path is meant to be the user's
	if err != nil {
		return nil, err
	}
	entries := map[string]string{}
	for _, found := range kubeconfigEntry.FindAllStringSubmatch(string(text), -1) {
		entries[found[1]] = found[2]
	}
	ca, err := os.ReadFile(filepath.Join(filepath.Dir(config), entries["certificate-authority"]))
	if err != nil {
		return nil, err
	}
	return newAPI(entries["server"], string(ca), func(context.Context) (string, error) {
		token, err := os.ReadFile(filepath.Join(filepath.Dir(config), entries["tokenFile"]))
		if err != nil {
			return "", fmt.Errorf("the token file: %w", err)
		}
		return "Bearer " + string(token), nil
	})
}
