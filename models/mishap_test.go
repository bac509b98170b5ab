package models_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// faultDelays are between the ten faults that end a callback or batch.
var faultDelays = []time.Duration{
	time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour, time.Hour,
}

func TestTenthFaultOfOurOwnEndsACallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raised().ID
	w.deliver(id, answered(500)) // one that is not ours, which the partner hears of
	for i, delay := range faultDelays {
		c := w.deliver(id, models.Fault(time.Second))
		if c.Status != models.StatusPending || c.NextAttemptAt.Sub(w.clock.now()) != delay || c.Error.Code != models.InternalError {
			t.Fatalf("after fault %d: %+v; want it due in %s", i+1, c, delay)
		}
		wantFitting(t, c)
	}
	c := w.deliver(id, models.Fault(time.Second))
	wantStatus(t, c, models.StatusFailed)
	if c.FailureCount != 1 || c.Error.Code != models.InternalError || len(w.notices()) != 1 {
		t.Errorf("got %+v and %d notices", c, len(w.notices()))
	}
	if a := w.attempts(id); len(a) != 11 || a[10].Error.Code != models.InternalError || a[10].Duration != time.Second {
		t.Errorf("the attempts are %v", a)
	}
}

func TestFaultOfOurOwnCostsNoRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raised().ID
	for range models.MaxMishaps - 1 {
		w.deliver(id, models.Fault(0))
	}
	for range twoRetries {
		wantStatus(t, w.deliver(id, answered(500)), models.StatusPending)
	}
	if c := w.deliver(id, answered(500)); c.Status != models.StatusFailed || c.FailureCount != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestTenthFaultOfOurOwnEndsABatchAndItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	for i, delay := range append(slices.Clone(faultDelays), 0) {
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, models.Fault(time.Second))
		if e.Attempt.Error.Code != models.InternalError || e.Batch.FailureCount != 0 {
			t.Errorf("call %d ended as %+v", i+1, e.Attempt)
		}
		if delay > 0 && (e.Batch.Status != models.RunQueued || e.Batch.NextAttemptAt.Sub(w.clock.now()) != delay) {
			t.Fatalf("after fault %d: %+v; want it due in %s", i+1, e.Batch, delay)
		}
		w.clock.advance(delay)
	}
	got := w.run(run.ID)
	if got.Status != models.RunFailed || got.Error.Label != models.LabelInternalError || len(w.told(run.ID, models.RunFinishedEvent)) != 1 {
		t.Errorf("the run is %s: %+v", got.Status, got.Error)
	}
}

// dies lets a worker die with a callback in its hand.
func (w *world) dies(claim func() *models.Delivery) {
	w.t.Helper()
	if claim() == nil {
		w.t.Fatal("it was not claimed")
	}
	w.clock.advance(models.LeaseTime)
	if n, _ := w.sweep(); n != 1 {
		w.t.Fatalf("interrupted %d", n)
	}
}

// suspect takes the callback that is to be sent alone, nil for none.
func (w *world) suspect() *models.Delivery {
	w.t.Helper()
	claimed, err := w.ClaimSuspect(w.t.Context())
	noError(w.t, err)
	if len(claimed) == 0 {
		return nil
	}
	return claimed[0]
}

func TestCallbackThatDiedThriceWithItsWorkerIsSentAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := w.raised()
	for range models.SuspectAfter {
		if w.suspect() != nil {
			t.Fatal("alone too early")
		}
		w.dies(func() *models.Delivery { return w.claim(bad.ID) })
	}
	good := w.raised()
	if got := w.claimLane(w.lane(projectHost), 10); len(got) != 1 || got[0].Callback.ID != good.ID {
		t.Fatalf("with others: %v", got)
	}
	if _, woken := w.sweep(); woken != 0 {
		t.Error("its host is woken for it")
	}
	d := w.suspect()
	if d == nil || d.Callback.ID != bad.ID || d.Refusal() != nil || w.suspect() != nil {
		t.Fatalf("alone: %v", d)
	}
	w.record(d, answered(200))
	wantStatus(t, w.callback(bad.ID), models.StatusSuccess)
}

