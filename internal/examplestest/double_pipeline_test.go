// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// pipeline plays the platform that a pipeline runs on, whichever it is.
var pipeline *authserver.Platform

// What the platform says of the job, and for whom.
const (
	pipelineIssuer   = "https://platform.example.com"
	pipelineJob      = "project:shop:branch:main"
	pipelineAudience = "api://deploy"
	azureAudience    = "api://AzureADTokenExchange" // the only one of Azure DevOps
)

// startPipeline starts the platform and puts into the environment what platforms
// put there. Stop ends it.
func startPipeline() (stop func(), err error) {
	pipeline, err = authserver.NewPlatform(authserver.PlatformConfig{
		Issuer: pipelineIssuer, Subject: pipelineJob, RequestToken: "job-token", ServiceConnectionID: serviceConnection,
	})
	if err != nil {
		return func() {}, err
	}
	mux := http.NewServeMux()
	mux.Handle("/github", pipeline.GitHubActions())
	mux.Handle("/azure", pipeline.AzureDevOps())
	listener := httptest.NewServer(mux)
	token, err := pipeline.Token(pipelineAudience)
	for name, value := range map[string]string{
		"ACTIONS_ID_TOKEN_REQUEST_URL":       listener.URL + "/github?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN":     "job-token",
		"SYSTEM_OIDCREQUESTURI":              listener.URL + "/azure",
		"SYSTEM_ACCESSTOKEN":                 "job-token",
		"OAUTH2CC_ID_TOKEN":                  token,
		"TFC_WORKLOAD_IDENTITY_TOKEN":        token,
		"TFC_WORKLOAD_IDENTITY_TOKEN_DEPLOY": token,
		"SPACELIFT_OIDC_TOKEN":               token,
		"BITBUCKET_STEP_OIDC_TOKEN":          token,
		"CIRCLE_OIDC_TOKEN_V2":               token,
	} {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return listener.Close, err
}
