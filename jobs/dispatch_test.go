package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
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

// hosts is a dispatcher whose requests the test itself answers.
type hosts struct {
	*world
	*dispatcher
	started  chan *callback.Delivery
	claiming atomic.Int64

	mu      sync.Mutex
	waiting map[int64]chan bool // the answers, by callback
}

func newHosts(t *testing.T, concurrency, perHost int) *hosts {
	t.Helper()
	h := &hosts{
		world: newWorld(t, nil, callback.Schedule{time.Hour}, http.NotFound), started: make(chan *callback.Delivery, 1000),
		waiting: map[int64]chan bool{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	quiet := slog.New(slog.DiscardHandler)
	callbacks := source{
		name: "callback", claim: h.counted(claimOf(h.Claim)), do: doOf(h.request), renew: h.Renew,
		release:      releaseOf(h.Release),
		announceStop: h.AnnounceStop,
	}
	batches := source{renew: h.Executions.Renew, announceStop: h.Executions.AnnounceStop}
	h.dispatcher = newDispatcher(ctx, [kinds]source{callbacks, batches},
		scheduler.Limits{Slots: concurrency, PerEndpoint: perHost, Bytes: 1 << 20}, models.NewTroubles(quiet, nil), quiet)
	t.Cleanup(func() {
		cancel()
		h.stop()
	})
	return h
}

func (h *hosts) counted(
	claim func(context.Context, []callback.LaneLimit) (claimed, error),
) func(context.Context, []callback.LaneLimit) (claimed, error) {
	return func(ctx context.Context, lanes []callback.LaneLimit) (claimed, error) {
		h.claiming.Add(1)
		defer h.claiming.Add(-1)
		return claim(ctx, lanes)
	}
}

// request is what the dispatcher calls to deliver: it waits for the test's answer.
func (h *hosts) request(ctx context.Context, d *callback.Delivery, answered func(scheduler.Answer)) {
	arrived := false
	defer func() {
		kind := scheduler.Refused
		if arrived {
			kind = scheduler.Arrived
		}
		answered(scheduler.Answer{Kind: kind, Took: 5_000_000}) // so slow that nothing is claimed ahead
	}()
	answer := make(chan bool)
	h.mu.Lock()
	h.waiting[d.Callback.ID] = answer
	h.mu.Unlock()
	h.started <- d
	select {
	case arrived = <-answer:
	case <-ctx.Done():
		return
	}
	status := http.StatusInternalServerError
	if arrived {
		status = http.StatusOK
	}
	if err := h.Settle(context.WithoutCancel(ctx), h.Decide(d, callback.Outcome{HTTPStatus: &status})); err != nil {
		h.log.Error("record", "error", err)
	}
}

// due makes callbacks for a host of that name, and returns their lane.
func (h *hosts) due(t *testing.T, name string, n int) callback.Lane {
	t.Helper()
	url := "https://" + name + ".example/hook"
	h.setURL(t, &url)
	for range n {
		h.newCallback(t)
	}
	return callback.Lane{Host: models.HostOf(url), Owner: fmt.Sprintf("project:%d", testProject), Account: testAccount}
}

// next waits until n more requests have begun.
func (h *hosts) next(t *testing.T, n int) []*callback.Delivery {
	t.Helper()
	deadline := time.NewTimer(modelstest.Patience)
	defer deadline.Stop()
	var begun []*callback.Delivery
	for range n {
		select {
		case d := <-h.started:
			begun = append(begun, d)
		case <-deadline.C:
			t.Fatalf("%d requests began, want %d", len(begun), n)
		}
	}
	return begun
}

func (h *hosts) answer(d *callback.Delivery, arrived bool) {
	h.mu.Lock()
	answer := h.waiting[d.Callback.ID]
	h.mu.Unlock()
	answer <- arrived
}

// quiet fails when a request begins that should not. What could begin has its turn first: claims have ended.
func (h *hosts) quiet(t *testing.T) {
	t.Helper()
	modelstest.Eventually(t, "nobody claims", func() bool { return h.claiming.Load() == 0 })
	if n := len(h.started); n != 0 {
		t.Errorf("%d more requests began", n)
	}
}

func TestHostGetsNoMoreThanItsShareAtATime(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 3)
	host := h.due(t, "slow", 8)
	h.nudge(host)
	begun := h.next(t, 3)
	h.quiet(t)
	for range 5 { // each that ends makes room for one
		h.answer(begun[0], true)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	for _, d := range begun {
		h.answer(d, true)
	}
	h.quiet(t)
}

func TestHostThatHangsDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 3)
	bad := h.due(t, "bad", 3)
	h.nudge(bad)
	h.next(t, 3) // they hang
	good := h.due(t, "good", 6)
	h.nudge(good)
	begun := h.next(t, 3)
	for _, d := range begun {
		h.answer(d, true)
	}
	for _, d := range h.next(t, 3) {
		if d.Callback.Lane.Host != good.Host {
			t.Errorf("a request to %s began", d.Callback.Lane.Host)
		}
		h.answer(d, true)
	}
}

