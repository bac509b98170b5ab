package models_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// ringing is a queue that says when it is asked to wake.
type ringing struct {
	*queue
	ring func()
}

func (r ringing) Wake(ctx context.Context, at time.Time, wakeups []models.Wakeup) error {
	r.ring()
	return r.queue.Wake(ctx, at, wakeups)
}

// What the first groups begin must not take the database from the groups behind them: workers hear of it once, of all lanes.
func TestWorkersAreWokenWhenAllThatIsDueHasFired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.newAction()
	for range 100 { // a group has so many
		w.hourly()
	}
	another := w.actionOfTheOther()
	w.clock.advance(time.Hour)
	var waiting []int
	q := ringing{w.queue, func() { waiting = append(waiting, w.dueSchedules()) }}
	service := models.NewService(w.store, q, w.rules, slog.New(slog.DiscardHandler)).WithClock(w.clock.now, func() float64 { return 0.5 })
	if fired, err := service.FireSchedules(t.Context()); fired != 101 || err != nil {
		t.Fatalf("%d fired: %v", fired, err)
	}
	if diff := cmp.Diff([]int{0}, waiting); diff != "" {
		t.Errorf("so many were due when the workers were woken (-want +got):\n%s", diff)
	}
	w.wantWoken(one.Lane(), another.Lane())
	if fired, err := service.FireSchedules(t.Context()); fired != 0 || err != nil || len(waiting) != 1 {
		t.Errorf("a look in which nothing is due: %d fired, %v, woken %d times", fired, err, len(waiting))
	}
}

// cutOff is a database that a look cannot reach any more after its first transaction.
type cutOff struct {
	models.Store
	cut context.CancelFunc
}

func (c cutOff) InTx(ctx context.Context, f func(models.Store) error) error {
	defer c.cut()
	return c.Store.InTx(ctx, f)
}

func TestWhatALookHasBegunIsWokenAlsoWhereItIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action := w.newAction()
	for range 101 {
		w.hourly()
	}
	w.clock.advance(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	fired, err := w.on(cutOff{w.store, cancel}).FireSchedules(ctx)
	if fired != 100 || !errors.Is(err, context.Canceled) {
		t.Fatalf("%d fired: %v", fired, err)
	}
	w.wantWoken(action.Lane())
	if fired := w.fire(); fired != 1 {
		t.Errorf("the next look fires %d", fired)
	}
}

// between is a database in which something happens before each transaction.
type between struct {
	models.Store
	happens func()
}

func (b between) InTx(ctx context.Context, f func(models.Store) error) error {
	b.happens()
	return b.Store.InTx(ctx, f)
}

// A look that takes some seconds is not disturbed by the sweep; for the batches of one that takes longer the sweep does not wait.
func TestSweepLeavesTheFiringAloneForSomeSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action := w.newAction()
	for range 101 {
		w.hourly()
	}
	w.clock.advance(time.Hour)
	var look *models.Service
	transactions := 0
	look = w.on(between{w.store, func() {
		if transactions++; transactions != 2 { // the first group has begun
			return
		}
		for _, step := range []struct {
			after time.Duration
			want  []models.Lane
		}{{3 * time.Second, nil}, {time.Second, nil}, {time.Second, []models.Lane{action.Lane()}}} {
			w.clock.advance(step.after)
			_, _, err := look.Sweep(t.Context())
			noError(t, err)
			w.wantWoken(step.want...)
		}
	}})
	if fired, err := look.FireSchedules(t.Context()); fired != 101 || err != nil {
		t.Fatalf("%d fired: %v", fired, err)
	}
	w.wantWoken(action.Lane())
	w.clock.advance(2 * time.Second)
	_, _, err := look.Sweep(t.Context())
	noError(t, err)
	w.wantWoken(action.Lane()) // it is nobody's yet, and nothing fires
}

// actionOfTheOther makes an action of the other account, and a schedule that fires with the hourly ones.
func (w *world) actionOfTheOther() *models.Action {
	w.t.Helper()
	action, err := w.CreateAction(w.t.Context(), w.platform, w.other.ID, "search", models.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(executorURL))},
	})
	noError(w.t, err)
	in := w.aRun()
	in.ProjectID = w.newProject(w.other, nil).ID
	in.Schedule = &models.NewSchedule{Cron: new("0 * * * *")}
	_, err = w.CreateRun(w.t.Context(), w.outsider, in)
	noError(w.t, err)
	w.queue.take()
	return action
}

// dueSchedules counts those whose time has come.
func (w *world) dueSchedules() (n int) {
	w.t.Helper()
	noError(w.t, w.store.InTx(w.t.Context(), func(tx models.Store) error {
		due, err := tx.LockDueSchedules(w.t.Context(), w.clock.now(), 1_000)
		n = len(due)
		return err
	}))
	return n
}

// wantWoken compares the lanes that were woken since the last time, each of them once.
func (w *world) wantWoken(want ...models.Lane) {
	w.t.Helper()
	got := map[models.Lane]int{}
	for _, wakeup := range w.queue.take() {
		got[wakeup.Lane]++
	}
	wanted := map[models.Lane]int{}
	for _, lane := range want {
		wanted[lane] = 1
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		w.t.Errorf("woken (-want +got):\n%s", diff)
	}
}
