// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxReplay is how long a body without GetBody may be to be sent a second time, in
	// bytes.
	MaxReplay = 1 << 20
	// restTimeout bounds the wait for the rest of a body whose beginning was refused: its
	// sender may be waiting for the response.
	restTimeout = 5 * time.Second

	// maxDiscard and discardTimeout bound what is read of a refusal to reuse the connection.
	maxDiscard     = 64 << 10
	discardTimeout = time.Second
)

// keptBody keeps what is read of a body, for sending it a second time. The zero value
// keeps nothing, and is released.
type keptBody struct {
	source io.ReadCloser

	// released reports that the body is not sent a second time: what is read is not kept,
	// and the source is closed with the body. Both are set without waiting for a Read.
	released, closed atomic.Bool

	mu   sync.Mutex // of the source and what follows
	kept []byte
	at   int   // how much of kept was read
	end  error // of the source
}

// keepBody returns a copy of request whose body is kept, if it has one that is not too
// long and without GetBody.
func keepBody(request *http.Request) (*http.Request, *keptBody) {
	if request.Body == nil || request.Body == http.NoBody || request.GetBody != nil || request.ContentLength > MaxReplay {
		return request, nil
	}
	body := &keptBody{source: request.Body}
	request = request.WithContext(request.Context())
	request.Body = body
	return request, body
}

// Read implements io.Reader. The transport may still call it when it has returned the
// response.
func (b *keptBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at < len(b.kept) {
		n := copy(p, b.kept[b.at:])
		b.at += n
		return n, nil
	}
	if b.end != nil {
		return 0, b.end
	}
	n, err := b.source.Read(p)
	b.end = err
	if len(b.kept)+n > MaxReplay {
		b.release()
	}
	if b.released.Load() {
		b.kept = nil
	} else {
		b.kept = append(b.kept, p[:n]...)
	}
	b.at = len(b.kept)
	return n, err
}

// Close implements io.Closer. The source stays open as long as it may be needed.
func (b *keptBody) Close() error {
	b.closed.Store(true)
	if b.released.Load() {
		return b.source.Close()
	}
	return nil
}

// release ends keeping what is read.
func (b *keptBody) release() {
	if b == nil {
		return
	}
	b.released.Store(true)
	if b.closed.Load() {
		_ = b.source.Close()
	}
}

// again returns request, which has the body, with the body from its beginning. It is nil
// if the body cannot be sent again.
func (b *keptBody) again(request *http.Request) *http.Request {
	again := request.WithContext(request.Context())
	switch {
	case request.Body == nil, request.Body == http.NoBody:
	case request.GetBody != nil:
		body, err := request.GetBody()
		if err != nil {
			return nil
		}
		again.Body = body
	case b != nil && b.complete():
		_ = b.source.Close()
		again.Body = io.NopCloser(bytes.NewReader(b.kept))
	default:
		b.release()
		return nil
	}
	return again
}

// complete reads the rest of the body, and reports whether all of it is kept.
func (b *keptBody) complete() bool {
	complete := make(chan bool, 1)
	go func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		part := make([]byte, 32<<10)
		for b.end == nil && len(b.kept) <= MaxReplay && !b.released.Load() {
			var n int
			n, b.end = b.source.Read(part)
			b.kept = append(b.kept, part[:n]...)
		}
		complete <- b.end == io.EOF && len(b.kept) <= MaxReplay && !b.released.Load() //nolint:errorlint // an end that is wrapped is not the end
	}()
	select {
	case all := <-complete:
		return all
	case <-time.After(restTimeout):
		return false
	}
}

// discard reads the rest of a response to reuse its connection, within bounds.
func discard(body io.ReadCloser) {
	defer func() { _ = body.Close() }()
	defer time.AfterFunc(discardTimeout, func() { _ = body.Close() }).Stop()
	_, _ = io.CopyN(io.Discard, body, maxDiscard)
}