func TestProcessSendsNoMoreThanItsConcurrency(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 8, 10)
	a := h.due(t, "a", 4)
	h.nudge(a)
	begun := h.next(t, 4)
	b := h.due(t, "b", 5)
	h.nudge(b)
	begun = append(begun, h.next(t, 3)...) // the tenth, at least one, is for accounts that come new
	h.quiet(t)
	if n := len(h.started); n != 0 {
		t.Fatalf("%d requests beyond the limit", n)
	}
	for i := range 2 {
		h.answer(begun[i], true)
	}
	begun = append(begun[2:], h.next(t, 2)...)
	for _, d := range begun {
		h.answer(d, true)
	}
}

func TestWaitingCallbackCostsNoStatement(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 2)
	host := h.due(t, "slow", 50)
	h.nudge(host)
	h.next(t, 2)
	h.quiet(t)
	before := h.outage.transactions.Load()
	for range 1000 {
		h.nudge(host)
	}
	h.quiet(t)
	if n := h.outage.transactions.Load() - before; n != 0 {
		t.Errorf("%d transactions while the lane is full", n)
	}
}

func TestHostThatIsDownGetsOneRequestAtATime(t *testing.T) {
	t.Parallel()
	const perHost = 10
	h := newHosts(t, 50, perHost)
	host := h.due(t, "down", 20+perHost+15)
	h.nudge(host)
	begun := h.next(t, perHost)
	for range 20 - 1 { // each failure makes room for another try
		h.answer(begun[0], false)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	for _, d := range begun { // the 20th, and what was in flight beside it
		h.answer(d, false)
	}
	probe := h.next(t, 1)
	h.quiet(t)
	h.answer(probe[0], false)
	probe = h.next(t, 1) // still one at a time
	h.quiet(t)
	h.answer(probe[0], true)
	for _, d := range h.next(t, perHost) { // it is back
		h.answer(d, true)
	}
}

func TestMovedCallbackIsSentToItsNewHost(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 3)
	old := h.due(t, "old", 2)
	moved := "https://new.example/hook"
	h.setURL(t, &moved)
	h.nudge(old)
	for _, d := range h.next(t, 2) {
		if d.Target.URL != moved || d.Attempt.Number != 1 {
			t.Errorf("attempt %d to %s", d.Attempt.Number, d.Target.URL)
		}
		h.answer(d, true)
	}
}

func TestLeasesOfWhatIsInHandAreRenewed(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 3)
	ended := make(chan struct{})
	defer close(ended)
	host := h.due(t, "slow", 1)
	h.nudge(host)
	d := h.next(t, 1)[0]
	claimed := *d.Callback.LeaseUntil
	go h.renew(ended)
	modelstest.Eventually(
		t, "the lease is renewed", func() bool { return h.callback(t, d.Callback.ID).LeaseUntil.After(claimed) },
	)
	h.answer(d, true)
}

func TestPlaceIsFreeWithTheAnswerAndTheSlotWhenItIsWrittenDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 3, 1) // of the slots one is kept for who comes new
		s.nudge(laneA)
		for n := range 2 {
			if got := s.began(); len(got) != 1 {
				t.Fatalf("%v began, %d are answered and not written down", got, n)
			}
			s.answer <- struct{}{}
		}
		s.expect(t, "while there is no slot")
		s.record <- struct{}{}
		if got := s.began(); len(got) != 1 {
			t.Errorf("%v began when there was a slot, want one", got)
		}
	})
}