func TestInterruptionsCountTowardsTheEndWhileItIsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raised().ID
	for range models.SuspectAfter {
		w.dies(func() *models.Delivery { return w.claim(id) })
	}
	w.record(w.suspect(), models.Fault(0)) // which counts as well
	w.clock.advance(time.Minute)
	for range models.MaxMishaps - 1 {
		w.dies(w.suspect)
	}
	d := w.suspect()
	if d == nil || d.Refusal() == nil || d.Refusal().Code != models.InternalError {
		t.Fatalf("alone: %v", d)
	}
	w.record(d, models.Outcome{Error: d.Refusal()})
	c := w.callback(id)
	wantStatus(t, c, models.StatusFailed)
	if c.Error.Code != models.InternalError || c.FailureCount != 0 || len(w.notices()) != 0 {
		t.Errorf("got %+v and %d notices", c, len(w.notices()))
	}
}

func TestProcessThatWasToldToStopCountsNoInterruption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raised().ID
	for i := range 20 {
		d := w.claim(id)
		noError(t, w.Excuse(t.Context(), []int64{id}))
		if i%2 == 0 { // it is over before the process is killed
			noError(t, w.Settle(t.Context(), w.GiveBack(d)))
		} else {
			w.clock.advance(models.LeaseTime)
			w.sweep()
		}
		if n := w.callback(id).InterruptionCount; n != 0 {
			t.Fatalf("counts %d", n)
		}
	}
	for i := range models.SuspectAfter - 1 { // nor does it make up for one that counts
		w.dies(func() *models.Delivery { return w.claim(id) })
		w.claim(id)
		noError(t, w.Excuse(t.Context(), []int64{id}))
		w.clock.advance(models.LeaseTime)
		w.sweep()
		if n := w.callback(id).InterruptionCount; n != i+1 {
			t.Fatalf("counts %d, want %d", n, i+1)
		}
	}
}

func TestLateRecordTakesItsInterruptionBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.record(w.late(c), answered(500)) // the worker lives
	if n := w.callback(c.ID).InterruptionCount; n != 0 {
		t.Errorf("counts %d", n)
	}
}

func TestBatchThatDiedThriceWithItsWorkerIsExecutedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	suspect := func() []*models.Execution {
		claimed, err := w.ClaimSuspectBatch(t.Context())
		noError(t, err)
		return claimed
	}
	dies := func(claimed []*models.Execution) {
		t.Helper()
		if len(claimed) != 1 {
			t.Fatalf("claimed %v", claimed)
		}
		w.clock.advance(models.LeaseTime)
		w.sweep()
	}
	dies(w.claimBatches(a, 1))
	e := w.claimBatches(a, 1)[0]
	noError(t, w.ExcuseBatches(t.Context(), []int64{e.Batch.ID})) // this one does not count
	dies([]*models.Execution{e})
	for range models.SuspectAfter - 1 {
		if got := suspect(); len(got) != 0 {
			t.Fatalf("alone too early: %v", got)
		}
		dies(w.claimBatches(a, 1))
	}
	if got := w.claimBatches(a, 1); len(got) != 0 {
		t.Fatalf("with others: %v", got)
	}
	for range models.MaxMishaps {
		dies(suspect())
	}
	got := suspect()
	if len(got) != 1 || got[0].Refused == nil {
		t.Fatalf("alone: %v", got)
	}
	w.recordBatch(got[0], models.Outcome{Error: got[0].Refused})
	if r := w.run(run.ID); r.Status != models.RunFailed || r.Error.Label != models.LabelInternalError {
		t.Errorf("the run is %s: %+v", r.Status, r.Error)
	}
}

// bursting is a store that panics as it settles more than one callback, or a certain one.
type bursting struct {
	models.Store
	on int64
}

func (b bursting) InTx(ctx context.Context, f func(models.Store) error) error {
	return b.Store.InTx(ctx, func(tx models.Store) error { return f(bursting{tx, b.on}) })
}

