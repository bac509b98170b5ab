package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// hosts is a dispatcher whose requests the test itself answers.
type hosts struct {
	*world
	*dispatcher[*models.Delivery]
	started chan *models.Delivery

	mu      sync.Mutex
	waiting map[int64]chan bool // the answers, by callback
}

func newHosts(t *testing.T, concurrency, perHost int) *hosts {
	t.Helper()
	h := &hosts{
		world: newWorld(t, nil, models.Schedule{time.Hour}, http.NotFound), started: make(chan *models.Delivery, 1000),
		waiting: map[int64]chan bool{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	quiet := slog.New(slog.DiscardHandler)
	h.dispatcher = newDispatcher(ctx, source[*models.Delivery]{
		name: "callback", claim: h.service.Claim, do: h.request, renew: h.service.Renew,
		lease: (*models.Delivery).Lease,
	}, make(chan struct{}, concurrency), newSolitude(), perHost, models.NewTroubles(quiet), quiet)
	t.Cleanup(func() {
		cancel()
		h.stop()
	})
	return h
}

// request is what the dispatcher calls to deliver: it waits for the test's answer.
func (h *hosts) request(ctx context.Context, d *models.Delivery, answered func(arrived bool)) {
	arrived := false
	defer func() { answered(arrived) }()
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
	if err := h.service.Record(context.WithoutCancel(ctx), d, models.Outcome{HTTPStatus: &status}); err != nil {
		h.log.Error("record", "error", err)
	}
}

// due makes callbacks for a host of that name, and returns the host.
func (h *hosts) due(t *testing.T, name string, n int) string {
	t.Helper()
	url := "https://" + name + ".example/hook"
	h.setURL(t, &url)
	for range n {
		h.newCallback(t)
	}
	return models.HostOf(url)
}

// next waits until n more requests have begun.
func (h *hosts) next(t *testing.T, n int) []*models.Delivery {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	var begun []*models.Delivery
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

func (h *hosts) answer(d *models.Delivery, arrived bool) {
	h.mu.Lock()
	answer := h.waiting[d.Callback.ID]
	h.mu.Unlock()
	answer <- arrived
}

// quiet fails when a request begins that should not. What could begin has its turn first: claims of the lane have ended.
func (h *hosts) quiet(t *testing.T, host string) {
	t.Helper()
	eventually(t, "the lane has stopped claiming", func() bool {
		h.dispatcher.mu.Lock()
		defer h.dispatcher.mu.Unlock()
		l := h.lanes[host]
		return l == nil || !l.filling
	})
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
	h.quiet(t, host)
	for range 5 { // each that ends makes room for one
		h.answer(begun[0], true)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	for _, d := range begun {
		h.answer(d, true)
	}
	h.quiet(t, host)
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
		if d.Callback.TargetHost != good {
			t.Errorf("a request to %s began", d.Callback.TargetHost)
		}
		h.answer(d, true)
	}
}

func TestProcessSendsNoMoreThanItsConcurrency(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 4, 3)
	a := h.due(t, "a", 3)
	h.nudge(a)
	begun := h.next(t, 3)
	b := h.due(t, "b", 3)
	h.nudge(b)
	begun = append(begun, h.next(t, 1)...)
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
	h.quiet(t, host)
	before := h.store.transactions.Load()
	for range 1000 {
		h.nudge(host)
	}
	h.quiet(t, host)
	if n := h.store.transactions.Load() - before; n != 0 {
		t.Errorf("%d transactions while the lane is full", n)
	}
}

func TestHostThatIsDownGetsOneRequestAtATime(t *testing.T) {
	t.Parallel()
	const perHost = 10
	h := newHosts(t, 50, perHost)
	host := h.due(t, "down", tripAfter+perHost+15)
	h.nudge(host)
	begun := h.next(t, perHost)
	for range tripAfter - 1 { // each failure makes room for another try
		h.answer(begun[0], false)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	for _, d := range begun { // the 20th, and what was in flight beside it
		h.answer(d, false)
	}
	probe := h.next(t, 1)
	h.quiet(t, host)
	h.answer(probe[0], false)
	probe = h.next(t, 1) // still one at a time
	h.quiet(t, host)
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

func TestStoppedDispatcherBeginsNothingAndWaitsForWhatItBegan(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 1)
	host := h.due(t, "slow", 3)
	h.nudge(host)
	begun := h.next(t, 1)
	stopped := make(chan struct{})
	go func() {
		h.stop()
		close(stopped)
	}()
	eventually(t, "it is stopping", func() bool {
		h.dispatcher.mu.Lock()
		defer h.dispatcher.mu.Unlock()
		return h.closed
	})
	h.nudge(host)
	select {
	case <-stopped:
		t.Error("it did not wait")
	default:
	}
	h.answer(begun[0], true)
	<-stopped
	if n := len(h.started); n != 0 {
		t.Errorf("%d requests began after the stop", n)
	}
}

func TestIdleLanesAreForgottenAfterAWhile(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 10, 3)
	busy := h.due(t, "busy", 1)
	h.nudge(busy)
	d := h.next(t, 1)[0]
	for i := range 20 {
		h.nudge(fmt.Sprintf("nothing-%d.example:443", i))
	}
	eventually(t, "nothing is claimed any more", func() bool {
		h.dispatcher.mu.Lock()
		defer h.dispatcher.mu.Unlock()
		for _, l := range h.lanes {
			if l.filling {
				return false
			}
		}
		return len(h.slots) == 1
	})
	for _, want := range []int{21, 1, 1} { // what was used since it was looked at last stays
		if h.forget(); len(h.lanes) != want {
			t.Errorf("%d lanes are left, want %d", len(h.lanes), want)
		}
	}
	h.answer(d, true)
	eventually(t, "no lane is left", func() bool { h.forget(); return h.lanesLeft() == 0 })
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
	eventually(t, "the lease is renewed", func() bool { return h.callback(t, d.Callback.ID).LeaseUntil.After(claimed) })
	h.answer(d, true)
}

func TestHostHealth(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	fail := func(h *hostHealth, n int, apart time.Duration) {
		for range n {
			at = at.Add(apart)
			h.note(false, at)
		}
	}
	for name, c := range map[string]struct {
		play func(*hostHealth)
		want int
	}{
		"fresh":                     {func(*hostHealth) {}, 16},
		"19 failures":               {func(h *hostHealth) { fail(h, 19, time.Second) }, 16},
		"20 within a minute":        {func(h *hostHealth) { fail(h, 20, time.Second) }, 1},
		"20 over hours":             {func(h *hostHealth) { fail(h, 20, 10*time.Minute) }, 16},
		"a success between":         {func(h *hostHealth) { fail(h, 19, 0); h.note(true, at); fail(h, 19, 0) }, 16},
		"down, then a success":      {func(h *hostHealth) { fail(h, 30, 0); h.note(true, at) }, 16},
		"down, and slow failures":   {func(h *hostHealth) { fail(h, 20, 0); fail(h, 3, time.Hour) }, 1},
		"20 the last in one minute": {func(h *hostHealth) { fail(h, 15, 5*time.Second); fail(h, 20, time.Second) }, 1},
	} {
		var h hostHealth
		c.play(&h)
		if got := h.limit(16); got != c.want {
			t.Errorf("%s: %d at a time, want %d", name, got, c.want)
		}
	}
}
