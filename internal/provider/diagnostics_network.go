// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/x509"
	"errors"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// describeNetwork is for a request without a response. The attribute is the one
// with the address.
func describeNetwork(failure *httpstack.Error, attribute string) finding {
	found := finding{attribute: attribute, facts: []string{sentence(failure.Error())}}
	switch failure.Kind {
	case httpstack.Plaintext:
		refused := plaintextRefused(attribute)
		found.summary, found.remedy = refused.Summary(), refused.Detail()
	case httpstack.DNS:
		found.summary = "The server's name cannot be resolved"
		found.remedy = "Check the host in " + attribute + ", and that this machine can resolve it. If only a proxy can, set proxy_url."
	case httpstack.Refused:
		found.summary = "The server cannot be reached"
		found.remedy = "Check the host and port in " + attribute + ", that the server is running, and that no firewall blocks the connection."
	case httpstack.TLS:
		found.summary, found.remedy = describeTLS(failure)
	case httpstack.Proxy:
		found.summary = "The proxy did not forward the request"
		found.attribute = ""
		found.remedy = "Check proxy_url, or the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY: the address, the user name and the password, " +
			"and whether the proxy may connect to the server."
	case httpstack.Timeout:
		found.summary = "No response in time"
		found.remedy = "Check that this machine can reach the address in " + attribute + ". " +
			"If the server is slow, set a longer timeout in the provider block."
		if failure.Proxy != "" {
			found.remedy = "Check that the proxy " + failure.Proxy + " works and may reach the server: it comes from proxy_url, " +
				"HTTPS_PROXY or HTTP_PROXY, and NO_PROXY names hosts that need none. " + found.remedy
		}
	case httpstack.Redirect:
		found.summary = "Redirect refused"
		found.remedy = "Check " + attribute + ". Credentials are never sent to another scheme, host or port, " +
			"and at most five redirects are followed."
	case httpstack.Canceled:
		found.summary, found.remedy = "The request was cancelled", "Terraform stopped the run before the response arrived."
	case httpstack.TooLarge:
		found.summary = "The response is too large"
		found.remedy = "Check the address in " + attribute + ": something else seems to respond there."
		if attribute == "url" { // only a request to an API can ask for less
			found.remedy = "Check url. If it is right, request less at a time."
		}
	case httpstack.Truncated, httpstack.Protocol:
		found.summary = "The response cannot be read"
		found.remedy = "Check the address in " + attribute + ". If it is right, the server or something in between truncates or damages responses."
		if failure.MayExpectTLS {
			found.remedy = "If the server expects TLS on this port, use https:// in " + attribute + ". If not, check the address, and whether the server or " +
				"something in between truncates or damages responses."
		}
	case httpstack.Invalid:
		found.summary = "The request cannot be sent"
		found.remedy = "Check " + attribute + " and the header fields."
	case httpstack.Other:
		found.summary = "The request failed"
		found.remedy = "Check " + attribute + ", and the network between this machine and the server."
	}
	return found
}

// proxyCredentials is for status 407 (RFC 9110 section 15.5.8) if no proxy is
// configured.
const proxyCredentials = "A proxy on the way requires credentials of its own. " +
	"Set proxy_url = \"http://user:password@host:port\", or one of the variables HTTPS_PROXY and HTTP_PROXY."

// describeTLS distinguishes the common failures of TLS.
func describeTLS(failure *httpstack.Error) (summary, remedy string) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](failure); ok {
		return "The server's certificate is from an unknown authority",
			"If the server uses a private certificate authority, set tls = { ca_certificate = file(\"ca.pem\") } in the provider block."
	}
	if _, ok := errors.AsType[x509.HostnameError](failure); ok {
		return "The server's certificate is for another host", "Check the host in the address: the certificate must name it."
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](failure); ok && invalid.Reason == x509.Expired {
		return "The server's certificate has expired or is not valid yet",
			"Check this machine's clock. If it is right, contact the server's operator to renew the certificate."
	}
	if failure.Alert {
		return "The server ended the TLS handshake",
			"If the server requires a client certificate, set tls = { client_certificate = …, client_key = … } in the provider block. " +
				"If one is set, it may have expired, or be from an authority that the server does not trust."
	}
	return "No TLS connection to the server", "Check whether the address must begin with https:// or http://, and that the server supports TLS 1.2 or later."
}
