// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// Problem is why a call failed (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := call{proxy: p, ctx: r.Context(), method: r.Method}
	if problem := c.admit(r); problem != nil {
		if problem.Status == http.StatusUnauthorized {
			w.Header()["Www-Authenticate"] = []string{`Bearer realm="oauth2cc_proxy"`, `Basic realm="oauth2cc_proxy"`}
		}
		if problem.Status == http.StatusMethodNotAllowed { // RFC 9110 section 15.5.6
			w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		}
		w.Header().Set("Connection", "close") // what follows may be the rest of a body
		write(w, *problem)
		return
	}
	if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		p.strangers.remove(conn)
	}
	p.calls.Add(1)
	p.running.Add(1)
	defer p.running.Add(-1)
	// The API may respond before the whole body is there, which net/http would wait for.
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex()
	w.Header()["Content-Type"] = nil // or net/http would guess one
	reverse := httputil.ReverseProxy{
		Rewrite:        c.rewrite,
		Transport:      p.transport,
		FlushInterval:  flushInterval,
		ErrorLog:       silent,
		BufferPool:     &buffers,
		ModifyResponse: c.modifyResponse,
		ErrorHandler:   c.handleError,
	}
	defer func() {
		aborted := recover()
		if aborted == http.ErrAbortHandler { //nolint:errorlint // a value that is no error of a call
			_ = controller.Flush() // what the API sent of a response that it cut off
		}
		if aborted != nil {
			panic(aborted)
		}
	}()
	reverse.ServeHTTP(w, r)
}

// flushInterval is how long a part of a response of known length may wait for the next:
// header and body of most arrive together, and are sent together. Others are not delayed.
const flushInterval = time.Millisecond

// call is a call that is forwarded.
type call struct {
	proxy  *Proxy
	ctx    context.Context // ends when the caller is gone
	method string
	url    *url.URL // at the API
	local  string   // what stands for the target in the address that the call came by
	// unread is set if the caller's body could not be read.
	unread atomic.Bool
}

// admit reports why a call is not forwarded; nil if it is.
func (c *call) admit(r *http.Request) *Problem {
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return refuse(http.StatusMethodNotAllowed, "The method "+r.Method+" is not forwarded.")
	}
	// A browser sends another name, whatever address a page has made it resolve to. Only
	// HTTP/1.0 has no Host.
	if (r.Host != "" || r.ProtoAtLeast(1, 1)) && !httpstack.IsLoopback((&url.URL{Host: r.Host}).Hostname()) {
		return refuse(http.StatusMisdirectedRequest, "The Host of a request must be a loopback address. Use local_url as it is.")
	}
	path, query, hasQuery := strings.Cut(requestTarget(r), "?")
	scheme, _, _ := strings.Cut(c.proxy.address, ":")
	c.local = scheme + "://" + r.Host
	if r.Host == "" {
		c.local = c.proxy.address
	}
	below, ok := c.proxy.capability(path)
	if ok {
		path = below
		c.local += "/" + c.proxy.credential.Reveal()
	} else if !slices.ContainsFunc(r.Header["Authorization"], c.proxy.authorizes) {
		return refuse(http.StatusUnauthorized,
			"This is the proxy of oauth2cc_proxy. It accepts its access_token as a Bearer token or as the password of Basic authentication, or its capability_url.")
	}
	if c.proxy.isIn(path) || c.proxy.isIn(query) {
		return refuse(http.StatusBadRequest, "The access_token of the proxy is in the path or query of the request, and would reach the API. "+
			"Send it in the Authorization header, or use capability_url.")
	}
	resolved, err := c.proxy.target.resolve(path, query, hasQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "The path of the request leaves the url of the proxy.")
	}
	c.url = resolved
	return nil
}

func refuse(status int, detail string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: detail}
}

// requestTarget returns path and query as they were received, also of a target in absolute
// form (RFC 9112 section 3.2.2).
func requestTarget(r *http.Request) string {
	if r.URL.Host == "" {
		return r.RequestURI
	}
	_, rest, _ := strings.Cut(r.RequestURI, "://")
	if start := strings.IndexAny(rest, "/?"); start >= 0 {
		return rest[start:]
	}
	return ""
}

// capability reports whether the first segment of a path is the credential, and returns the
// rest.
func (p *Proxy) capability(path string) (rest string, ok bool) {
	segment := strings.TrimPrefix(path, "/")
	if slash := strings.Index(segment, "/"); slash >= 0 {
		segment, rest = segment[:slash], segment[slash:]
	}
	return rest, p.isCredential(segment)
}

