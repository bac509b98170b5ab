package callback_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestTenthFaultOfOurOwnEndsACallback(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	id := w.NewCallback().ID
	w.Deliver(id, modelstest.Answered(500)) // one that is not ours, which the partner hears of
	for i, delay := range modelstest.FaultDelays {
		c := w.Deliver(id, callback.Fault(time.Second))
		if c.Status != callback.StatusPending || c.NextAttemptAt.Sub(w.Clock.Now()) != delay ||
			c.Error.Code != callback.InternalError {
			t.Fatalf("after fault %d: %+v; want it due in %s", i+1, c, delay)
		}
		modelstest.WantFitting(t, c)
	}
	c := w.Deliver(id, callback.Fault(time.Second))
	modelstest.WantStatus(t, c, callback.StatusFailed)
	if c.FailureCount != 1 || c.Error.Code != callback.InternalError || len(w.Notices()) != 1 {
		t.Errorf("got %+v and %d notices", c, len(w.Notices()))
	}
	if a := w.Attempts(id); len(a) != 11 || a[10].Error.Code != callback.InternalError || a[10].Duration != time.Second {
		t.Errorf("the attempts are %v", a)
	}
}

func TestFaultOfOurOwnCostsNoRetry(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	id := w.NewCallback().ID
	for range callback.MaxMishaps - 1 {
		w.Deliver(id, callback.Fault(0))
	}
	for range modelstest.TwoRetries {
		modelstest.WantStatus(t, w.Deliver(id, modelstest.Answered(500)), callback.StatusPending)
	}
	if c := w.Deliver(id, modelstest.Answered(500)); c.Status != callback.StatusFailed || c.FailureCount != 3 {
		t.Errorf("got %+v", c)
	}
}

// dies lets a worker die with a callback in its hand.
func dies(w *modelstest.World, claim func() *callback.Delivery) {
	w.T.Helper()
	if claim() == nil {
		w.T.Fatal("it was not claimed")
	}
	w.Clock.Advance(callback.LeaseTime)
	if n, _ := w.MustSweep(); n != 1 {
		w.T.Fatalf("interrupted %d", n)
	}
}

// suspect takes the callback that is to be sent alone, nil for none.
func suspect(w *modelstest.World) *callback.Delivery {
	w.T.Helper()
	claimed, err := w.ClaimSuspect(w.T.Context())
	modelstest.NoError(w.T, err)
	if len(claimed) == 0 {
		return nil
	}
	return claimed[0]
}

func TestCallbackThatDiedThriceWithItsWorkerIsSentAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	bad := w.NewCallback()
	for range callback.SuspectAfter {
		if suspect(w) != nil {
			t.Fatal("alone too early")
		}
		dies(w, func() *callback.Delivery { return w.MustClaim(bad.ID) })
	}
	good := w.NewCallback()
	if got := w.ClaimLane(w.Lane(modelstest.ProjectHost), 10); len(got) != 1 || got[0].Callback.ID != good.ID {
		t.Fatalf("with others: %v", got)
	}
	if _, woken := w.MustSweep(); woken != 0 {
		t.Error("its host is woken for it")
	}
	d := suspect(w)
	if d == nil || d.Callback.ID != bad.ID || d.Refusal() != nil || suspect(w) != nil {
		t.Fatalf("alone: %v", d)
	}
	w.MustSettle(d, modelstest.Answered(200))
	modelstest.WantStatus(t, w.ReadCallback(bad.ID), callback.StatusSuccess)
}

func TestInterruptionsCountTowardsTheEndWhileItIsAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	id := w.NewCallback().ID
	for range callback.SuspectAfter {
		dies(w, func() *callback.Delivery { return w.MustClaim(id) })
	}
	w.MustSettle(suspect(w), callback.Fault(0)) // which counts as well
	w.Clock.Advance(time.Minute)
	for range callback.MaxMishaps - 1 {
		dies(w, func() *callback.Delivery { return suspect(w) })
	}
	d := suspect(w)
	if d == nil || d.Refusal() == nil || d.Refusal().Code != callback.InternalError {
		t.Fatalf("alone: %v", d)
	}
	w.MustSettle(d, callback.Outcome{Error: d.Refusal()})
	c := w.ReadCallback(id)
	modelstest.WantStatus(t, c, callback.StatusFailed)
	if c.Error.Code != callback.InternalError || c.FailureCount != 0 || len(w.Notices()) != 0 {
		t.Errorf("got %+v and %d notices", c, len(w.Notices()))
	}
}

