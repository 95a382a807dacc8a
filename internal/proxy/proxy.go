// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package proxy is a reverse proxy on loopback for the calls that another program makes to
// one API. Nothing is forwarded without the proxy's own credential, which never reaches the
// API. Everything else of a call arrives as it was sent.
//
// It does not know OAuth: what a call needs to be accepted, its [http.RoundTripper] adds.
// It repeats no call, caches nothing and follows no redirect.
package proxy

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const (
	// drainTimeout is how long running calls may take after Close.
	drainTimeout = 5 * time.Second
	// headerTimeout bounds the TLS handshake and the header of a call.
	headerTimeout = 10 * time.Second
	// idleTimeout is longer than callers keep connections, so that none is closed just when
	// a call is sent on it.
	idleTimeout = 10 * time.Minute
	// maxHeaderBytes bounds the header of a call.
	maxHeaderBytes = 128 << 10
	// credentialSize is the size of the credential in bytes.
	credentialSize = 32
)

// Config describes a [Proxy].
type Config struct {
	// Target is the API's base address: an http or https URL without query and fragment. A
	// slash at its end is not significant.
	Target *url.URL
	// Header replaces fields of the callers.
	Header http.Header
	// TLS serves https, with a certificate made for this proxy.
	TLS bool
	// Transport sends the calls. It must not follow redirects, and neither add an
	// Accept-Encoding header nor decompress.
	Transport http.RoundTripper
	// Describe describes an error of Transport, or of the body of its response. It reveals no secret.
	Describe func(error) Problem
	// Logger receives a WARN record for each call that failed.
	Logger *slog.Logger
}

// Proxy is a running proxy. It is safe for concurrent use.
type Proxy struct {
	target     target
	header     http.Header
	transport  http.RoundTripper
	describe   func(error) Problem
	log        *slog.Logger
	credential secret.String
	redactor   *secret.Redactor // of the credential
	address    string
	authority  string

	server    *http.Server
	strangers strangers
	cut       context.CancelFunc // ends all calls
	calls     atomic.Int64
	running   atomic.Int64

	mu       sync.Mutex
	failures map[string]Failure // by title
}

// Failure is why calls failed, and how many did for the same reason.
type Failure struct {
	Problem // the first one

	Calls int
}

// Start starts a proxy. It runs until [Proxy.Close], whatever happens to ctx, with which it
// logs.
func Start(ctx context.Context, config Config) (*Proxy, error) {
	random := make([]byte, credentialSize)
	_, _ = rand.Read(random) // never fails
	p := &Proxy{
		target:     newTarget(config.Target),
		header:     config.Header,
		transport:  config.Transport,
		describe:   config.Describe,
		log:        config.Logger,
		credential: secret.New(hex.EncodeToString(random)),
		failures:   map[string]Failure{},
	}
	p.redactor = secret.NewRedactor(p.credential)
	var tlsConfig *tls.Config
	if config.TLS {
		certificate, authority, err := newCertificate(time.Now())
		if err != nil {
			return nil, err
		}
		p.authority = authority
		tlsConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	p.cut = cut
	p.server = &http.Server{
		Handler:                      p,
		TLSConfig:                    tlsConfig,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     silent,
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnState:                    p.strangers.track,
		ConnContext:                  withConn,
	}
	p.server.RegisterOnShutdown(p.strangers.close)
	if config.TLS {
		p.address = "https://" + listener.Addr().String()
		go func() { _ = p.server.ServeTLS(listener, "", "") }() // until Close
	} else {
		p.address = "http://" + listener.Addr().String()
		go func() { _ = p.server.Serve(listener) }()
	}
	return p, nil
}

// silent drops what net/http has to say of callers: it may quote them.
var silent = log.New(io.Discard, "", 0)

// URL returns the address that stands for the target, without a slash at its end.
func (p *Proxy) URL() string { return p.address }

// Credential returns what callers authenticate with. It is good for nothing else.
func (p *Proxy) Credential() secret.String { return p.credential }

// CapabilityURL returns an address that stands for the target and holds the credential.
func (p *Proxy) CapabilityURL() secret.String {
	return secret.New(p.address + "/" + p.credential.Reveal())
}

// CACertificate returns the authority of the proxy's certificate in PEM; "" without TLS.
func (p *Proxy) CACertificate() string { return p.authority }

// Calls returns how many calls were forwarded.
func (p *Proxy) Calls() int64 { return p.calls.Load() }

// Failures returns why calls failed, in the order of their titles. It is bounded by the
// number of titles that Describe has.
func (p *Proxy) Failures() []Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	failures := make([]Failure, 0, len(p.failures))
	for _, failure := range p.failures {
		failures = append(failures, failure)
	}
	slices.SortFunc(failures, func(a, b Failure) int { return cmp.Compare(a.Title, b.Title) })
	return failures
}

// Close stops listening at once and lets running calls finish, until ctx ends but no longer
// than 5 seconds. Upgraded connections end when all others have. The error says how many
// calls were cut off.
func (p *Proxy) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	err := p.server.Shutdown(ctx)
	running := p.running.Load()
	p.cut()
	if err == nil {
		return nil
	}
	_ = p.server.Close()
	p.log.WarnContext(ctx, "calls through the proxy had not ended and were cut off", "calls", running)
	return fmt.Errorf("calls that had not ended were cut off: %d", running)
}

// failed records that a call failed.
func (p *Proxy) failed(ctx context.Context, method string, problem Problem) {
	p.log.WarnContext(ctx, "a call through the proxy failed",
		"method", method, "title", problem.Title, "detail", strings.ReplaceAll(problem.Detail, "\n", " "))
	p.mu.Lock()
	defer p.mu.Unlock()
	failure, ok := p.failures[problem.Title]
	if !ok {
		failure.Problem = problem
	}
	failure.Calls++
	p.failures[problem.Title] = failure
}
