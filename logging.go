// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/command"
)

// levelVariables set the levels of the logs that a provider process writes.
var levelVariables = []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_OAUTH2CC"}

// quietLogs turns off all logs unless a variable asks for them. Terraform then discards
// them, but their default level is TRACE: NewRootSDKLogger in tfsdklog/sdk.go of
// terraform-plugin-log v0.11.0. They cost more than everything else in a call.
func quietLogs() {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		asks := name == "TF_LOG" || strings.HasPrefix(name, "TF_LOG_PROVIDER") || strings.HasPrefix(name, "TF_LOG_SDK")
		if asks && value != "" { // not TF_LOG_CORE and TF_LOG_PATH
			return
		}
	}
	for _, name := range levelVariables {
		_ = os.Setenv(name, "off") // the name is valid
	}
	command.Hide(levelVariables...)
}

// loggingContext returns a context that logs to Terraform's log, like that of a call.
func loggingContext() context.Context {
	return tfsdklog.NewRootProviderLogger(context.Background(),
		tfsdklog.WithStderrFromInit(), tfsdklog.WithLogName("oauth2cc"), tflog.WithLevelFromEnv("TF_LOG_PROVIDER", "oauth2cc"))
}
