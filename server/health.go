package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/jobs"
)

// health answers /readyz: each check by name, and no while draining.
type health struct {
	app      *app
	worker   *jobs.Worker // nil in the api role
	draining atomic.Bool
	migrated atomic.Bool // once the schema is up to date, it stays so for this process
}

func newHealth(a *app) *health { return &health{app: a} }

func (h *health) drain() { h.draining.Store(true) }

// checkTimeout bounds all checks together; probes usually give up after a few seconds.
const checkTimeout = 3 * time.Second

// ServeHTTP answers 200 when the process does its work, if slower, else 503.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	checks := h.check(r.Context())
	if h.worker != nil {
		checks["engine"] = ok
		if h.worker.Stalled() {
			checks["engine"] = failing
		}
	}
	status, code := "ready", http.StatusOK
	for _, v := range checks {
		if v == failing {
			status, code = "not ready", http.StatusServiceUnavailable
		}
	}
	if h.draining.Load() {
		status, code = "draining", http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "checks": checks})
}

// check asks the database and the queue at the same time, so that one which hangs takes no time from the other.
func (h *health) check(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var database, queue, migrations string
	var all sync.WaitGroup
	all.Go(func() { database = verdict(h.app.store.CheckWritable(ctx)) })
	all.Go(func() { queue = h.queue(ctx) })
	all.Go(func() { migrations = verdict(h.checkMigrations(ctx)) })
	all.Wait()
	return map[string]string{"database": database, "queue": queue, "migrations": migrations}
}

// queue is degraded while Redis is away, and that is no reason to send nobody here, in any role: what is accepted is
// committed, and workers find it by looking.
func (h *health) queue(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	if h.app.redis.Ping(ctx).Err() != nil {
		return degraded
	}
	return ok
}

func (h *health) checkMigrations(ctx context.Context) error {
	if h.migrated.Load() {
		return nil
	}
	err := h.app.store.CheckMigrated(ctx)
	h.migrated.Store(err == nil)
	return err
}

// What a check says.
const (
	ok       = "ok"
	degraded = "degraded"
	failing  = "failing"
)

// verdict does not repeat an error: it may name hosts, and anybody can ask.
func verdict(err error) string {
	if err != nil {
		return failing
	}
	return ok
}

type healthCommand struct{}

// Run asks the server on RINGBACK_ADDR, for health checks in images without a shell.
func (healthCommand) Run(e *environment) error {
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(e.ctx, checkTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	fmt.Fprintln(e.stdout, response.Status)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", response.Status)
	}
	return nil
}
