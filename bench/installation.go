package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Roles of server processes, as --role has them.
const (
	roleAll    = "all"
	roleAPI    = "api"
	roleWorker = "worker"
)

// closeTimeout bounds the tidying up after a run, also after CTRL-C.
const closeTimeout = time.Minute

// installation is a fresh Ringback with its database, its queue, its processes and a tenant, and a receiver of the
// tenant.
type installation struct {
	ctx   context.Context //nolint:containedctx // it is the life of the run: it ends, with the cause, when a process dies
	broke context.CancelCauseFunc

	binary    string
	dir       string
	env       []string
	db        *database
	queue     *queue // nil in the embedded engine
	redisURL  string // that the server gets
	receiver  *receiver
	processes []*process
	platform  *client
	tenant    *tenant
	crawls    atomic.Int64 // that were finished so far
	closers   []func(context.Context) error
}

// install starts a fresh Ringback with a process for each of the roles. redisURL is the server's, where it is not that
// of the settings. The caller closes it, also after an error.
func (b *bench) install(redisURL string, roles ...string) (*installation, error) {
	i := &installation{binary: b.Binary, redisURL: redisURL}
	i.ctx, i.broke = context.WithCancelCause(b.ctx)
	err := i.open(b, roles)
	if err == nil {
		return i, nil
	}
	return nil, errors.Join(i.cause(err), i.close())
}

func (i *installation) open(b *bench, roles []string) (err error) {
	if i.dir, err = os.MkdirTemp(b.dir, ""); err != nil {
		return err
	}
	i.closers = append(i.closers, func(context.Context) error { return os.RemoveAll(i.dir) })
	if i.receiver, err = startReceiver(i.ctx); err != nil {
		return err
	}
	i.closers = append(i.closers, func(context.Context) error { i.receiver.close(); return nil })
	platformKey := rand.Text() + rand.Text()
	encryptionKey := make([]byte, 32)
	_, _ = rand.Read(encryptionKey) // never fails
	i.env = []string{
		"PATH=" + os.Getenv("PATH"), "RINGBACK_ADDR=127.0.0.1:0", "RINGBACK_DATA_DIR=" + i.dir, "RINGBACK_LOG_FORMAT=json",
		"RINGBACK_PLATFORM_KEY=" + platformKey, "RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(encryptionKey),
		"RINGBACK_ALLOWED_NETWORKS=127.0.0.0/8",
	}
	if b.Engine == onPostgres {
		if err := i.openServices(b); err != nil {
			return err
		}
	}
	i.env = append(i.env, b.Env...)
	if err := i.start(roles); err != nil {
		return err
	}
	i.platform = newClient(i.processes[0].base, "x-api-key", platformKey)
	i.closers = append(i.closers, func(context.Context) error { i.platform.close(); return nil })
	if b.Engine == embedded {
		if i.db, err = openSQLite(i.dir); err != nil {
			return err
		}
		i.closers = append(i.closers, i.db.close)
	}
	i.tenant, err = makeTenant(i.ctx, i.platform, i.receiver.base+hookPath)
	return err
}

// openServices makes the database and the queue.
func (i *installation) openServices(b *bench) (err error) {
	if i.db, err = makePostgres(i.ctx, b.DatabaseURL); err != nil {
		return err
	}
	i.closers = append(i.closers, i.db.close)
	if i.queue, err = openQueue(i.ctx, b.RedisURL, "bench-"+strings.ToLower(rand.Text())); err != nil {
		return err
	}
	i.closers = append(i.closers, i.queue.close)
	if i.redisURL == "" {
		i.redisURL = b.RedisURL
	}
	i.env = append(i.env, "DATABASE_URL="+i.db.url, "REDIS_URL="+i.redisURL, "RINGBACK_QUEUE="+i.queue.name)
	return runOnce(i.ctx, i.binary, i.env, "migrate", "up")
}

// start starts the processes, one after the other; the API is in the first.
func (i *installation) start(roles []string, env ...string) error {
	workers := 0
	for _, role := range roles {
		name := map[string]string{roleAll: "server", roleAPI: "api"}[role]
		if role == roleWorker {
			workers++
			name = "worker " + strconv.Itoa(workers)
		}
		p, err := startProcess(i.ctx, name, i.binary, i.dir, slices.Concat(i.env, env), i.broke, "serve", "--role", role)
		if err != nil {
			return err
		}
		i.processes = append(i.processes, p)
		i.closers = append(i.closers, func(context.Context) error { return p.end() })
	}
	return nil
}

// restart starts the processes anew, with more in their environment. They may have been stopped.
func (i *installation) restart(roles []string, env ...string) error {
	if err := i.stop(); err != nil {
		return err
	}
	i.processes = nil
	if err := i.start(roles, env...); err != nil {
		return err
	}
	i.platform.close()
	i.platform = newClient(i.processes[0].base, i.platform.credential[0], i.platform.credential[1])
	return nil
}

// meter is on everything that takes part and runs here.
func (i *installation) meter() *meter {
	m := &meter{watched: []watched{{name: "bench", pid: os.Getpid()}}}
	for _, p := range i.processes {
		m.watched = append(m.watched, watched{name: p.name, pid: p.pid})
	}
	if pid, ok := i.db.server(i.ctx); ok {
		m.watched = append(m.watched, watched{name: "postgres", pid: pid, tree: true})
	}
	if i.queue != nil {
		if pid, ok := i.queue.server(i.ctx); ok {
			m.watched = append(m.watched, watched{name: "redis", pid: pid})
		}
	}
	return m
}

// memory is that of each server process in MiB.
func (i *installation) memory(line string) map[string]float64 {
	found := map[string]float64{}
	for _, p := range i.processes {
		if mib, err := memory(p.pid, line); err == nil {
			found[p.name] = mib
		}
	}
	return found
}

// stop ends the processes, so that everything is written down.
func (i *installation) stop() error {
	var errs []error
	for _, p := range i.processes {
		errs = append(errs, p.end())
	}
	return errors.Join(errs...)
}

// cause is why the run has ended, where it is not the error itself: a process has died, or somebody wants us to stop.
func (i *installation) cause(err error) error {
	if err != nil && i.ctx.Err() != nil {
		return context.Cause(i.ctx)
	}
	return err
}

// close ends and removes everything, last first.
func (i *installation) close() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(i.ctx), closeTimeout)
	defer cancel()
	var errs []error
	for n := len(i.closers) - 1; n >= 0; n-- {
		errs = append(errs, i.closers[n](ctx))
	}
	i.closers = nil
	i.broke(nil)
	return errors.Join(errs...)
}
