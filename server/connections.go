package main

import (
	linked "container/list"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// Connections of callers at once, where there are files for them. Each takes some 40 KiB, and up to maxHeaderBytes
	// more while it sends a header: 210 MiB.
	maxConnections = 2_048
	maxHeaderBytes = 64 << 10
)

// connectionsWithin is how many connections of callers a process holds that may open so many files: half of them at
// most. The others are for the database, Redis and receivers, without which no caller is answered.
func connectionsWithin(files uint64) int {
	return int(min(maxConnections, max(1, files/2)))
}

// newHTTPServer serves a handler within bounds of time and size, whoever calls, over so many connections at once.
func newHTTPServer(handler http.Handler, limit int, log *slog.Logger) *http.Server {
	bodies, connections := newBodies(), newConnections(limit)
	s := &http.Server{
		Handler:           bodies.guard(handler),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState:         connections.follow,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
	}
	s.RegisterOnShutdown(bodies.cut)
	s.RegisterOnShutdown(connections.closeWaiting)
	return s
}

// connections bounds their number: one more than the limit closes that which has waited longest for a request, so that
// silent ones keep nobody out. Where all are at work, it is closed itself.
type connections struct {
	max     int
	mu      sync.Mutex
	all     map[net.Conn]*linked.Element // its place among those that wait, nil at work
	waiting *linked.List                 // of net.Conn, the longest first
}

func newConnections(limit int) *connections {
	return &connections{max: limit, all: map[net.Conn]*linked.Element{}, waiting: linked.New()}
}

// follow is http.Server.ConnState.
func (c *connections) follow(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place := c.all[conn]; place != nil {
		c.waiting.Remove(place)
	}
	switch state {
	case http.StateNew:
		c.all[conn] = c.waiting.PushBack(conn)
		if len(c.all) > c.max {
			c.close(c.waiting.Front())
		}
	case http.StateIdle:
		c.all[conn] = c.waiting.PushBack(conn)
	case http.StateActive:
		c.all[conn] = nil
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
	}
}

// closeWaiting closes those without a request. http.Server.Shutdown would wait 5 s for those that are new.
func (c *connections) closeWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting.Len() > 0 {
		c.close(c.waiting.Front())
	}
}

func (c *connections) close(place *linked.Element) {
	conn, _ := c.waiting.Remove(place).(net.Conn)
	delete(c.all, conn)
	_ = conn.Close() // the server sees it, and says StateClosed
}
