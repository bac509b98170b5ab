package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

type receiveCommand struct {
	Addr   string `default:"127.0.0.1:9000" help:"Listen address."`
	Status int    `default:"200" help:"HTTP status to answer with: one above 204 makes callbacks fail."`
}

// Run plays the receiver of callbacks until the context ends, and prints what arrives. At /executor it plays an
// executor.
func (c receiveCommand) Run(e *environment) error {
	r, err := startReceiver(e.ctx, c.Addr, map[string]int{"/": c.Status})
	if err != nil {
		return err
	}
	defer r.close()
	fmt.Fprintf(e.stdout, "Waiting for callbacks at %s (and playing an executor at %s)\n", r.url("/"), r.url(executorPath))
	for {
		select {
		case <-e.ctx.Done():
			return nil
		case got := <-r.requests:
			got.print(e.stdout)
		}
	}
}

// receiver is what a customer would run: it takes callbacks.
type receiver struct {
	server   *http.Server
	addr     string
	requests chan received
}

type received struct {
	path   string
	header http.Header
	body   string
}

// startReceiver answers requests to each path with the given status.
func startReceiver(ctx context.Context, addr string, statuses map[string]int) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	r := &receiver{addr: listener.Addr().String(), requests: make(chan received, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+executorPath, playExecutor)
	for path, status := range statuses {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, q *http.Request) {
			body, _ := io.ReadAll(http.MaxBytesReader(w, q.Body, 1<<20))
			r.requests <- received{q.URL.Path, q.Header, string(body)}
			w.WriteHeader(status)
		})
	}
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) url(path string) string { return "http://" + r.addr + path }

func (r *receiver) close() { _ = r.server.Close() }

// transportHeaders say nothing about a callback.
var transportHeaders = []string{"Content-Length", "Accept-Encoding"}

// print shows a request: a form field by field, JSON as it is.
func (r received) print(w io.Writer) {
	fmt.Fprintf(w, "  POST %s\n", r.path)
	names := make([]string, 0, len(r.header))
	for name := range r.header {
		if !slices.Contains(transportHeaders, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(w, "    %s: %s\n", name, r.header.Get(name))
	}
	fmt.Fprintln(w)
	if r.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		fmt.Fprintf(w, "    %s\n", r.body)
		return
	}
	for pair := range strings.SplitSeq(r.body, "&") {
		text, err := url.QueryUnescape(pair)
		if err != nil {
			text = pair
		}
		fmt.Fprintf(w, "    %s\n", text)
	}
}
