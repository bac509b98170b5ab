package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

// presentStore is the database as a process needs it that signs in.
type presentStore interface {
	models.ProcessStore
	models.ClockStore
}

// present is a process of a test: it looks when it is told to.
type present struct {
	*Presence
	log     bytes.Buffer
	counted *prometheus.Registry // the panics
}

func newPresent(t *testing.T, store presentStore, engine *miniredis.Miniredis, queue, role string) *present {
	t.Helper()
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	p := &present{counted: prometheus.NewRegistry()}
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	registry := prometheus.NewRegistry()
	q := NewQueue(client, queue, registry)
	processes := models.NewProcesses(store, models.NewClock(store, time.Now, log))
	troubles := models.NewTroubles(log, NewTroubles(p.counted))
	p.Presence = NewPresence(q, processes, troubles, role, "1.2.3", registry, log)
	return p
}

func TestProcessesOnDifferentQueuesSaySo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sameRedis bool
		queue     string // of the worker; the api's is q
		split     bool
	}{
		"the same queue":              {true, "q", false},
		"the same Redis, other queue": {true, "p", true},
		"another Redis":               {false, "q", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := storetest.Open(t)
			one, two := miniredis.RunT(t), miniredis.RunT(t)
			if c.sameRedis {
				two = one
			}
			api, worker := newPresent(t, store, one, "q", "api"), newPresent(t, store, two, c.queue, "worker")
			all := []*present{api, worker}
			for range 2 {
				for _, p := range all {
					p.look(t.Context())
				}
				if log := api.log.String(); strings.Contains(log, "queue.split") {
					t.Fatalf("said after a single look: %s", log)
				}
			}
			for range 3 {
				for _, p := range all {
					p.look(t.Context())
				}
			}
			for _, p := range all {
				want := 0
				if c.split {
					want = 1 // once, and not at each look
				}
				if n := strings.Count(p.log.String(), "queue.split"); n != want || strings.Contains(p.log.String(), "not_signed") {
					t.Errorf("%s: said %d times, want %d: %s", p.self.Role, n, want, p.log.String())
				}
			}
			worker.Stop()
			seen, err := store.ProcessesSeen(t.Context(), models.SignInLapse)
			if err != nil || len(seen) != 1 || seen[0].UID != api.self.UID || seen[0].Version != "1.2.3" ||
				seen[0].QueueID == "" {
				t.Errorf("there are %+v, %v", seen, err)
			}
			api.look(t.Context())
			if c.split && !strings.Contains(api.log.String(), "queue.joined") {
				t.Errorf("nobody is elsewhere any more: %s", api.log.String())
			}
		})
	}
}

// A flush gives the queue another id, of which each process hears at its next look: that is no split.
func TestFlushedRedisIsNoOtherQueue(t *testing.T) {
	t.Parallel()
	store, engine := storetest.Open(t), miniredis.RunT(t)
	api, worker := newPresent(t, store, engine, "q", "api"), newPresent(t, store, engine, "q", "worker")
	for range 3 {
		for _, p := range []*present{worker, api} {
			p.look(t.Context())
			p.look(t.Context()) // also by who looks twice as often
		}
		before := worker.self.QueueID
		engine.FlushAll()
		api.look(t.Context())
		if api.self.QueueID == before {
			t.Error("the id is the same")
		}
	}
	if log := api.log.String() + worker.log.String(); strings.Contains(log, "queue.split") {
		t.Errorf("said: %s", log)
	}
}

func TestProcessSignsInWithoutRedis(t *testing.T) {
	t.Parallel()
	store, engine := storetest.Open(t), miniredis.RunT(t)
	api, worker := newPresent(t, store, engine, "q", "api"), newPresent(t, store, engine, "q", "worker")
	worker.look(t.Context())
	engine.SetError("LOADING Redis is loading the dataset in memory")
	for range 3 {
		api.look(t.Context())
		worker.look(t.Context())
	}
	seen, err := store.ProcessesSeen(t.Context(), models.SignInLapse)
	if err != nil || len(seen) != 2 || strings.Contains(api.log.String(), "queue.split") {
		t.Errorf("there are %+v, %v: %s", seen, err, api.log.String())
	}
	engine.SetError("")
	api.look(t.Context())
	if api.self.QueueID == "" || api.self.QueueID != worker.self.QueueID {
		t.Errorf("the queue is %q for one and %q for the other", api.self.QueueID, worker.self.QueueID)
	}
}

func TestClockOfTheMachineIsAMetric(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	client, name := openQueue(t)
	queue := NewQueue(client, name, registry)
	store, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	clock := models.NewClock(store, func() time.Time { return time.Now().Add(-time.Hour) }, log)
	processes, troubles := models.NewProcesses(store, clock), models.NewTroubles(log, nil)
	NewPresence(queue, processes, troubles, "api", "1.2.3", registry, log).look(t.Context())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "ringback_clock_offset_seconds" {
			if got := family.GetMetric()[0].GetGauge().GetValue(); got < 3599 || got > 3601 {
				t.Errorf("%f", got)
			}
			return
		}
	}
	t.Error("there is no such metric")
}
