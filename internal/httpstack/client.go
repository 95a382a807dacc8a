// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package httpstack is the one HTTP client of the provider: discovery, token,
// revocation and API requests all leave through it, with the same TLS
// settings, proxy, redirect rules, size limits, timeout and log.
//
// It refuses to send credentials to another origin than the configured one, to send
// them unencrypted to another machine, to read a response without a bound, and to put a
// query, a header value, a body or a proxy password into an error or a log record. For
// the last it drops the texts of net/http that quote what was sent or received, see
// [Error]. [Client.Streaming] leaves redirects, and all bounds but that of the response
// header, to its caller.
//
// It knows nothing of OAuth: its callers decide what a response means, and whether
// [Retry] may send a request again.
//
// One exception: if a server sends more than its response, net/http prints the surplus to
// the standard logger of package log, and no client can prevent that. A program whose
// stderr is kept must silence that logger.
package httpstack

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const (
	// DefaultTimeout bounds one attempt by default.
	DefaultTimeout = 30 * time.Second
	// DefaultMaxBody bounds a response body by default, in bytes.
	DefaultMaxBody = 1 << 20

	// maxHeaderBytes bounds the header of a response.
	maxHeaderBytes = 256 << 10
	maxRedirects   = 5

	// idleTimeout is shorter than the five seconds after which common servers
	// drop an idle connection: net/http cannot repeat a POST that meets a
	// connection the server is just closing.
	idleTimeout = 4 * time.Second
	// maxIdlePerHost covers the operations that Terraform runs at once: ten, unless
	// -parallelism asks for more.
	maxIdlePerHost = 64
)

// Config describes a [Client]. Its zero value is a client that trusts the
// system's certificate authorities and follows the usual proxy variables.
type Config struct {
	// CACertificates are certificates in PEM to trust in addition to the system's:
	// trusting a private authority must not cut off public servers.
	CACertificates string
	// ServerName replaces the host of the URL in SNI and in the verification of
	// every server's certificate, that of an https proxy included.
	ServerName string
	// InsecureSkipVerify turns off the verification of server certificates.
	InsecureSkipVerify bool
	// ClientCertificate is presented to every server that asks for one.
	ClientCertificate *tls.Certificate

	// ProxyURL is an http, https, socks5 or socks5h URL, which may hold a user
	// name and a password. It then serves every request, also to loopback
	// addresses. If it is empty, HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide.
	ProxyURL secret.String
	// AllowPlaintextHTTP permits http URLs to other than loopback addresses.
	AllowPlaintextHTTP bool

	// Timeout bounds one attempt from connecting to the last byte of the body,
	// redirects included, and for Streaming connecting alone. Zero means DefaultTimeout.
	Timeout time.Duration
	// UserAgent is sent if a request has no User-Agent header of its own.
	UserAgent string
	// Logger receives two DEBUG records for each request; nil discards them.
	Logger *slog.Logger
	// Now is the clock of Response.RequestedAt and of logged durations; nil means time.Now.
	Now func() time.Time
}

// Client sends requests as its [Config] says. It is safe for concurrent use.
type Client struct {
	transport      *http.Transport
	streaming      *http.Transport // see Streaming
	upgrading      *http.Transport // the same for requests of another protocol, which HTTP/2 does not have (RFC 9113 section 8.6)
	dial           func(ctx context.Context, network, address string) (net.Conn, error)
	proxy          *url.URL // the configured one; nil leaves it to the environment
	allowPlaintext bool
	timeout        time.Duration
	userAgent      string
	log            *slog.Logger
	now            func() time.Time
}

// New returns a client for config. It opens no connection. Its errors quote no
// part of the proxy URL or of the certificates.
func New(config Config) (*Client, error) {
	switch {
	case config.Timeout < 0:
		return nil, fmt.Errorf("timeout %s is negative", config.Timeout)
	case config.Timeout == 0:
		config.Timeout = DefaultTimeout
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	proxy, err := ParseProxyURL(config.ProxyURL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("the proxy URL %w", err)
	}
	tlsConfig, err := newTLSConfig(config)
	if err != nil {
		return nil, fmt.Errorf("CA certificates: %w", err)
	}
	client := &Client{
		transport:      newTransport(tlsConfig, proxy),
		streaming:      newStreamingTransport(tlsConfig.Clone(), proxy),
		upgrading:      newStreamingTransport(tlsConfig.Clone(), proxy),
		dial:           new(net.Dialer).DialContext,
		proxy:          proxy,
		allowPlaintext: config.AllowPlaintextHTTP,
		timeout:        config.Timeout,
		userAgent:      config.UserAgent,
		log:            config.Logger,
		now:            config.Now,
	}
	for _, transport := range []*http.Transport{client.transport, client.streaming, client.upgrading} {
		transport.DialContext = client.dialContext
	}
	client.upgrading.ForceAttemptHTTP2 = false
	return client, nil
}

// TLSConfig returns the settings for connections that others make to other servers: all
// but the server's name.
func (c *Client) TLSConfig() *tls.Config {
	config := c.transport.TLSClientConfig.Clone()
	config.ServerName = ""
	return config
}

// CloseIdleConnections closes the connections that no request uses.
func (c *Client) CloseIdleConnections() {
	c.transport.CloseIdleConnections()
	c.streaming.CloseIdleConnections()
	c.upgrading.CloseIdleConnections()
}

// newTransport sets no timeout of net/http: the client's covers several phases.
func newTransport(tlsConfig *tls.Config, proxy *url.URL) *http.Transport {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkConnectResponse,
		TLSClientConfig:        tlsConfig,
		ForceAttemptHTTP2:      true, // else net/http leaves HTTP/2 out, as TLSClientConfig is set
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
		// net/http would offer HTTP/2 to the proxy too, and then speak HTTP/1 to it.
		transport.ForceAttemptHTTP2 = proxy.Scheme != "https"
	}
	return transport
}

// newStreamingTransport returns a transport that leaves bodies alone, and a server the
// usual time to refuse one (RFC 9110 section 10.1.1).
func newStreamingTransport(tlsConfig *tls.Config, proxy *url.URL) *http.Transport {
	transport := newTransport(tlsConfig, proxy)
	transport.DisableCompression, transport.ExpectContinueTimeout = true, time.Second
	return transport
}
