// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// Schema implements [provider.Provider].
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gets OAuth 2.0 client credentials tokens from any authorization server.",
		Attributes:          withEnvironment(providerAttributes()),
	}
}

// providerAttributes are those of the provider block: the client's and the
// connection's.
func providerAttributes() map[string]schema.Attribute {
	return merged(derived(clientAttributes(), forProvider), connectionAttributes())
}

// connectionAttributes say how servers are reached. They apply to every request
// that the provider makes, and only the provider block has them.
func connectionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"tls": tlsAttribute(),
		"proxy_url": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Proxy for every connection (`http`, `https` or `socks5`), with user name and password where it wants them. " +
				"By default the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.",
			Validators: []validator.String{proxy()},
		},
		"allow_plaintext_http": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Permits `http://` to other hosts than this machine. Default `false`: credentials would cross the network " +
				"for everyone to read.",
		},
		"timeout": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Time limit of one attempt to get an answer, for example `\"10s\"`. Default `30s`.",
			Validators:          []validator.String{durationFrom(time.Millisecond)},
		},
		"max_retries": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How often a request is retried after a transient failure: no connection, no response in time, "+
				"408, 425, 429, or a 5xx that may pass (not 501 or 505). A refusal is never retried. Default `%d`; `0` turns retries off. Waits grow "+
				"from half a second to ten, or are what the server asks for (`Retry-After`) where that is over within `timeout` × (`max_retries` + 1) "+
				"of the first attempt: where it asks for longer, the error says at once until when. What may be good for one use (a code, a refresh "+
				"token, a `request_body`) is not sent again once it may have arrived.", httpstack.DefaultMaxRetries),
			Validators: []validator.Number{maxRetries()},
		},
		"cache": cacheAttribute(),
	}
}

// cacheAttribute is about sharing tokens.
func cacheAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "With whom tokens are shared, so that they are requested once. " +
			"The guide [Sharing tokens](guides/sharing-tokens.md) tells more.",
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "`memory` (default): everything in one Terraform process. `file`: all processes of this machine: plan and apply, " +
					"provider aliases, stacks. `redis`: all machines that use the same Redis or Valkey server. `none`: nothing.",
				Validators: []validator.String{oneOf(cacheKinds()...)},
			},
			"path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Folder of a `file` cache, made if it is not there. Default: one in the user's cache folder " +
					"(on Linux `~/.cache/terraform-provider-oauth2cc`).",
				Validators: []validator.String{localPath()},
			},
			"url": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Address of the server of a `redis` cache: `rediss://user:password@host:6379/0`, or `redis://` without TLS, " +
					"or `unix://`. The settings of `tls` apply, but for `server_name`.",
				Validators: []validator.String{redisURL()},
			},
			"encryption_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Random text, best of 32 bytes, that seals the entries of a `file` or `redis` cache together with the client's secret or private key. " +
					"Required for clients that have neither.",
				Validators: []validator.String{line()},
			},
		},
	}
}

// tlsAttribute is about both ends of the connections.
func tlsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "TLS settings of every connection. TLS 1.2 is the least.",
		Attributes: map[string]schema.Attribute{
			"ca_certificate": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Certificates to trust beside the system's, in PEM.",
				Validators:          []validator.String{certificates()},
			},
			"client_certificate": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Certificate of the client, in PEM, those of intermediate authorities behind it. " +
					"It is presented to every server that asks for one.",
				Validators: []validator.String{certificates()},
			},
			"client_key": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Private key of `client_certificate`, in PEM (PKCS#1, PKCS#8, SEC 1) without a passphrase.",
				Validators:          []validator.String{anyText()},
			},
			"server_name": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name that the servers' certificates must have, where it is not the host of the address.",
				Validators:          []validator.String{hostName()},
			},
			"insecure_skip_verify": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Accepts any server certificate. Default `false`. Whoever is on the way can then read and change everything: " +
					"for trying something out, never for a pipeline.",
			},
		},
	}
}

// withEnvironment adds to each description the variable that stands in for the
// attribute.
func withEnvironment(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	for _, name := range environmentAttributes() {
		note := " Environment variable: `" + environmentVariable(name) + "`."
		switch attribute := attributes[name].(type) {
		case schema.StringAttribute:
			attribute.MarkdownDescription += note
			attributes[name] = attribute
		case schema.NumberAttribute:
			attribute.MarkdownDescription += note
			attributes[name] = attribute
		}
	}
	return attributes
}

// environmentVariable is the variable that stands in for an attribute.
func environmentVariable(attribute string) string { return "OAUTH2CC_" + strings.ToUpper(attribute) }
