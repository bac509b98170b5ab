package callback_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// inHand claims so many callbacks, and returns their deliveries in the order of their ids: a claim has none.
func inHand(w *modelstest.World, count int) []*callback.Delivery {
	w.T.Helper()
	deliveries := w.MustClaimMany(w.NewCallback(), count)
	slices.SortFunc(deliveries, func(a, b *callback.Delivery) int { return int(a.Callback.ID - b.Callback.ID) })
	return deliveries
}

// claimedAgain lets the leases of some deliveries run out, while those of others are renewed, and claims their
// callbacks once more.
func claimedAgain(w *modelstest.World, late, others []*callback.Delivery) []*callback.Delivery {
	w.T.Helper()
	w.Clock.Advance(callback.LeaseRenewal)
	leases := make([]callback.Lease, len(others))
	for i, d := range others {
		leases[i] = d.Lease()
	}
	w.MustRenew(leases...)
	w.Clock.Advance(callback.LeaseTime - callback.LeaseRenewal)
	if interrupted, _ := w.MustSweep(); interrupted != len(late) {
		w.T.Fatalf("interrupted %d, want %d", interrupted, len(late))
	}
	claimed := w.ClaimLane(w.Lane(modelstest.ProjectHost), 100)
	seconds := make([]*callback.Delivery, len(late))
	for i, d := range late {
		if seconds[i] = modelstest.DeliveryOf(claimed, d.Callback.ID); seconds[i] == nil {
			w.T.Fatalf("callback %d was not claimed again", d.Callback.ID)
		}
	}
	w.Queue.Take()
	return seconds
}

// settled is what the database has of a callback.
type settled struct {
	Callback *callback.Callback
	Attempts []*callback.Attempt
	Answers  []string // of the attempts
	Notices  int
}

func settledOf(w *modelstest.World, id int64) settled {
	w.T.Helper()
	s := settled{Callback: w.ReadCallback(id), Attempts: w.Attempts(id)}
	for _, a := range s.Attempts {
		s.Answers = append(s.Answers, w.ReadText(models.ResponseBodyText, a.ID))
	}
	for _, notice := range w.Notices() {
		if *notice.CauseID == id {
			s.Notices++
		}
	}
	return s
}

func allSettled(w *modelstest.World, deliveries []*callback.Delivery) []settled {
	w.T.Helper()
	all := make([]settled, len(deliveries))
	for i, d := range deliveries {
		all[i] = settledOf(w, d.Callback.ID)
	}
	return all
}

func TestSettlementsTogetherBecomeEachWhatWasDecided(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	held := inHand(w, 4)
	arrived, again, ended, back := held[0], held[1], held[2], held[3]
	w.Clock.Advance(time.Second)
	at := w.Clock.Now()
	thanks := callback.Outcome{
		HTTPStatus: new(204), Duration: time.Second, ResponseBody: []byte("thanks"),
		Timings: callback.Timings{FirstByte: time.Millisecond},
	}
	modelstest.NoError(t, w.SettleTogether(t.Context(),
		w.Decide(
			ended, modelstest.Answered(410),
		), w.GiveBack(back), w.Decide(arrived, thanks), w.Decide(again, modelstest.Refused())))
	woken := modelstest.WokenIDs(w.Queue.Take())

	for name, want := range map[string]struct {
		delivery *callback.Delivery
		status   callback.Status
		http     *int
		failures int
		next     *time.Time
		err      callback.AttemptErrorCode
		notices  int
		answer   string
	}{
		"success": {arrived, callback.StatusSuccess, new(204), 0, nil, "", 0, "thanks"},
		"tried again": {
			again, callback.StatusPending, nil, 1, new(at.Add(modelstest.TwoRetries[0])), callback.ConnectRefused, 1, "",
		},
		"given up":       {ended, callback.StatusFailed, new(410), 1, nil, callback.HTTPStatusError, 1, ""},
		"nobody's fault": {back, callback.StatusPending, nil, 0, &at, callback.Interrupted, 0, ""},
	} {
		id := want.delivery.Callback.ID
		got := settledOf(w, id)
		c, a := got.Callback, got.Attempts[0]
		modelstest.WantFitting(t, c)
		if c.Status != want.status || c.FailureCount != want.failures ||
			cmp.Diff(want.http, c.HTTPStatus)+cmp.Diff(want.next, c.NextAttemptAt) != "" {
			t.Errorf("%s: the callback is %+v", name, c)
		}
		if !a.FinishedAt.Equal(at) || (a.Error != nil) != (want.err != "") || a.Error != nil && a.Error.Code != want.err {
			t.Errorf("%s: the attempt is %+v", name, a)
		}
		if woken := slices.Contains(woken, id); got.Notices != want.notices || woken != (want.next != nil) ||
			got.Answers[0] != want.answer {
			t.Errorf("%s: %d notices, woken: %t, the answer is %q", name, got.Notices, woken, got.Answers[0])
		}
		if diff := cmp.Diff(c, want.delivery.Callback); diff != "" {
			t.Errorf("%s: the delivery does not show it: %s", name, diff)
		}
	}
	if a := w.Attempts(arrived.Callback.ID)[0]; a.Timings != thanks.Timings || a.Duration != thanks.Duration {
		t.Errorf("the attempt is %+v", a)
	}
}

