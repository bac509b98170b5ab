package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
)

// WorkerConfig is what a worker needs to know.
type WorkerConfig struct {
	Queue       string        // name of the queue
	Concurrency int           // requests in flight
	Timeout     time.Duration // of one request
	UserAgent   string
}

const (
	// pollInterval: an idle asynq server sleeps 0.5 to 1.5 times this before it looks again.
	pollInterval = 20 * time.Millisecond
	// forwardInterval is how often asynq looks for scheduled tasks whose time has come.
	forwardInterval = 500 * time.Millisecond
	// sweepInterval, with the grace of a wake-up, bounds how long a lost one goes unnoticed.
	sweepInterval = 2 * time.Second
)

// Worker delivers callbacks.
type Worker struct {
	server  *asynq.Server
	handler asynq.Handler
	service *models.Service
	metrics *Metrics
	log     *slog.Logger

	stopSweep context.CancelFunc
	sweeping  sync.WaitGroup
}

// NewWorker returns a worker on a Redis client, which stays the caller's to close.
func NewWorker(client redis.UniversalClient, service *models.Service, out *egress.Client, cfg WorkerConfig, metrics *Metrics, log *slog.Logger) *Worker {
	mux := asynq.NewServeMux()
	mux.Handle(taskDeliver, &deliverer{service: service, client: out, metrics: metrics, log: log, userAgent: cfg.UserAgent})
	return &Worker{
		server: asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency:              cfg.Concurrency,
			Queues:                   map[string]int{cfg.Queue: 1},
			TaskCheckInterval:        pollInterval,
			DelayedTaskCheckInterval: forwardInterval,
			// A request that has left may take its whole timeout, and then its outcome is written.
			ShutdownTimeout: taskTimeout(cfg.Timeout),
			RetryDelayFunc:  outageDelay,
			IsFailure:       func(err error) bool { return !errors.Is(err, asynq.ErrLeaseExpired) },
			Logger:          &asynqLogger{log: log},
			LogLevel:        asynq.WarnLevel,
			ErrorHandler: asynq.ErrorHandlerFunc(func(ctx context.Context, _ *asynq.Task, err error) {
				log.WarnContext(ctx, "callback.not_tried", "error", err)
			}),
		}),
		handler: mux, service: service, metrics: metrics, log: log,
	}
}

// outageDelay spreads the tasks that an outage of our own has hit over some seconds.
func outageDelay(int, error, *asynq.Task) time.Duration {
	return time.Second + rand.N(4*time.Second)
}

// Start begins to deliver. It returns at once.
func (w *Worker) Start() error {
	ctx, cancel := context.WithCancel(context.Background())
	w.stopSweep = cancel
	if err := w.server.Start(w.handler); err != nil {
		cancel()
		return fmt.Errorf("start the worker: %w", err)
	}
	w.sweeping.Go(func() { w.sweep(ctx) })
	return nil
}

// Stop takes no new work, waits for the requests in flight, and returns.
func (w *Worker) Stop() {
	w.stopSweep()
	w.sweeping.Wait()
	w.server.Stop()
	w.server.Shutdown()
}

// sweep runs until the context ends, the first time at once: after a restart, everything that is due is to be woken.
func (w *Worker) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		interrupted, woken, err := w.service.Sweep(ctx)
		w.metrics.swept.WithLabelValues("interrupted").Add(float64(interrupted))
		w.metrics.swept.WithLabelValues("woken").Add(float64(woken))
		switch {
		case err != nil && ctx.Err() == nil:
			w.log.WarnContext(ctx, "sweep.failed", "error", err)
		case interrupted > 0:
			w.log.WarnContext(ctx, "sweep.interrupted", "callbacks", interrupted)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// asynqLogger passes asynq's warnings on, at most one a second: while Redis is away asynq writes dozens.
type asynqLogger struct {
	log *slog.Logger

	mu         sync.Mutex
	last       time.Time
	suppressed int
}

func (l *asynqLogger) write(level slog.Level, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last) < time.Second {
		l.suppressed++
		return
	}
	l.log.Log(context.Background(), level, "asynq", "message", fmt.Sprint(args...), "suppressed", l.suppressed)
	l.last, l.suppressed = time.Now(), 0
}

// Debug is asynq.Logger.
func (l *asynqLogger) Debug(args ...any) { l.write(slog.LevelDebug, args) }

// Info is asynq.Logger.
func (l *asynqLogger) Info(args ...any) { l.write(slog.LevelInfo, args) }

// Warn is asynq.Logger.
func (l *asynqLogger) Warn(args ...any) { l.write(slog.LevelWarn, args) }

// Error is asynq.Logger.
func (l *asynqLogger) Error(args ...any) { l.write(slog.LevelError, args) }

// Fatal is asynq.Logger. It does not end the process: that is not a library's to decide.
func (l *asynqLogger) Fatal(args ...any) { l.write(slog.LevelError, args) }
