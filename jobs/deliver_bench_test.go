package jobs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/store"
)

// BenchmarkDeliver is what one callback costs from the claim to the record, with the limits of a production worker and
// a receiver that answers at once. The number of callbacks is that of -benchtime (5000x): they wait before the clock
// runs.
func BenchmarkDeliver(b *testing.B) {
	for _, hosts := range []int{1, 8} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) { benchmarkDeliver(b, hosts) })
	}
}

func benchmarkDeliver(b *testing.B, hosts int) {
	var statements, arrived atomic.Int64
	receive := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Add(1)
		w.WriteHeader(http.StatusOK)
	}
	client, name := openQueue(b)
	w := newWorld(b, nil, callback.Schedule{time.Hour}, receive, store.WithMaxConns(20), // as the program has
		store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	urls := []string{w.url}
	for len(urls) < hosts {
		server := httptest.NewServer(http.HandlerFunc(receive))
		b.Cleanup(func() { server.CloseClientConnections(); server.Close() })
		urls = append(urls, server.URL)
	}
	w.fill(b, b.N, urls)
	worker := NewWorker(client, NewQueue(client, name, prometheus.NewRegistry()), w.Service, w.RunService, w.ReceiverService, newOut(b), WorkerConfig{
		Concurrency: 2048, Retention: callback.Retention{Rows: time.Hour}, Timeout: 30 * time.Second,
		UserAgent: "Ringback/test",
	}, NewMetrics(prometheus.NewRegistry()), slog.New(slog.NewJSONHandler(io.Discard, nil)))
	if err := worker.Start(); err != nil {
		b.Fatal(err)
	}
	statements.Store(0)
	transactions := w.outage.transactions.Load()
	cpu := cpuTime(b)
	b.ResetTimer()
	for _, url := range urls {
		worker.dispatcher.nudge(requests(url))
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for worker.busy() || arrived.Load() < int64(b.N) {
		<-ticker.C
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "callbacks/s")
	// the receiver's included, the engines' not
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/callback")
	b.ReportMetric(float64(statements.Load())/float64(b.N), "statements/callback")
	b.ReportMetric(float64(w.outage.transactions.Load()-transactions)/float64(b.N), "transactions/callback")
	worker.Stop()
}

// cpuTime is what this process has used. Beside other work it says more than the time on the clock.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// busy tells whether deliveries are under way or to be recorded.
func (w *Worker) busy() bool { return w.dispatcher.inHandNow() != 0 }

// requests is the lane of callbacks to a URL that was given with requests.
func requests(url string) callback.Lane {
	return callback.Lane{Host: models.HostOf(url), Owner: fmt.Sprintf("request:%d", testProject), Account: testAccount}
}

// fill makes callbacks that are due, in turn for each of the URLs.
func (w *world) fill(b *testing.B, n int, urls []string) {
	b.Helper()
	ctx := b.Context()
	first := *w.newCallback(b)
	for made := 0; made < n; {
		some := min(n-made, 500)
		err := w.wiring.Store.Transaction(ctx, func(tx *store.Store) error {
			for range some {
				c := first
				c.UID = uuid.Must(uuid.NewV7())
				url := urls[made%len(urls)]
				c.Ref, c.DedupKey, c.Target, c.TargetURL, c.Lane = c.UID, c.UID.String(), callback.TargetRequest, &url, requests(url)
				if made++; made == 1 {
					continue // it is there already
				}
				if err := tx.CreateCallbacks(ctx, &c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