func TestProcessThatWasToldToStopCountsNoInterruption(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	id := w.NewCallback().ID
	for i := range 20 {
		d := w.MustClaim(id)
		modelstest.NoError(t, w.AnnounceStop(t.Context(), []int64{id}))
		if i%2 == 0 { // it is over before the process is killed
			modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(d)))
		} else {
			w.Clock.Advance(callback.LeaseTime)
			w.MustSweep()
		}
		if n := w.ReadCallback(id).InterruptionCount; n != 0 {
			t.Fatalf("counts %d", n)
		}
	}
	for i := range callback.SuspectAfter - 1 { // nor does it make up for one that counts
		dies(w, func() *callback.Delivery { return w.MustClaim(id) })
		w.MustClaim(id)
		modelstest.NoError(t, w.AnnounceStop(t.Context(), []int64{id}))
		w.Clock.Advance(callback.LeaseTime)
		w.MustSweep()
		if n := w.ReadCallback(id).InterruptionCount; n != i+1 {
			t.Fatalf("counts %d, want %d", n, i+1)
		}
	}
}

func TestLateRecordTakesItsInterruptionBack(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustSettle(w.LateDelivery(c), modelstest.Answered(500)) // the worker lives
	if n := w.ReadCallback(c.ID).InterruptionCount; n != 0 {
		t.Errorf("counts %d", n)
	}
}

// bursting panics as a certain callback is settled.
type bursting struct {
	callback.SettlementTx
	on int64
}

func (b bursting) SettleCallbacks(ctx context.Context, callbacks ...*callback.Callback) ([]bool, error) {
	if slices.ContainsFunc(callbacks, func(c *callback.Callback) bool { return c.ID == b.on }) {
		panic("this one cannot be written")
	}
	return b.SettlementTx.SettleCallbacks(ctx, callbacks...)
}

func TestPanicOfOneThatIsSettledWithOthersCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const n = 20
	deliveries := make([]*callback.Delivery, n)
	for i := range n {
		deliveries[i] = w.MustClaim(w.NewCallback().ID)
	}
	bad := deliveries[n/2].Callback.ID
	service, m := w.ServiceOn(func(db *callback.Ports) {
		db.Record = nil
		db.InSettlementTx = modelstest.Through(db.InSettlementTx, func(tx callback.SettlementTx) callback.SettlementTx {
			return bursting{tx, bad}
		})
	}), w.Monitor
	caught := make([]bool, n)
	modelstest.AtOnce(n, func(i int) {
		err := service.Troubles().Catch(t.Context(), "test", func() error {
			return service.Deliveries.Settle(t.Context(), service.Deliveries.Decide(deliveries[i], modelstest.Answered(200)))
		})
		caught[i] = err != nil
	})
	for i, d := range deliveries {
		if is := d.Callback.ID == bad; caught[i] != is ||
			(w.ReadCallback(d.Callback.ID).Status == callback.StatusSuccess) == is {
			t.Errorf("delivery %d: a panic: %t, the callback is %s", i, caught[i], w.ReadCallback(d.Callback.ID).Status)
		}
	}
	if m.Panics("settlement")+m.Panics("test") == 0 {
		t.Error("counted no panic")
	}
}

// noSSO has a panic wait for the partner of one account.
type noSSO struct{ callback.DeliveryTx }

func (noSSO) SSOClients(context.Context, ...int64) ([]*tenant.SSOClient, error) { panic("no partner") }

func TestPanicAboutOneOfAClaimPutsThatOneOff(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetURL(new(modelstest.WebhookURL)) // of one host with the notice
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	good := w.NewCallback()
	service, m := w.ServiceOn(func(db *callback.Ports) {
		db.InDeliveryTx = modelstest.Through(db.InDeliveryTx, func(tx callback.DeliveryTx) callback.DeliveryTx {
			return noSSO{tx}
		})
	}), w.Monitor
	claimed, _, _, err := service.Deliveries.Claim(
		t.Context(), append(modelstest.Limit(w.Lane(modelstest.WebhookHost), 10), modelstest.Limit(good.Lane, 10)...),
	)
	modelstest.NoError(t, err)
	if len(claimed) != 1 || claimed[0].Callback.ID != good.ID || m.Panics("claim") != 1 {
		t.Errorf("claimed %v", claimed)
	}
	if n := w.Notices()[0]; n.Status != callback.StatusPending || n.UnreadableSince == nil {
		t.Errorf("the notice is %+v", n)
	}
}