func (b bursting) SettleCallbacks(ctx context.Context, callbacks ...*models.Callback) ([]bool, error) {
	if slices.ContainsFunc(callbacks, func(c *models.Callback) bool { return c.ID == b.on }) {
		panic("this one cannot be written")
	}
	return b.Store.SettleCallbacks(ctx, callbacks...)
}

func TestPanicOfOneThatIsSettledWithOthersCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 20
	deliveries := make([]*models.Delivery, n)
	for i := range n {
		deliveries[i] = w.claim(w.raised().ID)
	}
	bad := deliveries[n/2].Callback.ID
	service, m := w.on(bursting{w.store, bad}), &monitor{}
	service.CountTroubles(m)
	caught := make([]bool, n)
	atOnce(n, func(i int) {
		err := service.Troubles().Catch(t.Context(), "test", func() error {
			return service.Settle(t.Context(), service.Decide(deliveries[i], answered(200)))
		})
		caught[i] = err != nil
	})
	for i, d := range deliveries {
		if is := d.Callback.ID == bad; caught[i] != is || (w.callback(d.Callback.ID).Status == models.StatusSuccess) == is {
			t.Errorf("delivery %d: a panic: %t, the callback is %s", i, caught[i], w.callback(d.Callback.ID).Status)
		}
	}
	if m.panics["settlement"]+m.panics["test"] == 0 {
		t.Error("counted no panic")
	}
}

// failingFire is a store on which one schedule's firing panics.
type failingFire struct {
	models.Store
	on int64
}

func (s failingFire) InTx(ctx context.Context, f func(models.Store) error) error {
	return s.Store.InTx(ctx, func(tx models.Store) error { return f(failingFire{tx, s.on}) })
}

func (s failingFire) LockWaitingRuns(ctx context.Context, ids ...int64) ([]*models.Run, error) {
	if slices.Contains(ids, s.on) {
		panic("this one cannot be fired")
	}
	return s.Store.LockWaitingRuns(ctx, ids...)
}

func TestPanicInAFiringCostsThatFiring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	bad := w.hourly()
	w.clock.advance(time.Second)
	w.hourly()
	w.hourly()
	w.clock.advance(time.Hour)
	service, m := w.on(failingFire{w.store, bad.ID}), &monitor{}
	service.CountTroubles(m)
	fired, err := service.FireSchedules(t.Context())
	if fired != 2 || err != nil || m.panics["firing"] != 1 { // alone, not with its group as well
		t.Errorf("fired %d, %v; %v", fired, err, m.panics)
	}
	if s := w.schedule(bad.ID); s.NextRunAt.Sub(w.clock.now()) != time.Minute {
		t.Errorf("the schedule is %+v", s)
	}
	w.clock.advance(time.Minute)
	if w.fire() != 1 || w.schedule(bad.ID).UnreadableSince != nil {
		t.Errorf("it did not fire when it could: %+v", w.schedule(bad.ID))
	}
}

// noSSO is a store on which a panic waits for the partner of one account.
type noSSO struct{ models.Store }

func (s noSSO) InTx(ctx context.Context, f func(models.Store) error) error {
	return s.Store.InTx(ctx, func(tx models.Store) error { return f(noSSO{tx}) })
}

func (noSSO) SSOClients(context.Context, ...int64) ([]*models.SSOClient, error) { panic("no partner") }

func TestPanicAboutOneOfAClaimPutsThatOneOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setURL(new(webhookURL)) // of one host with the notice
	w.deliver(w.raised().ID, answered(500))
	good := w.raised()
	service, m := w.on(noSSO{w.store}), &monitor{}
	service.CountTroubles(m)
	claimed, _, _, err := service.Claim(t.Context(), append(of(w.lane(webhookHost), 10), of(good.Lane, 10)...))
	noError(t, err)
	if len(claimed) != 1 || claimed[0].Callback.ID != good.ID || m.panics["claim"] != 1 {
		t.Errorf("claimed %v; %v", claimed, m.panics)
	}
	if n := w.notices()[0]; n.Status != models.StatusPending || n.UnreadableSince == nil {
		t.Errorf("the notice is %+v", n)
	}
}
