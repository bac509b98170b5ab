package jobs

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
)

// Metrics counts what workers do. No label carries a URL or an id.
type Metrics struct {
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	swept    *prometheus.CounterVec
	// batchAttempts are the calls of executors.
	batchAttempts *prometheus.CounterVec
	// acceptedToFirstByte is what a receiver's owner feels as our delay.
	acceptedToFirstByte *prometheus.HistogramVec
}

// latencyBuckets, in seconds, go from a receiver next door to the timeout.
var latencyBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// NewMetrics registers the metrics of workers.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_attempts_total", Help: "Finished attempts by event and outcome (delivered, or the cause of the " +
				"failure).",
		}, []string{"event", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ringback_attempt_duration_seconds", Help: "Duration of attempts, from resolving the name to the last byte.",
			Buckets: latencyBuckets,
		}, []string{"event"}),
		acceptedToFirstByte: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ringback_accepted_to_first_byte_seconds",
			Help:    "From the commit of a callback to the first byte of the answer to its first attempt.",
			Buckets: latencyBuckets,
		}, []string{"event"}),
		batchAttempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_batch_attempts_total", Help: "Finished calls of executors by the batch's status after it " +
				"(QUEUED: it is tried again).",
		}, []string{"status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ringback_requests_in_flight", Help: "Requests to receivers and executors that wait for their answer.",
		}),
		swept: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_swept_total", Help: "Callbacks and batches that the sweep woke again, or took from workers that " +
				"were gone.",
		}, []string{"action"}),
	}
	registry.MustRegister(m.attempts, m.duration, m.inFlight, m.swept, m.acceptedToFirstByte, m.batchAttempts)
	return m
}

// Troubles counts what goes wrong on our side with single pieces of work, in any role. It implements models.Monitor.
type Troubles struct{ panics, unreadable *prometheus.CounterVec }

var _ models.Monitor = (*Troubles)(nil)

// NewTroubles registers the counters.
func NewTroubles(registry prometheus.Registerer) *Troubles {
	t := &Troubles{
		panics: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_panics_total", Help: "Panics that were caught, by the work that they cost. Each is in the log, " +
				"with its stack.",
		}, []string{"where"}),
		unreadable: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_unreadable_rows_total",
			Help: "Callbacks, batches and schedules that were put off, and notices that were left out, because a row could " +
				"not be read.",
		}, []string{"kind"}),
	}
	registry.MustRegister(t.panics, t.unreadable)
	// A series that begins with its first panic at 1 has not increased, and no alert hears of it.
	for _, where := range []string{
		"batch", "callback", "claim", "crawl_end", "delivery", "doorbell", "execution", "firing", "metrics", "presence",
		"purge", "release", "renewal",
		"settlement", "sqlite", "stop", "sweep", "task",
	} {
		t.panics.WithLabelValues(where)
	}
	for _, kind := range []string{"batch", "callback", "notice", "schedule"} {
		t.unreadable.WithLabelValues(kind)
	}
	return t
}

// Panicked is models.Monitor.
func (t *Troubles) Panicked(where string) { t.panics.WithLabelValues(where).Inc() }

// Unreadable is models.Monitor.
func (t *Troubles) Unreadable(kind string) { t.unreadable.WithLabelValues(kind).Inc() }
