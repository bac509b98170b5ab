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
	"go.opentelemetry.io/otel/propagation"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
)

// WorkerConfig is what a worker needs to know.
type WorkerConfig struct {
	Concurrency int           // requests in flight
	PerHost     int           // of them, to one host and port or one executor; 0: it is learned
	BytesInHand int64         // of the bodies of what is in flight or claimed ahead
	Timeout     time.Duration // of one request
	Retention   callback.Retention
	UserAgent   string
	Propagator  propagation.TextMapPropagator // of traces to receivers; nil: W3C Trace Context
}

const (
	// pollInterval: an idle asynq server sleeps 0.5 to 1.5 times this before it looks again. What is due at once does not
	// wait for it: the doorbell is quicker.
	pollInterval = time.Second
	// forwardInterval is how often asynq looks for scheduled tasks whose time has come.
	forwardInterval = time.Second
	// wakeConcurrency is how many tasks are handled at a time. Handling one takes microseconds.
	wakeConcurrency = 4
	// recordMargin is what a stopping worker allows, beyond the timeout of the last requests, for writing down their
	// outcomes.
	recordMargin = 10 * time.Second
	// StopMargin is what a Worker and a Presence take to stop at most, beyond the timeout of a request.
	StopMargin = recordMargin + lastWord + lookTimeout
	// queueEnd is how long asynq has to end, which it does beside the rest. It takes a second or two, and where Redis
	// hangs it may never end: it waits for each of its own parts, and for some without a deadline. What it leaves behind
	// in Redis only wakes somebody for nothing.
	queueEnd = 5 * time.Second
)

// Worker delivers callbacks, executes batches of runs, fires schedules and looks at the way to receivers.
type Worker struct {
	service    *callback.Service
	runs       *run.Service
	server     *asynq.Server
	dispatcher *dispatcher
	deliverer  *deliverer
	doctor     *doctor
	bell       *doorbell
	metrics    *Metrics
	log        *slog.Logger
	timeout    time.Duration
	retention  callback.Retention

	sweeps      pulse
	ctx         context.Context    //nolint:containedctx // it is the life of the worker, not of a call
	cancel      context.CancelFunc // ends the requests in flight
	unsubscribe context.CancelFunc // ends the listening to the doorbell, and all that is done at intervals
	ended       chan struct{}
	background  sync.WaitGroup
}

// NewWorker returns a worker on a queue and its Redis client, which stays the caller's to close.
func NewWorker(
	client redis.UniversalClient, queue *Queue, service *callback.Service, runs *run.Service,
	receivers *receiver.Service, out *egress.Client, cfg WorkerConfig, metrics *Metrics, log *slog.Logger,
) *Worker {
	ctx, cancel := context.WithCancel(context.Background())
	d := &deliverer{
		service: service, deliveries: service.Deliveries, client: out, metrics: metrics, log: log, userAgent: cfg.UserAgent,
		propagator: cfg.Propagator,
	}
	e := &executor{
		service: service, runs: runs.Executions, client: out, metrics: metrics, log: log, userAgent: cfg.UserAgent,
	}
	return &Worker{
		service: service, runs: runs, metrics: metrics, log: log, timeout: cfg.Timeout, retention: cfg.Retention,
		ctx: ctx, cancel: cancel, unsubscribe: func() {}, ended: make(chan struct{}),
		deliverer: d, bell: queue.bell, doctor: newDoctor(receivers, out, service.Troubles(), log, cfg.UserAgent),
		dispatcher: newDispatcher(ctx, [kinds]source{kindCallback: d.source(), kindBatch: e.source()},
			scheduler.Limits{Slots: cfg.Concurrency, PerEndpoint: cfg.PerHost, Bytes: cfg.BytesInHand}, service.Troubles(), log),
		server: asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency:              wakeConcurrency,
			Queues:                   map[string]int{queue.name: 1},
			TaskCheckInterval:        pollInterval,
			DelayedTaskCheckInterval: forwardInterval,
			ShutdownTimeout:          taskTimeout,
			RetryDelayFunc:           outageDelay,
			IsFailure:                func(err error) bool { return !errors.Is(err, asynq.ErrLeaseExpired) },
			Logger:                   &asynqLogger{log: log},
			LogLevel:                 asynq.WarnLevel,
			ErrorHandler: asynq.ErrorHandlerFunc(func(ctx context.Context, _ *asynq.Task, err error) {
				log.WarnContext(ctx, "task.failed", "error", err)
			}),
		}),
	}
}

