package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// backlog is a Prometheus collector of what waits, in the database and in the queue. It reads when it is scraped.
type backlog struct {
	service   *callback.Service
	inspector *asynq.Inspector
	queue     string
	log       *slog.Logger
}

var (
	dueDesc = prometheus.NewDesc("ringback_callbacks_due",
		"Callbacks that are due and wait to be sent; counted up to 10,000.", nil, nil)
	overdueDesc = prometheus.NewDesc("ringback_callbacks_overdue",
		"Of them, those that were due more than 10 s ago.", nil, nil)
	dueBatchesDesc = prometheus.NewDesc("ringback_batches_due",
		"Batches of runs that are due and wait to be executed; counted up to 10,000.", nil, nil)
	overdueBatchesDesc = prometheus.NewDesc("ringback_batches_overdue",
		"Of them, those that were due more than 10 s ago.", nil, nil)
	pausedDesc = prometheus.NewDesc("ringback_paused",
		"Projects, or accounts, whose callbacks a person has paused.", []string{"of"}, nil)
	longestPauseDesc = prometheus.NewDesc("ringback_longest_pause_seconds",
		"For how long the first of them has been paused.", []string{"of"}, nil)
	queueSizeDesc = prometheus.NewDesc("ringback_queue_size", "Wake-ups in the queue, scheduled ones included.", nil, nil)
	queueAgeDesc  = prometheus.NewDesc(
		"ringback_queue_age_seconds", "Age of the oldest wake-up whose time has come.", nil, nil,
	)
)

// overdueAfter is when a callback or batch that nobody has taken is worth an alarm: the sweep should have found it long
// before.
const overdueAfter = 10 * time.Second

// NewBacklog returns a collector for /metrics.
func NewBacklog(
	client redis.UniversalClient, queue string, service *callback.Service, log *slog.Logger,
) prometheus.Collector {
	return &backlog{service: service, inspector: asynq.NewInspectorFromRedisClient(client), queue: queue, log: log}
}

// Describe is prometheus.Collector.
func (b *backlog) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		dueDesc, overdueDesc, dueBatchesDesc, overdueBatchesDesc, queueSizeDesc, queueAgeDesc, pausedDesc, longestPauseDesc,
	} {
		out <- d
	}
}

// scrapeTimeout bounds the reading; Prometheus gives up after 10 s by default.
const scrapeTimeout = 5 * time.Second

// Collect is prometheus.Collector. What cannot be read is left out, and the log says so.
func (b *backlog) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	// Nobody else would: the registry collects in goroutines of its own.
	_ = b.service.Troubles().Catch(ctx, "metrics", func() error { b.collect(ctx, out); return nil })
}

func (b *backlog) collect(ctx context.Context, out chan<- prometheus.Metric) {
	for _, age := range []struct {
		since              time.Duration
		callbacks, batches *prometheus.Desc
	}{{0, dueDesc, dueBatchesDesc}, {overdueAfter, overdueDesc, overdueBatchesDesc}} {
		callbacks, err := b.service.Upkeep.CountDue(ctx, callback.LeasedCallbacks, age.since)
		batches, err2 := b.service.Upkeep.CountDue(ctx, run.LeasedBatches, age.since)
		if err := errors.Join(err, err2); err != nil {
			b.log.WarnContext(ctx, "metrics.not_read", "metric", age.callbacks.String(), "error", err)
			continue
		}
		out <- prometheus.MustNewConstMetric(age.callbacks, prometheus.GaugeValue, float64(callbacks))
		out <- prometheus.MustNewConstMetric(age.batches, prometheus.GaugeValue, float64(batches))
	}
	for _, of := range []string{tenant.TypeProject, tenant.TypeAccount} {
		n, longest, err := b.service.Upkeep.CountPauses(ctx, of)
		if err != nil {
			b.log.WarnContext(ctx, "metrics.not_read", "metric", pausedDesc.String(), "error", err)
			continue
		}
		label := strings.ToLower(of)
		out <- prometheus.MustNewConstMetric(pausedDesc, prometheus.GaugeValue, float64(n), label)
		out <- prometheus.MustNewConstMetric(longestPauseDesc, prometheus.GaugeValue, longest.Seconds(), label)
	}
	info, err := b.inspector.GetQueueInfo(b.queue)
	if err != nil { // also while nothing was ever enqueued
		info = &asynq.QueueInfo{}
	}
	out <- prometheus.MustNewConstMetric(queueSizeDesc, prometheus.GaugeValue, float64(info.Size))
	out <- prometheus.MustNewConstMetric(queueAgeDesc, prometheus.GaugeValue, info.Latency.Seconds())
}