func TestSettlingNothingIsNoError(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	modelstest.NoError(t, w.SettleTogether(t.Context()))
	if got := w.Queue.Take(); len(got) != 0 {
		t.Errorf("woken: %v", got)
	}
}

func TestSettlementsTogetherLeaveACallbackThatWasClaimedAgainAndWriteTheOthers(t *testing.T) {
	t.Parallel()
	for name, withSecond := range map[string]bool{
		"still in the other's hand": false, "settled by the other in the same batch": true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			held := inHand(w, 3)
			late := held[1]
			second := claimedAgain(w, held[1:2], []*callback.Delivery{held[0], held[2]})[0]
			before := w.ReadCallback(late.Callback.ID)
			batch := []*callback.Settlement{
				w.Decide(held[0], modelstest.Answered(200)), w.Decide(late, modelstest.Answered(410)),
				w.Decide(held[2], modelstest.Answered(200)),
			}
			if withSecond {
				batch = append(batch, w.Decide(second, modelstest.Answered(201)))
			}
			modelstest.NoError(t, w.SettleTogether(t.Context(), batch...))

			for _, d := range []*callback.Delivery{held[0], held[2]} {
				modelstest.WantStatus(t, w.ReadCallback(d.Callback.ID), callback.StatusSuccess)
			}
			if a := w.Attempts(late.Callback.ID)[0]; a.HTTPStatus == nil || *a.HTTPStatus != 410 ||
				a.Error.Code != callback.HTTPStatusError {
				t.Errorf("what the late worker learned is lost: %+v", a)
			}
			if len(w.Notices()) != 0 || len(w.Queue.Take()) != 0 {
				t.Error("somebody was told of what the late worker decided")
			}
			if !withSecond {
				if diff := cmp.Diff(before, w.ReadCallback(late.Callback.ID)); diff != "" {
					t.Errorf("the late worker changed the callback: %s", diff)
				}
				modelstest.NoError(t, w.Settle(t.Context(), w.Decide(second, modelstest.Answered(201))))
			}
			if c := w.ReadCallback(late.Callback.ID); c.Status != callback.StatusSuccess || *c.HTTPStatus != 201 {
				t.Errorf("the worker that has it settled it as %+v", c)
			}
		})
	}
}

// broken fails when a settlement has come as far as a test says; what it wrote until then is written.
type broken struct {
	callback.SettlementTx
	after string
}

// brokenAfter has settlements fail.
func brokenAfter(after string) func(db *callback.Ports) {
	return func(db *callback.Ports) {
		inTx := db.InSettlementTx
		db.Record = nil
		db.InSettlementTx = func(ctx context.Context, f func(callback.SettlementTx) error) error {
			return inTx(ctx, func(tx callback.SettlementTx) error {
				b := broken{tx, after}
				return b.failing("the last statement", f(b))
			})
		}
	}
}

