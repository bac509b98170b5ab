package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

// arrival is a request as it came over the wire.
type arrival struct {
	method, path, body string
	header             http.Header
}

// hostile is a receiver that behaves as each path's function says; a path without one answers 200.
type hostile struct {
	*httptest.Server
	conns atomic.Int64 // opened so far

	mu        sync.Mutex
	behaviour map[string]http.HandlerFunc
	arrivals  map[string]chan arrival
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	h := &hostile{behaviour: map[string]http.HandlerFunc{}, arrivals: map[string]chan arrival{}}
	h.Server = httptest.NewUnstartedServer(h)
	h.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			h.conns.Add(1)
		}
	}
	h.Start()
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	return h
}

// ServeHTTP records the request, then behaves.
func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.mu.Lock()
	behave := h.behaviour[r.URL.Path]
	h.mu.Unlock()
	h.at(r.URL.Path) <- arrival{r.Method, r.URL.Path, string(body), r.Header.Clone()}
	if behave != nil {
		behave(w, r)
	}
}

func (h *hostile) url(path string) string { return h.URL + path }

// on sets what a path does.
func (h *hostile) on(path string, behave http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behaviour[path] = behave
}

// at returns the channel of what has arrived at a path.
func (h *hostile) at(path string) chan arrival {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.arrivals[path] == nil {
		h.arrivals[path] = make(chan arrival, 1000)
	}
	return h.arrivals[path]
}

// next waits for the next request to a path.
func (h *hostile) next(t *testing.T, path string) arrival {
	t.Helper()
	return modelstest.Receive(t, "a request to "+path, h.at(path))
}

// nothingAt fails when there are requests to a path that nobody has taken. The caller knows that all has been sent.
func (h *hostile) nothingAt(t *testing.T, path string) {
	t.Helper()
	select {
	case got := <-h.at(path):
		t.Errorf("an unexpected request to %s: %s", path, got.body)
	default:
	}
}

// answers is a behaviour: a status and a text.
func answers(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// then is a behaviour that changes after the first requests.
func then(behaviours ...http.HandlerFunc) http.HandlerFunc {
	var number atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		behaviours[min(int(number.Add(1)), len(behaviours))-1](w, r)
	}
}

// hang is a behaviour: no answer, ever.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// takeYourTime holds an answer back, unless who waits for it goes away.
func takeYourTime(r *http.Request, long time.Duration) {
	select {
	case <-time.After(long): //nolint:forbidigo // the one who waits is another process, and goes by the clock on the wall
	case <-r.Context().Done():
	}
}
