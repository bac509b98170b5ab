package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Paths of the receiver.
const (
	hookPath     = "/hook"     // takes callbacks
	straightPath = "/straight" // takes posts of the baseline
)

// receiver is a customer's receiver that answers 200 at once.
type receiver struct {
	server   *http.Server
	base     string
	straight atomic.Int64 // posts of the baseline

	mu       sync.Mutex
	arrivals map[string]*arrival // by X-Callback-Ref
	header   http.Header         // of the last callback
	body     []byte
}

// arrival is what came of one callback.
type arrival struct {
	first time.Time
	times int
}

func startReceiver(ctx context.Context) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{base: "http://" + listener.Addr().String(), arrivals: map[string]*arrival{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+hookPath, r.take)
	mux.HandleFunc("POST "+straightPath, func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		r.straight.Add(1)
	})
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // until close
	return r, nil
}

func (r *receiver) take(_ http.ResponseWriter, q *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender has gone: it did not arrive
	}
	ref := q.Header.Get("X-Callback-Ref")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.header, r.body = q.Header, body
	if a := r.arrivals[ref]; a != nil {
		a.times++
		return
	}
	r.arrivals[ref] = &arrival{first: at, times: 1}
}

// arrived is the number of different callbacks so far.
func (r *receiver) arrived() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.arrivals)
}

// forget makes room for the callbacks that are counted.
func (r *receiver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.arrivals)
}

// await waits until so many different callbacks have arrived, or none has for as long as patience, or the run has broken.
func (r *receiver) await(ctx context.Context, count int, patience time.Duration) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	last, since := r.arrived(), time.Now()
	for last < count && time.Since(since) < patience {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n := r.arrived(); n > last {
			last, since = n, time.Now()
		}
	}
}

func (r *receiver) close() { _ = r.server.Close() }
