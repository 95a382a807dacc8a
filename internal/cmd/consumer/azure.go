// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// azureLogin gets tokens from Microsoft Entra ID in exchange for an assertion.
type azureLogin struct {
	url  string
	form url.Values

	mu      sync.Mutex
	token   string
	expires time.Time
}

// connectAzure connects as azurerm does with use_oidc: it reads the file once, and
// exchanges the assertion again whenever its token has expired. CONSUMER_LOGIN and
// CONSUMER_API are used in place of Azure's addresses.
func connectAzure(b *block) (*api, error) {
	assertion, err := os.ReadFile(b.text(path.Root("oidc_token_file_path")))
	if err != nil {
		return nil, fmt.Errorf("the OIDC token: %w", err)
	}
	login := &azureLogin{url: os.Getenv("CONSUMER_LOGIN"), form: url.Values{
		"grant_type":            {"client_credentials"},
		"client_id":             {b.text(path.Root("client_id"))},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {string(assertion)},
		"scope":                 {"https://management.azure.com/.default"},
	}}
	return newAPI(os.Getenv("CONSUMER_API"), "", login.authorization)
}

// authorization is that of the current token, or of a new one.
func (l *azureLogin) authorization(context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.expires) {
		return "Bearer " + l.token, nil
	}
	response, err := (&http.Client{Timeout: callTimeout}).PostForm(l.url, l.form) //nolint:noctx // the client's timeout bounds it
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil {
		return "", err
	}
	if token.AccessToken == "" {
		return "", errors.New("the assertion is not accepted: " + response.Status)
	}
	l.token, l.expires = token.AccessToken, time.Now().Add(time.Duration(token.ExpiresIn)*time.Second)
	return "Bearer " + l.token, nil
}
