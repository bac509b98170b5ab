package run_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// ringing is a queue that says when it is asked to wake.
type ringing struct {
	*modelstest.Queue
	ring func()
}

func (r ringing) Wake(ctx context.Context, at time.Time, wakeups []callback.Wakeup) error {
	r.ring()
	return r.Queue.Wake(ctx, at, wakeups)
}

// What the first groups begin must not take the database from the groups behind them: workers hear of it once, of all
// lanes.
func TestWorkersAreWokenWhenAllThatIsDueHasFired(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	one := w.NewAction()
	for range 100 { // a group has so many
		w.Hourly()
	}
	another := actionOfTheOther(w)
	w.Clock.Advance(time.Hour)
	var waiting []int
	q := ringing{w.Queue, func() { waiting = append(waiting, dueSchedules(w)) }}
	runs := modelstest.Wiring{Store: w.Store, Queue: q, Rules: w.Rules, Now: w.Clock.Now}.Services()
	if fired, err := runs.Firings.Fire(t.Context()); fired != 101 || err != nil {
		t.Fatalf("%d fired: %v", fired, err)
	}
	if diff := cmp.Diff([]int{0}, waiting); diff != "" {
		t.Errorf("so many were due when the workers were woken (-want +got):\n%s", diff)
	}
	wantWoken(w, one.Lane(), another.Lane())
	if fired, err := runs.Firings.Fire(t.Context()); fired != 0 || err != nil || len(waiting) != 1 {
		t.Errorf("a look in which nothing is due: %d fired, %v, woken %d times", fired, err, len(waiting))
	}
}

func TestWhatALookHasBegunIsWokenAlsoWhereItIsCutOff(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	action := w.NewAction()
	for range 101 {
		w.Hourly()
	}
	w.Clock.Advance(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	ports := w.Store.RunPorts()
	inTx := ports.InFiringTx
	ports.InFiringTx = func(ctx context.Context, f func(run.FiringTx) error) error {
		defer cancel() // after its first transaction the look cannot reach the database any more
		return inTx(ctx, f)
	}
	fired, err := w.RunsOn(w.Service, ports).Firings.Fire(ctx)
	if fired != 100 || !errors.Is(err, context.Canceled) {
		t.Fatalf("%d fired: %v", fired, err)
	}
	wantWoken(w, action.Lane())
	if fired := w.MustFire(); fired != 1 {
		t.Errorf("the next look fires %d", fired)
	}
}

// A look that takes some seconds is not disturbed by the sweep; for the batches of one that takes longer the sweep
// does not wait.
func TestSweepLeavesTheFiringAloneForSomeSeconds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	action := w.NewAction()
	for range 101 {
		w.Hourly()
	}
	w.Clock.Advance(time.Hour)
	ports, transactions := w.Store.RunPorts(), 0
	inTx := ports.InFiringTx
	ports.InFiringTx = func(ctx context.Context, f func(run.FiringTx) error) error {
		if transactions++; transactions != 2 { // the first group has begun
			return inTx(ctx, f)
		}
		for _, step := range []struct {
			after time.Duration
			want  []callback.Lane
		}{{3 * time.Second, nil}, {time.Second, nil}, {time.Second, []callback.Lane{action.Lane()}}} {
			w.Clock.Advance(step.after)
			_, _, err := w.Sweep(t.Context())
			modelstest.NoError(t, err)
			wantWoken(w, step.want...)
		}
		return inTx(ctx, f)
	}
	if fired, err := w.RunsOn(w.Service, ports).Firings.Fire(t.Context()); fired != 101 || err != nil {
		t.Fatalf("%d fired: %v", fired, err)
	}
	wantWoken(w, action.Lane())
	w.Clock.Advance(2 * time.Second)
	_, _, err := w.Sweep(t.Context())
	modelstest.NoError(t, err)
	wantWoken(w, action.Lane()) // it is nobody's yet, and nothing fires
}

// actionOfTheOther makes an action of the other account, and a schedule that fires with the hourly ones.
func actionOfTheOther(w *modelstest.World) *run.Action {
	w.T.Helper()
	action, err := w.CreateAction(w.T.Context(), w.Platform, w.Other.ID, "search", run.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(modelstest.ExecutorURL))},
	})
	modelstest.NoError(w.T, err)
	in := w.RunInput()
	in.ProjectID = w.NewProject(w.Other, nil).ID
	in.Schedule = &run.NewSchedule{Cron: new("0 * * * *")}
	_, err = w.CreateRun(w.T.Context(), w.Outsider, in)
	modelstest.NoError(w.T, err)
	w.Queue.Take()
	return action
}

// dueSchedules counts those whose time has come.
func dueSchedules(w *modelstest.World) (n int) {
	w.T.Helper()
	modelstest.NoError(w.T, w.Store.RunPorts().InFiringTx(w.T.Context(), func(tx run.FiringTx) error {
		due, err := tx.LockDueSchedules(w.T.Context(), w.Clock.Now(), 1_000)
		n = len(due)
		return err
	}))
	return n
}

// wantWoken compares the lanes that were woken since the last time, each of them once.
func wantWoken(w *modelstest.World, want ...callback.Lane) {
	w.T.Helper()
	got := map[callback.Lane]int{}
	for _, wakeup := range w.Queue.Take() {
		got[wakeup.Lane]++
	}
	wanted := map[callback.Lane]int{}
	for _, lane := range want {
		wanted[lane] = 1
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		w.T.Errorf("woken (-want +got):\n%s", diff)
	}
}
