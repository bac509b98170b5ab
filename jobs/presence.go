package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
)

// Presence keeps a process signed in where all that share the database do, and says so where they do not share the
// queue, or where Redis denies it what a queue needs.
type Presence struct {
	queue     *Queue
	processes models.Processes
	troubles  *models.Troubles
	self      models.Process
	log       *slog.Logger
	others    prometheus.Gauge

	worker Sharer
	looked bool // others know of this one, if there were any

	known bool                    // nothing is denied
	apart map[uuid.UUID]time.Time // who was on another queue at the last look, and when it was seen
	said  bool                    // that they are

	stop context.CancelFunc
	wg   sync.WaitGroup
}

// NewPresence returns the presence of a process in a role and of a version.
func NewPresence(
	queue *Queue, processes models.Processes, troubles *models.Troubles, role, version string,
	registry prometheus.Registerer, log *slog.Logger,
) *Presence {
	p := &Presence{
		queue: queue, processes: processes, troubles: troubles, log: log, stop: func() {},
		self: models.Process{UID: uuid.New(), Role: role, Version: version},
		others: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ringback_processes_on_other_queues",
			Help: "Processes that share the database and are on another Redis or RINGBACK_QUEUE.",
		}),
	}
	registry.MustRegister(p.others, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ringback_clock_offset_seconds",
		Help: "By how much the database's clock, by which everything goes, is ahead of this process's.",
	}, func() float64 { return processes.ClockOffset().Seconds() }))
	return p
}

// Sharer is a worker as its process's presence needs it: see Worker.Share.
type Sharer interface{ Share(rank, of int) }

// Divide has a worker told its part of what all that are signed in share, each time that they are looked at. It is to be
// called before Start.
func (p *Presence) Divide(worker Sharer) {
	worker.Share(-1, 1)
	p.worker = worker
}

// Start signs in, again and again, until Stop.
func (p *Presence) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	p.wg.Go(func() { every(ctx, models.SignInInterval, p.troubles, "presence", p.look) })
}

// lookTimeout bounds each of the parts of a look: that at Redis and that at the database.
const lookTimeout = 2 * time.Second

// Stop signs out.
func (p *Presence) Stop() {
	p.stop()
	p.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	if err := p.processes.SignOut(ctx, &p.self); err != nil { // then it is forgotten in time
		p.log.WarnContext(ctx, "process.not_signed_out", "error", err)
	}
}

// look is what is done each time.
func (p *Presence) look(ctx context.Context) {
	p.lookAtRedis(ctx)
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	all, err := p.processes.SignIn(ctx, &p.self)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			p.log.WarnContext(ctx, "process.not_signed_in", "error", err)
		}
		return
	}
	p.divide(all)
	p.compare(ctx, all)
}

// divide tells the worker its part. Where others are, it has none at its first look: they know of it, and keep to less,
// once each of them has looked again, which is within SignInInterval.
func (p *Presence) divide(all []*models.Process) {
	if p.worker == nil {
		return
	}
	rank, workers := 0, 0
	for _, o := range all { // in the order of their uids
		if o.UID == p.self.UID {
			rank = workers
		}
		if o.Role != "api" {
			workers++
		}
	}
	if workers > 1 && !p.looked {
		rank = -1
	}
	p.looked = true
	p.worker.Share(rank, max(1, workers))
}

func (p *Presence) lookAtRedis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	id, err := p.queue.identity(ctx)
	if err == nil {
		p.self.QueueID = id
	}
	if p.known {
		return
	}
	denied, err := p.queue.denied(ctx)
	p.known = err == nil && len(denied) == 0
	if len(denied) > 0 {
		p.log.WarnContext(ctx, "redis.denied", "rights", denied,
			"meaning", "the user of REDIS_URL lacks rights; until it has them, what one process accepts others find by "+
				"looking, within three seconds; "+
				"the README, under Redis, has the rights; restart the workers then")
	}
}

// compare tells who is elsewhere. Only who was so at the last look too, and has signed in since, counts: an id that has
// just changed, as after a flush, takes all of them one interval to hear of.
func (p *Presence) compare(ctx context.Context, all []*models.Process) {
	before := p.apart
	p.apart = map[uuid.UUID]time.Time{}
	var roles []string
	for _, o := range all {
		if p.self.QueueID == "" || o.QueueID == "" || o.QueueID == p.self.QueueID {
			continue
		}
		p.apart[o.UID] = o.SeenAt
		if at, ok := before[o.UID]; ok && o.SeenAt.After(at) {
			roles = append(roles, o.Role)
		}
	}
	slices.Sort(roles)
	p.others.Set(float64(len(roles)))
	switch {
	case len(roles) > 0 && !p.said:
		p.said = true
		p.log.WarnContext(ctx, "queue.split", "role", p.self.Role, "others", roles,
			"meaning", "others share the database, but not the Redis or the queue: what they accept is found by looking "+
				"only, within three seconds; compare REDIS_URL and RINGBACK_QUEUE")
	case len(p.apart) == 0 && p.said:
		p.said = false
		p.log.InfoContext(ctx, "queue.joined", "role", p.self.Role)
	}
}
