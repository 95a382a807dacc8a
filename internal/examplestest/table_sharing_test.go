// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"net/url"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
)

// sharing are the examples of the guide of that name. Each makes one token request
// in all of its commands.
func sharing() map[string]example {
	secret := config.StringVariable("tGzv3JOkF0XG5Qx2TlKWIA")
	scope := []url.Values{clientCredentials(url.Values{"scope": {"orders.read"}})}
	client := authserver.Client{ID: "pipeline", Secret: "tGzv3JOkF0XG5Qx2TlKWIA", Scopes: []string{"orders.read"}}
	redis := func(start func(*testing.T) (url string)) example {
		return example{
			client: client,
			prepare: func(t *testing.T) config.Variables {
				t.Helper()
				return config.Variables{"client_secret": secret, "redis_url": config.StringVariable(start(t))}
			},
			forms: scope,
			check: oneTokenRequest,
		}
	}
	return map[string]example{
		"sharing/file.tf": {
			client:    client,
			variables: config.Variables{"client_secret": secret},
			forms:     scope,
			check:     oneTokenRequest,
		},
		"sharing/redis.tf": redis(func(t *testing.T) string {
			t.Helper()
			return redistest.Start(t, redistest.Options{}).URL("", "")
		}),
		"sharing/redis_cluster.tf": redis(func(t *testing.T) string {
			t.Helper()
			return redistest.StartCluster(t, redistest.Options{}).URL("", "")
		}),
		"sharing/redis_sentinel.tf": redis(func(t *testing.T) string {
			t.Helper()
			return redistest.StartSentinel(t, 1, redistest.Options{}, redistest.Options{}).URL("", "")
		}),
		"sharing/encryption_key.tf": {
			client:    federated("deploy", pipelineAudience, "orders.read"),
			settings:  authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{pipelineTrust()}},
			variables: config.Variables{"cache_key": config.StringVariable("S6ySnDRjUi5hB6gNRmCI0KdqYqpPXLcrPHRUMmBJ1bQ=")},
			forms:     []url.Values{asserted("deploy", url.Values{"scope": {"orders.read"}})},
			check:     oneTokenRequest,
		},
	}
}

// oneTokenRequest holds that one token did for all commands.
func oneTokenRequest(t *testing.T, srv *authservertest.Server) {
	t.Helper()
	if got := srv.Count(authserver.TokenEndpoint); got != 1 {
		t.Errorf("%d token requests", got)
	}
}
