package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/ringback/ringback/console"
	"github.com/ringback/ringback/jobs"
	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
)

// Roles of a process.
const (
	roleAll    = "all"
	roleAPI    = "api"
	roleWorker = "worker"
)

// gcPercent lets the heap grow to five times what lives in it. On Postgres that is some 10 MB: at Go's default of 100
// the collector runs dozens of times a second under load, and takes a sixth of the CPU. The embedded default has
// SQLite's memory in its heap.
const gcPercent = 400

type serveCommand struct {
	Role string `enum:"all,api,worker" default:"all" help:"What this process does: the API, the deliveries, or both (${enum})."`
}

// Run serves until the context ends.
func (c serveCommand) Run(e *environment) error {
	cfg, problems := readConfig(e.env)
	if c.Role != roleAll && (cfg.embedded() || cfg.RedisURL == "") {
		problems = append(
			problems, "DATABASE_URL, REDIS_URL: both must be set for --role "+c.Role+": processes share nothing else",
		)
	}
	if len(problems) > 0 {
		return problems
	}
	if os.Getenv("GOGC") == "" && !cfg.embedded() {
		debug.SetGCPercent(gcPercent)
	}
	log := newLogger(cfg.LogFormat, e.stderr)
	for _, warning := range configWarnings(e.env, cfg) {
		log.WarnContext(e.ctx, "config.warning", "warning", warning)
	}
	raiseFileLimit()
	if warning := fileWarning(fileLimit(), cfg.Concurrency); warning != "" && c.Role != roleAPI {
		log.WarnContext(e.ctx, "config.warning", "warning", warning)
	}
	limitMemory(log)
	s, err := openServer(e.ctx, cfg, c.Role, log)
	if err != nil {
		return err
	}
	s.announce(e)
	return s.run(e.ctx)
}

// server is a running process of one role.
type server struct {
	*app
	role     string
	listener net.Listener
	http     *http.Server
	worker   *jobs.Worker // nil in the api role
	health   *health
	pages    pageLibraries
	unlock   func() error
	presence *jobs.Presence
}

// openServer listens and wires everything, but serves nothing yet.
func openServer(ctx context.Context, cfg config, role string, log *slog.Logger) (*server, error) {
	unlock := func() error { return nil }
	if cfg.embedded() {
		var err error
		if unlock, err = lockFolder(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	s, err := listenAndOpen(ctx, cfg, role, log)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	s.unlock = unlock
	return s, nil
}

func listenAndOpen(ctx context.Context, cfg config, role string, log *slog.Logger) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("RINGBACK_ADDR: %w", err)
	}
	if cfg.PublicURL == "" && portOnly(cfg.Addr) {
		cfg.PublicURL = "http://" + listener.Addr().String()
	}
	a, err := openApp(ctx, cfg, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &server{app: a, role: role, listener: listener, health: newHealth(a)}
	s.presence = jobs.NewPresence(
		a.queue, models.NewProcesses(a.store, a.clock), a.troubles, role, version, a.registry, log)
	if role != roleAPI {
		s.worker = newWorker(a)
		s.health.worker = s.worker
		if !cfg.embedded() { // else it is alone
			s.presence.Divide(s.worker)
		}
	}
	handler, pages, err := s.handler()
	if err != nil {
		return nil, errors.Join(err, a.close(), listener.Close())
	}
	s.pages = pages
	s.http = newHTTPServer(handler, connectionsWithin(fileLimit()), log)
	return s, nil
}

// newClient is the one way out: to receivers, and of the API to whoever asks about a receiver.
func newClient(cfg config) *egress.Client {
	proxy, _ := cfg.EgressProxy.proxy() // it was checked
	return egress.New(egress.Config{
		AllowedNetworks: cfg.AllowedNetworks, AllowedPorts: cfg.AllowedPorts, Proxy: proxy,
		Timeout: cfg.Timeout, MaxIdle: cfg.Concurrency,
	})
}

func newWorker(a *app) *jobs.Worker {
	return jobs.NewWorker(a.redis, a.queue, a.services.Callbacks, a.services.Runs, a.services.Receivers, a.out, jobs.WorkerConfig{
		Concurrency: a.cfg.Concurrency, PerHost: int(a.cfg.PerHost), BytesInHand: bytesInHand(a.cfg.BytesInHand),
		Timeout:   a.cfg.Timeout,
		Retention: a.cfg.retention(),
		UserAgent: "Ringback/" + version, Propagator: propagator(),
	}, jobs.NewMetrics(a.registry), a.log)
}

// announce tells where the server is and how to get in; on a first start also how to try it.
func (s *server) announce(e *environment) {
	base := "http://" + s.listener.Addr().String()
	fmt.Fprintf(e.stdout, "Ringback %s (%s) listens on %s\n", version, s.role, base)
	if s.role != roleWorker {
		const own, public = "without the internet", "with libraries from a public CDN; to serve them from here: make "
		ofConsole, ofExplorer := own, own
		if s.pages.console == console.Public {
			ofConsole = public + "console"
		}
		if !s.pages.explorerOffline {
			ofExplorer = public + "explorer"
		}
		fmt.Fprintf(e.stdout, "Console:  %s/console (%s)\nExplorer: %s/explorer (%s)\n", base, ofConsole, base, ofExplorer)
	}
	if s.cfg.embedded() {
		s.printLoginLink(e, base)
	}
	if s.firstStart != nil {
		s.firstStart.print(e.stdout, base)
	}
}

// printLoginLink logs in whoever starts a server that keeps its data beside it: a token that was lost is no dead end.
// With Postgres, where what is printed goes to logs that many read, the command login-link does it.
func (s *server) printLoginLink(e *environment, base string) {
	ctx, cancel := context.WithTimeout(e.ctx, openTimeout)
	defer cancel()
	user, err := s.services.Access.OldestUser(ctx, models.PlatformActor())
	if models.ErrorCode(err) == models.CodeNotFound {
		return
	}
	var link string
	if err == nil {
		link, err = loginLink(ctx, s.services.Access, user.ID, cmp.Or(s.cfg.PublicURL, base))
	}
	if err != nil {
		s.log.WarnContext(ctx, "login_link.not_made", "error", err)
		return
	}
	fmt.Fprintf(e.stdout, "Log in:   %s\n          (as %s; works once, within 10 minutes; each start prints a new link)\n",
		link, user.Email)
}

// requestDrain is how long requests to the API may take to end when the process stops.
const requestDrain = 10 * time.Second

// run serves until the context ends, then stops in order: not ready, no new requests, no new deliveries, those in
// flight finish, connections close.
func (s *server) run(ctx context.Context) error {
	failed := make(chan error, 2)
	go func() { failed <- s.http.Serve(s.listener) }()
	if s.cfg.embedded() {
		watched, end := context.WithCancel(ctx)
		defer end()
		go func() { failed <- watchWriter(watched, s.store.CheckWriter) }()
	}
	s.presence.Start()
	var err error
	if s.worker != nil {
		err = s.worker.Start()
	}
	if err == nil {
		s.log.InfoContext(ctx, "server.started", "role", s.role, "addr", s.listener.Addr().String(), "version", version)
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
	}
	if errors.Is(err, errWriterLost) {
		return s.giveUp(ctx, err)
	}
	return errors.Join(err, s.stop())
}

func (s *server) stop() error {
	s.log.Info("server.stopping")
	s.health.drain()
	s.services.Live.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), requestDrain)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if s.worker != nil {
		s.redisBusy = !s.worker.Stop()
	}
	s.presence.Stop()
	err = errors.Join(err, s.close(), s.unlock())
	s.log.Info("server.stopped")
	return err
}
