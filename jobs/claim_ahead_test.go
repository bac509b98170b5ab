package jobs

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// quickHosts is a dispatcher that claims ahead, and takes a host of that name for a quick one.
func quickHosts(t *testing.T, concurrency, perHost int, host string) *hosts {
	t.Helper()
	h := newHosts(t, concurrency, perHost)
	h.source.release = h.service.Release
	h.lanes[host] = &lane[*models.Delivery]{name: host, pace: pace{average: time.Millisecond}}
	return h
}

// claimedAhead waits until so many of a lane are ready.
func (h *hosts) claimedAhead(t *testing.T, host string, n int) {
	t.Helper()
	eventually(t, "they are claimed ahead", func() bool {
		h.dispatcher.mu.Lock()
		defer h.dispatcher.mu.Unlock()
		return len(h.lanes[host].ready) == n && h.ready == n
	})
}

// untouched waits until so many callbacks are as if they had never been claimed.
func (h *hosts) untouched(t *testing.T, n int) {
	t.Helper()
	eventually(t, "they are given back", func() bool {
		page := must[map[int64]*models.PageOf[*models.Callback]](t)(h.service.CallbackPages(t.Context(), models.PlatformActor(),
			models.OwnerProject, []int64{testProject}, models.CallbackFilter{Status: []models.Status{models.StatusPending}}, models.Page{First: 100}))
		count := 0
		for _, c := range page[testProject].Nodes {
			if c.AttemptCount == 0 && len(h.attempts(t, c.ID)) == 0 {
				count++
			}
		}
		return count == n
	})
}