func (b broken) failing(at string, err error) error {
	if err == nil && at == b.after {
		return modelstest.ErrBroken
	}
	return err
}

func (b broken) SettleCallbacks(ctx context.Context, callbacks ...*callback.Callback) ([]bool, error) {
	owned, err := b.SettlementTx.SettleCallbacks(ctx, callbacks...)
	return owned, b.failing("the callbacks", err)
}

func (b broken) FinishAttempts(ctx context.Context, attempts ...*callback.Attempt) error {
	return b.failing("the attempts", b.SettlementTx.FinishAttempts(ctx, attempts...))
}

func (b broken) CreateCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	return b.failing("a notice", b.SettlementTx.CreateCallbacks(ctx, callbacks...))
}

func TestSettlementsThatCannotBeWrittenTogetherChangeNothingAndCanBeWrittenOneByOne(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"the callbacks", "the attempts", "a notice", "the last statement"} {
		t.Run("it fails after "+after, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			held := inHand(w, 4)
			decided := []*callback.Settlement{
				w.Decide(held[0], modelstest.Answered(200)), w.Decide(held[1], modelstest.Answered(500)),
				w.Decide(held[2], modelstest.Answered(410)), w.GiveBack(held[3]),
			}
			before := allSettled(w, held)
			if err := w.ServiceOn(brokenAfter(after)).Deliveries.SettleTogether(t.Context(), decided...); !errors.Is(err, modelstest.ErrBroken) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(before, allSettled(w, held)); diff != "" || len(w.Notices()) != 0 || len(w.Queue.Take()) != 0 {
				t.Errorf("half of it was written; %d notices; %s", len(w.Notices()), diff)
			}
			for _, d := range held {
				modelstest.WantStatus(t, d.Callback, callback.StatusRunning)
			}
			for _, x := range decided {
				modelstest.NoError(t, w.Settle(t.Context(), x))
			}
			failures := []int{0, 1, 1, 0}
			for i, want := range []callback.Status{
				callback.StatusSuccess, callback.StatusPending, callback.StatusFailed, callback.StatusPending,
			} {
				got := settledOf(w, held[i].Callback.ID)
				if got.Callback.Status != want || got.Callback.FailureCount != failures[i] || got.Notices != failures[i] {
					t.Errorf("got %+v, want %s after %d failures", got, want, failures[i])
				}
			}
		})
	}
}

func TestSettlementsTogetherMoveUpTheLinesOfThoseThatHaveEnded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lines := [][]*callback.Callback{w.NewLine(2), w.NewLine(2), w.NewLine(2)}
	claimed := w.ClaimLane(w.Lane(modelstest.JobHost), 10)
	var batch []*callback.Settlement
	for i, o := range []callback.Outcome{modelstest.Answered(200), modelstest.Answered(500), modelstest.Answered(410)} {
		batch = append(batch, w.Decide(modelstest.DeliveryOf(claimed, lines[i][0].ID), o))
	}
	modelstest.NoError(t, w.SettleTogether(t.Context(), batch...))
	w.WantInFront(lines[0][1].ID, w.Clock.Now())
	w.WantHeld(lines[1][1].ID)
	w.WantInFront(lines[2][1].ID, w.Clock.Now())
	woken := modelstest.WokenIDs(w.Queue.Take())
	for i, line := range lines {
		if woken := slices.Contains(woken, line[1].ID); woken != (i != 1) {
			t.Errorf("line %d was woken: %t", i, woken)
		}
	}
}

