package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Paths of the receiver.
const (
	hookPath     = "/hook"     // takes callbacks
	straightPath = "/straight" // takes posts of the baseline
)

// loopback is the host of the tenant's own receiver.
const loopback = "127.0.0.1"

// receiver is all customers' receivers: one server on every address of the loopback range, each of which is a host of
// its own.
type receiver struct {
	*tally // of the tenant's own receiver, which answers 200 at once

	server    *http.Server
	mux       *http.ServeMux
	port      string
	base      string
	endpoints atomic.Int64
	opened    atomic.Int64 // connections so far
	released  chan struct{}
	release   func() // answers what hangs
}

// endpoint is a URL of the receiver, and how it answers there.
type endpoint struct {
	host   string        // an address of the loopback range
	after  time.Duration // from the request to the answer
	status int           // 0: 200
	hangs  bool          // it answers when it is released, and never before
}

func startReceiver(ctx context.Context) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "0.0.0.0:0") // see loopbackOnly
	if err != nil {
		return nil, err
	}
	r := &receiver{tally: newTally(), mux: http.NewServeMux(), released: make(chan struct{})}
	r.release = sync.OnceFunc(func() { close(r.released) })
	_, r.port, _ = net.SplitHostPort(listener.Addr().String()) // an address of net's own making
	r.base = "http://" + net.JoinHostPort(loopback, r.port)
	r.handle(hookPath, endpoint{}, r.tally)
	r.mux.HandleFunc(
		"POST "+straightPath, func(_ http.ResponseWriter, q *http.Request) { _, _ = io.Copy(io.Discard, q.Body) },
	)
	r.server = &http.Server{Handler: r.mux, ReadHeaderTimeout: 10 * time.Second, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.opened.Add(1)
		}
	}}
	go func() { _ = r.server.Serve(loopbackOnly{listener}) }() // until close
	return r, nil
}

// loopbackOnly is a listener for all addresses of the loopback range: those of other networks are not for us.
type loopbackOnly struct{ net.Listener }

// Accept is net.Listener.
func (l loopbackOnly) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if address, ok := conn.LocalAddr().(*net.TCPAddr); ok && address.IP.IsLoopback() {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// open begins to take posts for an endpoint, and returns its URL.
func (r *receiver) open(e endpoint, posts *tally) string {
	path := hookPath + "/" + strconv.FormatInt(r.endpoints.Add(1), 10)
	r.handle(path, e, posts)
	return "http://" + net.JoinHostPort(e.host, r.port) + path
}

func (r *receiver) handle(path string, e endpoint, posts *tally) {
	r.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, q *http.Request) {
		at := time.Now()
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return // the sender has gone: it did not arrive
		}
		posts.note(q.Header, body, at)
		switch {
		case e.hangs:
			select {
			case <-q.Context().Done():
			case <-r.released:
			}
		case e.after > 0:
			_ = wait(q.Context(), e.after) // who has gone needs no answer
		}
		if e.status != 0 {
			w.WriteHeader(e.status)
		}
	})
}

func (r *receiver) close() { _ = r.server.Close() }
