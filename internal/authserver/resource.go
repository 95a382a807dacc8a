// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/url"
	"slices"
	"strings"
)

// requestedAudience is what the resource parameters (RFC 8707) and audience
// name, in that order; nil when they name nothing.
func requestedAudience(q *request) ([]string, error) {
	var audience []string
	for _, resource := range q.parameters["resource"] {
		if resource == "" {
			continue
		}
		uri, err := url.Parse(resource)
		if err != nil || !uri.IsAbs() || strings.Contains(resource, "#") {
			return nil, refuse(invalidTarget, "resource must be an absolute URI without a fragment")
		}
		audience = append(audience, resource)
	}
	for _, value := range q.parameters["audience"] {
		if value != "" {
			audience = append(audience, value)
		}
	}
	return audience, nil
}

// defaultAudience is whom a token is for when the request does not say.
func (s *Server) defaultAudience() []string {
	if s.config.Resource != "" {
		return []string{s.config.Resource}
	}
	return []string{s.config.Issuer}
}

// within refuses an audience beyond the one granted (RFC 8707 §2.2).
func within(requested, granted []string) error {
	for _, one := range requested {
		if !slices.Contains(granted, one) {
			return refuse(invalidTarget, "the grant does not cover that resource")
		}
	}
	return nil
}