// fates are what can become of a delivery.
var fates = map[string]func(*modelstest.World, *callback.Delivery) *callback.Settlement{
	"arrived": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement {
		o := modelstest.Answered(200)
		o.Duration, o.ResponseBody = time.Second, []byte("thanks")
		o.Timings = callback.Timings{
			DNS: 1 * time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond, FirstByte: 4 * time.Millisecond,
		}
		return w.Decide(d, o)
	},
	"refused": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement {
		return w.Decide(d, modelstest.Refused())
	},
	"failed": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement {
		return w.Decide(d, modelstest.Answered(500))
	},
	"gone": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement {
		return w.Decide(d, modelstest.Answered(410))
	},
	"given back": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement { return w.GiveBack(d) },
	"put off": func(w *modelstest.World, d *callback.Delivery) *callback.Settlement {
		o := modelstest.Answered(503)
		o.RetryAfter = "3600"
		return w.Decide(d, o)
	},
}

// pair is two callbacks that share their fate: one is settled alone, the other in a batch.
type pair struct {
	fates           []string
	alone, together int64 // their ids
}

// Each round claims what is left of the pairs, and lets chance decide what becomes of them. Before that some leases run
// out and others claim the callbacks: those who came late are settled beside those who followed.
func TestSettlingTogetherIsAsSettlingEachAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const pairs, rounds = 12, 4 // three failures end a callback; the fourth round is for those that were given back
	pending := w.NewCallback()
	w.MoreCallbacks(pending, modelstest.ProjectHost, 2*pairs)
	w.Deliver(pending.ID, modelstest.Answered(200))
	w.Clock.Advance(time.Second)
	held := w.ClaimLane(w.Lane(modelstest.ProjectHost), 100)
	all := make([]*pair, pairs)
	for i := range all {
		all[i] = &pair{alone: held[2*i].Callback.ID, together: held[2*i+1].Callback.ID}
	}
	for range rounds {
		var late, others []*callback.Delivery
		for _, p := range all {
			hands := &others
			if rand.IntN(4) == 0 && w.ReadCallback(p.alone).InterruptionCount < callback.SuspectAfter-1 { // others of this host go on claiming it
				hands = &late
			}
			if d := modelstest.DeliveryOf(held, p.alone); d != nil {
				*hands = append(*hands, d, modelstest.DeliveryOf(held, p.together))
			}
		}
		held = slices.Concat(late, others, claimedAgain(w, late, others))
		settleBothWays(w, all, held)
		for _, p := range all {
			wantAlike(w, p)
		}
		w.Clock.Advance(24 * time.Hour)
		held = w.ClaimLane(w.Lane(modelstest.ProjectHost), 100)
	}
}

// settleBothWays draws a fate for each pair of deliveries; those of pairs follow each other.
func settleBothWays(w *modelstest.World, all []*pair, held []*callback.Delivery) {
	w.T.Helper()
	names := slices.Sorted(maps.Keys(fates))
	var batch []*callback.Settlement
	for two := range slices.Chunk(held, 2) {
		fate := names[rand.IntN(len(names))]
		p := all[slices.IndexFunc(all, func(p *pair) bool { return p.alone == two[0].Callback.ID })]
		p.fates = append(p.fates, fate)
		modelstest.NoError(w.T, w.Settle(w.T.Context(), fates[fate](w, two[0])))
		batch = append(batch, fates[fate](w, two[1]))
	}
	alone := w.Queue.Take()
	rand.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	modelstest.NoError(w.T, w.SettleTogether(w.T.Context(), batch...))
	if together := w.Queue.Take(); len(together) != len(alone) {
		w.T.Errorf("%d wake-ups of %d that were settled together, %d of those alone", len(together), len(batch), len(alone))
	}
}

// wantAlike compares what the database has of a pair.
func wantAlike(w *modelstest.World, p *pair) {
	w.T.Helper()
	alone, together := settledOf(w, p.alone), settledOf(w, p.together)
	modelstest.WantFitting(w.T, together.Callback)
	diff := cmp.Diff(alone, together, cmpopts.IgnoreFields(callback.Callback{}, "ID", "UID", "DedupKey"),
		cmpopts.IgnoreFields(callback.Attempt{}, "ID", "UID", "CallbackID"))
	if diff != "" {
		w.T.Errorf("after %q (-alone +together): %s", p.fates, diff)
	}
}
