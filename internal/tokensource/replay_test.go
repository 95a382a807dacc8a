// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// trackedBody is a body without GetBody, of unknown length.
type trackedBody struct {
	io.Reader

	closed atomic.Int32
}

func (b *trackedBody) Close() error {
	b.closed.Add(1)
	if closer, ok := b.Reader.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestBodyIsSentAgain if it is at most a mebibyte long, however much of it the API reads
// before it refuses the token.
func TestBodyIsSentAgain(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	tests := map[string]struct {
		length  int
		known   bool // Content-Length is sent
		getBody bool
		read    int // before the refusal; -1: all
		status  int
	}{
		"empty":                          {0, false, false, -1, 200},
		"short":                          {5, true, false, -1, 200},
		"short, chunked":                 {5, false, false, -1, 200},
		"at the limit":                   {limit, true, false, -1, 200},
		"at the limit, chunked":          {limit, false, false, -1, 200},
		"at the limit, not read":         {limit, true, false, 0, 200},
		"at the limit, chunked, in part": {limit, false, false, limit / 2, 200},
		"at the limit, chunked, unread":  {limit, false, false, 0, 200},
		"longer":                         {limit + 1, true, false, -1, 401},
		"longer, unread":                 {limit + 1, true, false, 0, 401},
		"longer, chunked":                {limit + 1, false, false, -1, 401},
		"longer, chunked, in part":       {limit + 1, false, false, limit / 2, 401},
		"longer, chunked, unread":        {10 * limit, false, false, 0, 401},
		"longer with GetBody":            {3 * limit, true, true, -1, 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			transport := newCaller(t, network, network.source(), client()).Transport
			content := bytes.Repeat([]byte("0123456789abcdef"), test.length/16+1)[:test.length]
			body := &trackedBody{Reader: bytes.NewReader(content)}
			request := newRequest(t, body)
			if test.known {
				request.ContentLength = int64(test.length)
			}
			if test.getBody {
				request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
			}
			var tokens, received []string
			api := roundTripper(func(request *http.Request) (*http.Response, error) {
				tokens = append(tokens, request.Header.Get("Authorization"))
				reader, status := io.Reader(request.Body), http.StatusOK
				if len(tokens) == 1 {
					status = http.StatusUnauthorized
					if test.read >= 0 {
						reader = io.LimitReader(reader, int64(test.read))
					}
				}
				data, _ := io.ReadAll(reader)
				received = append(received, string(data))
				_ = request.Body.Close()
				return &http.Response{StatusCode: status, Body: http.NoBody}, nil
			})
			response, err := transport.Over(api).RoundTrip(request)
			if err != nil || response.StatusCode != test.status {
				t.Fatalf("got %+v, %v", response, err)
			}
			_ = response.Body.Close()
			if body.closed.Load() == 0 {
				t.Error("the body is not closed")
			}
			if test.status == http.StatusUnauthorized {
				if len(tokens) != 1 {
					t.Errorf("sent %d times", len(tokens))
				}
			} else if len(tokens) != 2 || tokens[1] != "Bearer t2" || received[1] != string(content) {
				t.Errorf("sent with %q, the second time %d bytes", tokens, len(received[len(received)-1]))
			}
			// The token was dropped in any case.
			if _, err := transport.Over(api).RoundTrip(newRequest(t, http.NoBody)); err != nil || tokens[len(tokens)-1] != "Bearer t2" {
				t.Errorf("the next call has %s, %v", tokens[len(tokens)-1], err)
			}
		})
	}
}

// TestRestOfABody: the API refuses the token while its caller goes on sending, and the
// transport of net/http reads at the same time.
func TestRestOfABody(t *testing.T) {
	t.Parallel()
	var received sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer t1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		data, err := io.ReadAll(r.Body)
		received.Store(r.URL.Path, string(data))
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	network := newServer()
	transport := newCaller(t, network, network.source(), client()).Transport
	content := strings.Repeat("0123456789abcdef", 1<<16)
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			address := server.URL + "/" + strconv.Itoa(i)
			sent, body := io.Pipe()
			go func() {
				for part := range len(content) / 1000 {
					_, _ = io.WriteString(body, content[part*1000:(part+1)*1000])
				}
				_, _ = io.WriteString(body, content[len(content)/1000*1000:])
				_ = body.Close()
			}()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, sent)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := transport.Over(http.DefaultTransport).RoundTrip(request)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("got %+v, %v", response, err)
				return
			}
			_ = response.Body.Close()
			if got, _ := received.Load(request.URL.Path); got != content {
				t.Errorf("the API received something else")
			}
		})
	}
	group.Wait()
}

// TestSenderThatWaits for the response before it sends more has the refusal after five
// seconds.
func TestSenderThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		transport := newCaller(t, network, network.source(), client()).Transport
		sent, body := io.Pipe()
		defer func() { _ = body.Close() }()
		go func() { _, _ = io.WriteString(body, "first message") }()
		begin := time.Now()
		refusal := io.NopCloser(strings.NewReader("who are you?"))
		response, err := transport.Over(roundTripper(func(request *http.Request) (*http.Response, error) {
			_, _ = request.Body.Read(make([]byte, 100))
			return &http.Response{StatusCode: http.StatusUnauthorized, Body: refusal}, nil
		})).RoundTrip(newRequest(t, sent))
		if err != nil || response.StatusCode != http.StatusUnauthorized || time.Since(begin) != 5*time.Second {
			t.Fatalf("got %+v, %v after %s", response, err, time.Since(begin))
		}
		defer func() { _ = response.Body.Close() }()
		if text, err := io.ReadAll(response.Body); err != nil || string(text) != "who are you?" {
			t.Errorf("got %q, %v", text, err)
		}
	})
}

// TestUploadBesideItsResponse: both go on at the same time, and nothing waits for a body
// that is being sent.
func TestUploadBesideItsResponse(t *testing.T) {
	t.Parallel()
	network := newServer()
	transport := newCaller(t, network, network.source(), client()).Transport
	sent, body := io.Pipe()
	reading := make(chan struct{})
	response, err := transport.Over(roundTripper(func(request *http.Request) (*http.Response, error) {
		go func() {
			close(reading)
			_, _ = request.Body.Read(make([]byte, 1)) // for as long as the caller sends nothing
		}()
		<-reading
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})).RoundTrip(newRequest(t, sent))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("got %+v, %v", response, err)
	}
	_ = response.Body.Close()
	_ = body.Close()
}

// TestRefusalIsDiscarded: what is read of it is bounded, in bytes and in time.
func TestRefusalIsDiscarded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body    func() io.Reader
		elapsed time.Duration
	}{
		"short":   {func() io.Reader { return strings.NewReader("who are you?") }, 0},
		"endless": {func() io.Reader { return endless{} }, 0},
		"silent": {func() io.Reader {
			reader, _ := io.Pipe()
			return reader
		}, time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newServer()
				transport := newCaller(t, network, network.source(), client()).Transport
				begin, body, status := time.Now(), &trackedBody{Reader: test.body()}, http.StatusUnauthorized
				response, err := transport.Over(roundTripper(func(*http.Request) (*http.Response, error) {
					response := &http.Response{StatusCode: status, Body: body}
					status = http.StatusOK
					return response, nil
				})).RoundTrip(newRequest(t, nil))
				if err != nil || response.StatusCode != http.StatusOK || body.closed.Load() == 0 {
					t.Errorf("got %+v, %v; closed %d times", response, err, body.closed.Load())
				}
				if elapsed := time.Since(begin); elapsed != test.elapsed {
					t.Errorf("after %s", elapsed)
				}
			})
		})
	}
}
