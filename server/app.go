package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/jobs"
	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/store"
)

// app is everything that is wired together, whatever the role.
type app struct {
	cfg      config
	log      *slog.Logger
	store    *store.Store
	redis    redis.UniversalClient
	queue    *jobs.Queue
	out      *egress.Client
	services domain.Services
	registry *prometheus.Registry
	// firstStart is set when this start made the demo tenant.
	firstStart *demoTenant
	clock      *models.Clock
	monitor    models.Monitor
	troubles   *models.Troubles
	closers    []func() error
	redisBusy  bool // by what has not ended in time: it stays open until the process ends
}

// openTimeout bounds the connecting to Postgres, and then that to Redis, at the start. Between them the embedded
// database is migrated, which takes as long as it takes.
const openTimeout = 15 * time.Second

// openApp connects to the database and the queue, and on the embedded default makes what is missing there.
func openApp(ctx context.Context, cfg config, log *slog.Logger) (*app, error) {
	a := &app{cfg: cfg, log: log, registry: prometheus.NewRegistry()}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	err := withinOpenTimeout(ctx, a.openDatabase)
	if err == nil && cfg.embedded() {
		_, err = a.store.Migrate(ctx)
	}
	if err == nil {
		err = withinOpenTimeout(ctx, a.openOthers)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func withinOpenTimeout(ctx context.Context, open func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	return open(ctx)
}

func (a *app) openDatabase(ctx context.Context) error {
	stopTracing, err := startTracing(ctx)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		if err := stopTracing(ctx); err != nil { // a collector that is away is no fault of this process
			a.log.WarnContext(ctx, "traces.lost", "error", err)
		}
		return nil
	})
	a.monitor = jobs.NewTroubles(a.registry)
	a.troubles = models.NewTroubles(a.log, a.monitor)
	return a.openStore(ctx)
}

// openOthers opens what needs a schema that is up to date.
func (a *app) openOthers(ctx context.Context) error {
	if err := a.checkStore(ctx); err != nil {
		return err
	}
	if err := a.openRedis(ctx); err != nil {
		return err
	}
	if err := a.readClock(ctx); err != nil {
		return err
	}
	a.queue = jobs.NewQueue(a.redis, a.cfg.Queue, a.registry)
	rules := callback.Rules{
		PublicURL: a.cfg.PublicURL, LineWait: a.cfg.LineWait, Schedule: a.cfg.RetrySchedule.Schedule,
		Retention: a.cfg.retention().Rows,
	}
	platformKey, err := a.platformKeyHash(ctx)
	if err != nil {
		return err
	}
	a.out = newClient(a.cfg)
	a.services = domain.New(domain.Wiring{
		Store:  a.store,
		Engine: callback.NewService(a.store.CallbackPorts(), a.queue, rules, a.clock, a.troubles, a.log),
		Rules:  a.domainRules(platformKey), Resolver: jobs.NewResolver(a.out), Bell: a.queue,
		Log: a.log,
	})
	return a.observe()
}

func (a *app) readClock(ctx context.Context) error {
	a.clock = models.NewClock(a.store, time.Now, a.log)
	if err := a.clock.Sync(ctx); err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	return nil
}

// observe registers the metrics of what all roles share.
func (a *app) observe() error {
	a.registry.MustRegister(jobs.NewBacklog(a.redis, a.cfg.Queue, a.services.Callbacks, a.log))
	pools, err := a.store.Pools()
	for name, pool := range pools {
		a.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	return err
}

func (a *app) openStore(ctx context.Context) error {
	s, err := openStore(a.cfg, a.log, store.WithPanics(func(cause any, stack []byte) {
		a.log.Error("panic.caught", "where", "sqlite", "panic", fmt.Sprint(cause), "stack", string(stack))
		a.monitor.Panicked("sqlite")
	}))
	if err != nil {
		return err
	}
	a.store = s
	a.closers = append(a.closers, s.Close)
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("connect to the database (DATABASE_URL): %w", err)
	}
	return nil
}

// checkStore: better no start than on another schema, or with a worker that can read no header of any customer.
func (a *app) checkStore(ctx context.Context) error {
	if err := a.store.CheckMigrated(ctx); err != nil {
		return err
	}
	return a.store.CheckKey(ctx)
}

func (a *app) openRedis(ctx context.Context) error {
	if a.cfg.RedisURL == "" {
		embedded, err := jobs.StartEmbeddedRedis()
		if err != nil {
			return fmt.Errorf("start the in-process Redis: %w", err)
		}
		a.redis = embedded.Client
		a.closeRedisBy(embedded.Close)
		return nil
	}
	client, err := jobs.OpenRedis(string(a.cfg.RedisURL))
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	a.redis = client
	a.closeRedisBy(client.Close)
	// Without Redis everything goes on, only slower: the database says what is due, and each worker looks there every two
	// seconds.
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		a.log.WarnContext(ctx, "redis.away", "error", err,
			"meaning", "REDIS_URL cannot be reached: until it can, workers find what other processes accept by looking, "+
				"every two seconds")
	}
	return nil
}

func (a *app) closeRedisBy(closeIt func() error) {
	a.closers = append(a.closers, func() error {
		if a.redisBusy {
			return nil
		}
		return closeIt()
	})
}

// redisPatience is what the start and a probe wait for Redis, which answers within a millisecond.
const redisPatience = time.Second

// close closes what was opened, last first.
func (a *app) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// slowStatement is what a statement may take before the log says so.
const slowStatement = 500 * time.Millisecond

// openStore opens the database without migrating it.
func openStore(cfg config, log *slog.Logger, more ...store.Option) (*store.Store, error) {
	key, where := []byte(cfg.EncryptionKey), string(cfg.DatabaseURL)
	if cfg.embedded() {
		if err := os.MkdirAll(cfg.DataDir, folderMode); err != nil {
			return nil, fmt.Errorf("RINGBACK_DATA_DIR: %w", err)
		}
		where = filepath.Join(cfg.DataDir, databaseFile)
		if key == nil {
			var err error
			if key, err = keyOf(cfg.DataDir); err != nil {
				return nil, fmt.Errorf("RINGBACK_DATA_DIR: %w", err)
			}
		}
	}
	sealer, err := store.NewSealer(key)
	if err != nil {
		return nil, err
	}
	slow := store.WithStatementLog(func(ctx context.Context, statement string, took time.Duration) {
		if took > slowStatement {
			log.WarnContext(ctx, "sql.slow", "statement", statement, "duration_ms", took.Milliseconds())
		}
	})
	progress := store.WithMigrationProgress(func(ctx context.Context, p store.MigrationProgress) {
		attributes := []any{"migration", p.Name, "number", p.Number, "of", p.Of, "seconds", int(p.Took.Seconds())}
		if p.Oldest != "" {
			attributes = append(attributes, "oldest_transaction", p.Oldest)
		}
		log.InfoContext(ctx, "migration.running", attributes...)
	})
	opened, err := store.Open(where, sealer, append(more, slow, progress, store.WithPooler(cfg.Pooler))...)
	if err != nil && !cfg.embedded() {
		return nil, fmt.Errorf("DATABASE_URL: %w", err) // it has tried to connect
	}
	return opened, err
}