// authorizes reports whether the value of an Authorization header has the credential.
func (p *Proxy) authorizes(value string) bool {
	scheme, parameter, _ := strings.Cut(value, " ")
	parameter = strings.TrimSpace(parameter)
	if strings.EqualFold(scheme, "Basic") { // RFC 7617 section 2
		pair, _ := base64.StdEncoding.DecodeString(parameter)
		_, parameter, _ = strings.Cut(string(pair), ":")
	}
	return p.isCredential(parameter)
}

func (p *Proxy) isCredential(text string) bool {
	return subtle.ConstantTimeCompare([]byte(text), []byte(p.credential.Reveal())) == 1
}

// isIn reports whether a text holds the credential, as it is or encoded.
func (p *Proxy) isIn(text string) bool {
	return len(text) >= credentialSize && p.redactor.RedactKnown(text) != text
}

// rewrite turns the caller's request into that to the API.
func (c *call) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL, r.Out.Host = c.url, ""
	r.Out.Header.Del("Authorization")
	if upgradesHTTP(r.Out.Header.Get("Upgrade")) {
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}
	for name, values := range r.Out.Header {
		if strings.HasPrefix(name, "X-Forwarded") || name == "Forwarded" || name == "Via" || slices.ContainsFunc(values, c.proxy.isIn) {
			delete(r.Out.Header, name)
		}
	}
	for name, values := range c.proxy.header {
		r.Out.Header[name] = slices.Clone(values)
	}
	if r.Out.Body != nil {
		r.Out.Trailer = r.In.Trailer // which net/http fills when it has read the body
		r.Out.Body = watchedBody{r.Out.Body, func(err error) {
			if !errors.Is(err, io.EOF) {
				c.unread.Store(true)
			}
			for name, values := range r.Out.Trailer {
				if slices.ContainsFunc(values, c.proxy.isIn) {
					r.Out.Trailer[name] = nil
				}
			}
		}}
	}
}

// upgradesHTTP reports whether a protocol that a caller asks to switch to (RFC 9110 section
// 7.8) carries further requests, which would pass the proxy unseen. Some clients ask for h2c
// with each request.
func upgradesHTTP(protocol string) bool {
	protocol = strings.ToLower(protocol)
	return strings.HasPrefix(protocol, "h2") || strings.Contains(protocol, "http/") || strings.Contains(protocol, "tls/")
}

// modifyResponse turns the API's response into that to the caller.
func (c *call) modifyResponse(response *http.Response) error {
	for _, name := range []string{"Location", "Content-Location"} {
		for i, reference := range response.Header[name] {
			response.Header[name][i] = c.proxy.target.localize(reference, c.local)
		}
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		response.Body = watchedBody{response.Body, func(err error) {
			if !errors.Is(err, io.EOF) && c.ctx.Err() == nil {
				c.proxy.failed(c.ctx, c.method, c.proxy.describe(err))
			}
		}}
	}
	return nil
}

// handleError responds to a call that got no response from the API.
func (c *call) handleError(w http.ResponseWriter, _ *http.Request, err error) {
	switch {
	case c.ctx.Err() != nil: // the caller is gone
	case c.unread.Load():
		write(w, *refuse(http.StatusBadRequest, "The body of the request could not be read."))
	default:
		problem := c.proxy.describe(err)
		c.proxy.failed(c.ctx, c.method, problem)
		write(w, problem)
	}
}

// write writes a problem.
func write(w http.ResponseWriter, problem Problem) {
	body, err := json.Marshal(problem)
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(problem.Status)
	_, _ = w.Write(body)
}

// watchedBody is a body whose end is observed.
type watchedBody struct {
	io.ReadCloser

	ended func(error)
}

// Read implements [io.Reader].
func (b watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.ended(err)
	}
	return n, err
}

// connKey is the key of the connection in the context of a call.
type connKey struct{}

// withConn is a [http.Server]'s ConnContext.
func withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// buffers are those that bodies are copied with.
var buffers bufferPool

// bufferPool implements [httputil.BufferPool].
type bufferPool struct{ pool sync.Pool }

// Get implements [httputil.BufferPool].
func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[32 << 10]byte); ok {
		return buffer[:]
	}
	return make([]byte, 32<<10)
}

// Put implements [httputil.BufferPool].
func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