func TestQuickHostHasSomeClaimedAheadAndNoMoreInFlight(t *testing.T) {
	t.Parallel()
	host := models.HostOf("https://quick.example/hook")
	h := quickHosts(t, 20, 2, host)
	h.due(t, "quick", 12)
	h.nudge(host)
	begun := h.next(t, 2)
	h.claimedAhead(t, host, 10)
	before := h.store.transactions.Load()
	for range 4 {
		h.answer(begun[0], true)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	if n := len(h.started); n != 0 {
		t.Errorf("%d more are in flight", n)
	}
	if n := h.store.transactions.Load() - before; n > 4 { // those that record
		t.Errorf("%d transactions for what was claimed already", n)
	}
	for range 6 {
		h.answer(begun[0], true)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	for _, d := range begun {
		h.answer(d, true)
	}
}

func TestHostThatIsDownIsClaimedNothingAhead(t *testing.T) {
	t.Parallel()
	host := models.HostOf("https://dying.example/hook")
	h := quickHosts(t, 20, 2, host)
	h.lanes[host].health = hostHealth{streak: tripAfter - 1, since: time.Now()}
	h.due(t, "dying", 8)
	h.nudge(host)
	begun := h.next(t, 2)
	h.claimedAhead(t, host, 6)
	h.answer(begun[0], false)
	h.untouched(t, 6)
	h.answer(begun[1], true) // it is there after all
	for range 6 {
		h.answer(h.next(t, 1)[0], true)
	}
}

func TestWhatWasGivenBackIsTriedAgainAlsoWhenNothingIsInFlight(t *testing.T) {
	t.Parallel()
	host := models.HostOf("https://dying.example/hook")
	h := quickHosts(t, 20, 1, host)
	begun, goOn := make(chan struct{}), make(chan struct{})
	h.source.release = func(ctx context.Context, deliveries []*models.Delivery) error {
		close(begun)
		<-goOn
		return h.service.Release(ctx, deliveries)
	}
	h.lanes[host].health = hostHealth{streak: tripAfter - 1, since: time.Now()}
	h.due(t, "dying", 4)
	h.nudge(host)
	first := h.next(t, 1)[0]
	h.claimedAhead(t, host, 3)
	h.answer(first, false)
	<-begun
	h.quiet(t, host)
	close(goOn)
	for range 3 { // the last of them is not woken by an answer before it
		h.answer(h.next(t, 1)[0], true)
	}
}

func TestStoppedDispatcherGivesBackWhatItClaimedAhead(t *testing.T) {
	t.Parallel()
	host := models.HostOf("https://quick.example/hook")
	h := quickHosts(t, 20, 2, host)
	h.due(t, "quick", 8)
	h.nudge(host)
	begun := h.next(t, 2)
	h.claimedAhead(t, host, 6)
	stopped := make(chan struct{})
	go func() {
		h.stop()
		close(stopped)
	}()
	h.untouched(t, 6)
	for _, d := range begun {
		h.answer(d, true)
	}
	<-stopped
	if n := len(h.started); n != 0 {
		t.Errorf("%d requests began after the stop", n)
	}
}

// stock is a source without a database: of each lane there is no end, and what is begun is let go on by the test.
type stock struct {
	mu      sync.Mutex
	claimed int64
	begun   chan int64
	answer  chan struct{}
	record  chan struct{}
}

func newStock(t *testing.T, concurrency, perLane int) (*stock, *dispatcher[int64]) {
	t.Helper()
	s := &stock{begun: make(chan int64, 1000), answer: make(chan struct{}), record: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	quiet := slog.New(slog.DiscardHandler)
	d := newDispatcher(ctx, source[int64]{
		name: "piece", claim: s.claim, do: s.do, lease: func(n int64) models.Lease { return models.Lease{ID: n} },
		release: func(context.Context, []int64) error { return nil },
	}, make(chan struct{}, concurrency), newSolitude(), perLane, models.NewTroubles(quiet), quiet)
	t.Cleanup(func() {
		cancel()
		d.stop()
	})
	return s, d
}

func (s *stock) claim(_ context.Context, _ string, limit int) (claimed []int64, movedTo []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range limit {
		s.claimed++
		claimed = append(claimed, s.claimed)
	}
	return claimed, nil, nil
}

func (s *stock) do(ctx context.Context, n int64, answered func(bool)) {
	s.begun <- n
	for _, step := range []chan struct{}{s.answer, s.record} {
		select {
		case <-step:
		case <-ctx.Done():
		}
		if step == s.answer {
			answered(true)
		}
	}
}

// next waits until n more have begun.
func (s *stock) next(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(patience)
	for i := range n {
		select {
		case <-s.begun:
		case <-deadline:
			t.Fatalf("%d began, want %d", i, n)
		}
	}
}

func TestPlaceIsFreeWithTheAnswerAndTheSlotWhenItIsWrittenDown(t *testing.T) {
	t.Parallel()
	s, d := newStock(t, 3, 1)
	d.nudge("a")
	for range 3 { // one in flight, the others answered and not written down
		s.next(t, 1)
		s.answer <- struct{}{}
	}
	eventually(t, "the lane waits for a slot", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		l := d.lanes["a"]
		return l.inFlight == 0 && len(d.slots) == 3 && (l.short || l.filling)
	})
	if n := len(s.begun); n != 0 {
		t.Errorf("%d began beyond the concurrency", n)
	}
	s.record <- struct{}{}
	s.next(t, 1)
}

func TestAllLanesTogetherClaimNoMoreAheadThanMayBeInFlight(t *testing.T) {
	t.Parallel()
	s, d := newStock(t, 6, 1)
	for _, name := range []string{"a", "b", "c"} {
		d.lanes[name] = &lane[int64]{name: name, pace: pace{average: time.Millisecond}}
		d.nudge(name)
	}
	s.next(t, 3)
	eventually(t, "nobody claims", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return !d.lanes["a"].filling && !d.lanes["b"].filling && !d.lanes["c"].filling
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready != 6 || s.claimed != 9 {
		t.Errorf("%d are ready, %d claimed", d.ready, s.claimed)
	}
}

func TestNoMoreIsClaimedAheadThanBeginsWithinATenthOfASecond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took []time.Duration
		want int
	}{
		"no answer yet":        {nil, 0},
		"at once":              {[]time.Duration{100 * time.Microsecond}, maxAhead},
		"quick":                {[]time.Duration{20 * time.Millisecond}, 80},
		"ordinary":             {[]time.Duration{200 * time.Millisecond}, 8},
		"slow":                 {[]time.Duration{2 * time.Second}, 0},
		"quick, then one hung": {[]time.Duration{20 * time.Millisecond, 30 * time.Second}, 0},
	} {
		var p pace
		for _, took := range c.took {
			p.note(took)
		}
		if got := p.ahead(16); got != c.want {
			t.Errorf("%s: %d ahead, want %d", name, got, c.want)
		}
	}
}
