// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/x509"
	"errors"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// describeNetwork is for a request that got no answer. The attribute is the one
// that holds the address.
func describeNetwork(failure *httpstack.Error, attribute string) finding {
	found := finding{attribute: attribute, facts: []string{sentence(failure.Error())}}
	switch failure.Kind {
	case httpstack.Plaintext:
		refused := plaintextRefused(attribute)
		found.summary, found.remedy = refused.Summary(), refused.Detail()
	case httpstack.DNS:
		found.summary = "The server's name cannot be looked up"
		found.remedy = "Check the host in " + attribute + ", and that this machine can resolve it. Where only a proxy can, set proxy_url."
	case httpstack.Refused:
		found.summary = "The server cannot be reached"
		found.remedy = "Check host and port in " + attribute + ", that the server runs, and that a firewall lets this machine through."
	case httpstack.TLS:
		found.summary, found.remedy = describeTLS(failure)
	case httpstack.Proxy:
		found.summary = "The proxy does not let the request through"
		found.attribute = ""
		found.remedy = "Check proxy_url, or the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY: the address, the user name and the password in it, " +
			"and whether that proxy may reach the server."
	case httpstack.Timeout:
		found.summary = "No response in time"
		found.remedy = "Check that the address in " + attribute + " can be reached from this machine. " +
			"If the server is only slow, set a longer timeout in the provider block."
		if failure.Proxy != "" {
			found.remedy = "Check that the proxy " + failure.Proxy + " works and may reach the server: it comes from proxy_url, " +
				"HTTPS_PROXY or HTTP_PROXY, and NO_PROXY names hosts that need none. " + found.remedy
		}
	case httpstack.Redirect:
		found.summary = "Redirect refused"
		found.remedy = "Check the address in " + attribute + ". Redirects are followed five times at most, and only to the same scheme, host and port: " +
			"credentials go nowhere else."
	case httpstack.Canceled:
		found.summary, found.remedy = "The request was cancelled", "Terraform stopped the run before the answer came."
	case httpstack.TooLarge:
		found.summary = "The answer is too large"
		found.remedy = tooLargeRemedy(attribute)
	case httpstack.Truncated, httpstack.Protocol:
		found.summary = "The answer cannot be read"
		found.remedy = "Check the address in " + attribute + ". If it is right, the server or something on the way breaks its answers off or damages them."
	case httpstack.Invalid:
		found.summary = "The request cannot be sent"
		found.remedy = "Check " + attribute + " and the header fields."
	case httpstack.Other:
		found.summary = "The request failed"
		found.remedy = "Check " + attribute + ", and the network between this machine and the server."
	}
	return found
}

// proxyCredentials is for the status 407 (RFC 9110 section 15.5.8) where no proxy is
// known to be on the way.
const proxyCredentials = "That is what a proxy on the way says which wants credentials of its own. " +
	"Set proxy_url = \"http://user:password@host:port\", or one of the variables HTTPS_PROXY and HTTP_PROXY."

// tooLargeRemedy says what to do about an answer that is too large. Only of an API
// can less be asked for.
func tooLargeRemedy(attribute string) string {
	if attribute == "url" {
		return "Check url. If it is right, ask for less at a time."
	}
	return "Check the address in " + attribute + ": what answers there is something else than it should be."
}

// describeTLS tells the common failures of TLS apart.
func describeTLS(failure *httpstack.Error) (summary, remedy string) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](failure); ok {
		return "The server's certificate comes from an unknown authority",
			"If the server uses a private certificate authority, give its certificate as tls = { ca_certificate = file(\"ca.pem\") } in the provider block."
	}
	if _, ok := errors.AsType[x509.HostnameError](failure); ok {
		return "The server's certificate is for another host", "Check the host in the address: it must be one that the certificate names."
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](failure); ok && invalid.Reason == x509.Expired {
		return "The server's certificate is not valid at this time", "Have the certificate renewed, and check this machine's clock."
	}
	if failure.Alert {
		return "The server ended the secure connection",
			"If it wants a client certificate, set tls = { client_certificate = …, client_key = … } in the provider block, " +
				"or another one where it refuses the one that is set: it may be expired, or of an authority that the server does not trust."
	}
	return "No secure connection to the server", "Check whether the address must begin with https:// or http://, and that the server supports TLS 1.2 or later."
}