// outageDelay spreads the tasks that an outage of our own has hit over some seconds.
func outageDelay(int, error, *asynq.Task) time.Duration {
	return time.Second + rand.N(4*time.Second)
}

// handle handles a task.
func (w *Worker) handle(_ context.Context, t *asynq.Task) error {
	return w.service.Troubles().Catch(w.ctx, "task", func() error {
		said, ok, err := readTask(t)
		if ok {
			w.wake(said)
		}
		return err
	})
}

// wake lets a dispatcher look at a lane, and tells whether it does so at once.
func (w *Worker) wake(said wake) bool {
	if said.Callback != 0 {
		w.deliverer.traces.put(traceContext.Extract(w.ctx, said.Trace), said.Callback)
	}
	lane, err := callback.ParseLane(said.Lane)
	return err == nil && w.dispatcher.nudge(lane) // an unknown key is a later release's, whose worker looks there
}

// free tells whether there is room in a lane.
func (w *Worker) free(said wake) bool {
	lane, err := callback.ParseLane(said.Lane)
	return err == nil && w.dispatcher.free(lane)
}

// Start begins to deliver. It returns at once.
func (w *Worker) Start() error {
	mux := asynq.NewServeMux()
	mux.HandleFunc(taskDeliver, w.handle)
	mux.HandleFunc(taskExecute, w.handle)
	if err := w.server.Start(mux); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	listening := w.listen()
	w.background.Go(func() { w.dispatcher.renew(w.ended) })
	troubles := w.service.Troubles()
	w.background.Go(func() {
		_ = troubles.Catch(listening, "firing", func() error { w.rezone(listening); return nil }) // it is logged
		every(listening, run.FiringInterval, troubles, "firing", w.fire)
	})
	w.background.Go(func() { every(listening, callback.SweepInterval, troubles, "sweep", w.sweep) })
	w.background.Go(func() {
		every(listening, budgetInterval, troubles, "budgets", func(ctx context.Context) {
			w.dispatcher.rebudget(ctx, w.service.Deliveries.Budgets)
		})
	})
	w.background.Go(func() { every(listening, callback.BulkInterval, troubles, "bulk replays", w.replayAll) })
	w.background.Go(func() { every(listening, callback.FoldInterval, troubles, "health", w.fold) })
	w.background.Go(func() { every(listening, purgeInterval, troubles, "purge", w.purge) })
	w.background.Go(func() {
		every(listening, receiver.DiagnosisInterval, troubles, "diagnosis", w.doctor.look)
		w.doctor.running.Wait() // each ends with what it listens to
	})
	w.background.Go(func() { w.suspects(listening) })
	return nil
}

// listen answers the doorbell, until the worker stops: then the context ends.
func (w *Worker) listen() context.Context {
	listening, unsubscribe := context.WithCancel(w.ctx)
	w.unsubscribe = unsubscribe
	w.bell.attend(attendant{answer: w.wake, free: w.free, reserve: w.reserve})
	w.background.Go(func() { w.bell.subscribe(listening, w.service.Troubles(), w.log) })
	return listening
}

// Stalled tells that the worker does not get through to the database: what it tries over and over, to sweep, to claim
// or to renew its leases, has failed for stallTime.
func (w *Worker) Stalled() bool {
	now := time.Now()
	return w.sweeps.stalled(now) || w.dispatcher.claims.stalled(now) || w.dispatcher.renewals.stalled(now)
}

// Stop takes no new work, waits for the requests in flight, and returns. One that is not over after its timeout is
// given back; what the database does not take within lastWord after that is left to the sweep of another worker. It
// tells whether the Redis client may be closed: asynq, where it hangs in one that does not answer, panics when it is.
func (w *Worker) Stop() (redisFree bool) {
	w.unsubscribe()
	queueOver := make(chan struct{})
	go func() {
		w.server.Stop()
		w.server.Shutdown()
		close(queueOver)
	}()
	patience := time.After(queueEnd)
	overdue := time.AfterFunc(w.timeout+recordMargin, w.cancel)
	over := make(chan struct{})
	go func() {
		w.dispatcher.stop()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(w.timeout + recordMargin + lastWord):
		w.log.Warn("worker.gave_up_waiting")
	}
	overdue.Stop()
	close(w.ended)
	w.cancel() // there is nothing left whose lease is to be renewed
	w.background.Wait()
	select {
	case <-queueOver:
		return true
	case <-patience:
		w.log.Warn("worker.left_queue")
		return false
	}
}
