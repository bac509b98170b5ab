package jobs

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// piece is work of a stock.
type piece struct {
	id   int64
	lane callback.Lane
}

func (p piece) Lease() callback.Lease { return callback.Lease{ID: p.id, Attempt: 1} }
func (p piece) Lane() callback.Lane   { return p.lane }
func (piece) Bytes() int64            { return 1 }

// laneA is a lane of a stock.
var laneA = callback.Lane{Host: "a.example:443", Owner: "project:1", Account: 1}

// stock is a dispatcher whose work comes from no database: of each lane there is no end, and what is begun is let go on
// by the test. Its database can be away, and can have lost what was claimed.
type stock struct {
	*dispatcher
	begun          chan int64
	answer, record chan struct{}
	away, lost     atomic.Bool
	renewals       atomic.Int64
	atClaim        func() // called at the beginning of a claim

	lock     sync.Mutex
	taken    int64
	released []int64
	excused  []int64
}

// newStock has a bound for each host: nothing is claimed ahead before an answer.
func newStock(t *testing.T, slots, perHost int) *stock {
	t.Helper()
	s := &stock{
		begun: make(chan int64, 1000), answer: make(chan struct{}), record: make(chan struct{}), atClaim: func() {},
	}
	ctx, cancel := context.WithCancel(context.Background())
	quiet := slog.New(slog.DiscardHandler)
	of := source{name: "piece", claim: s.take, do: s.do, renew: s.renewSome, release: s.giveUp, announceStop: s.pardon}
	s.dispatcher = newDispatcher(
		ctx, [kinds]source{of, of}, scheduler.Limits{Slots: slots, PerEndpoint: perHost, Bytes: 1 << 20},
		models.NewTroubles(quiet, nil), quiet,
	)
	ended := make(chan struct{})
	go s.renew(ended)
	t.Cleanup(func() {
		cancel()
		s.stop()
		close(ended)
	})
	return s
}

func (s *stock) take(_ context.Context, lanes []callback.LaneLimit) (got claimed, err error) {
	s.atClaim()
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.away.Load() {
		return claimed{}, errAway
	}
	for _, l := range lanes {
		lane, err := callback.ParseLane(l.Lane)
		if err != nil {
			return claimed{}, err
		}
		for range l.Limit {
			s.taken++
			got.works = append(got.works, piece{s.taken, lane})
		}
		got.full = append(got.full, l.Lane)
	}
	return got, nil
}

func (s *stock) do(ctx context.Context, w work, answered func(scheduler.Answer)) {
	s.begun <- w.(piece).id
	for _, step := range []chan struct{}{s.answer, s.record} {
		select {
		case <-step:
		case <-ctx.Done():
		}
		if step == s.answer {
			answered(scheduler.Answer{Kind: scheduler.Arrived, Took: 1000})
		}
	}
}

func (s *stock) renewSome(_ context.Context, leases []callback.Lease) ([]callback.Lease, error) {
	s.renewals.Add(1)
	switch {
	case s.away.Load():
		return nil, errAway
	case s.lost.Load():
		return nil, nil
	}
	return slices.Clone(leases), nil
}

func (s *stock) giveUp(_ context.Context, works []work) error {
	if s.away.Load() {
		return errAway
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, w := range works {
		s.released = append(s.released, w.(piece).id)
	}
	return nil
}

func (s *stock) pardon(_ context.Context, ids []int64) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.excused = append(s.excused, ids...)
	return nil
}

// settle ends what is in flight.
func (s *stock) settle() {
	s.answer <- struct{}{}
	s.record <- struct{}{}
}

// began returns what has begun since it was asked last. It is for tests in a bubble.
func (s *stock) began() (list []int64) {
	synctest.Wait()
	for len(s.begun) > 0 {
		list = append(list, <-s.begun)
	}
	slices.Sort(list)
	return list
}

func (s *stock) expect(t *testing.T, when string, want ...int64) {
	t.Helper()
	if got := s.began(); !slices.Equal(got, want) {
		t.Errorf("%s: %v began, want %v", when, got, want)
	}
}

// given returns what was released, in order.
func (s *stock) given() []int64 {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Sorted(slices.Values(s.released))
}

// pardoned returns what was excused, in order.
func (s *stock) pardoned() []int64 {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Sorted(slices.Values(s.excused))
}

// inHandNow is how much the dispatcher has in hand.
func (d *dispatcher) inHandNow() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, some := range d.inHand {
		n += len(some)
	}
	return n
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	modelstest.Pass(d)
	synctest.Wait()
}
