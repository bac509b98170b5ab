package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// silent is transactions that end with their contexts alone.
func silent(ctx context.Context, _ func(run.FiringTx) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestFiringThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		clock := models.NewClock(nil, time.Now, log)
		engine := callback.NewService(callback.Ports{}, nil, callback.Rules{}, clock,
			models.NewTroubles(log, nil), log)
		runs := run.NewService(engine, tenant.Queries{}, run.Ports{InFiringTx: silent}, run.Rules{})
		begun := time.Now()
		fired, err := runs.Firings.Fire(t.Context())
		if took := time.Since(begun); fired != 0 || !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
			t.Errorf("%d fired after %s: %v", fired, took, err)
		}
	})
}

func TestTimeThatHasJustPassedIsNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	for _, ago := range []time.Duration{150 * time.Millisecond, 2 * time.Second, time.Minute} {
		schedule, r := w.NewScheduled(run.NewSchedule{At: new(w.Clock.Now().Add(-ago))})
		if !schedule.At.Equal(w.Clock.Now()) || !schedule.NextRunAt.Equal(w.Clock.Now()) {
			t.Errorf("%s ago: %+v", ago, schedule)
		}
		if fired := w.MustFire(); fired != 1 || w.ReadRun(r.ID).Status != run.Queued {
			t.Errorf("%s ago: %d fired, the run is %s", ago, fired, w.ReadRun(r.ID).Status)
		}
	}
}

// Schedules that are due together are fired together: nobody waits for the sweep.
func TestEveryLaneOfAFiringIsWoken(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lanes := map[callback.Lane]bool{}
	for _, name := range []string{"a", "b", "c"} {
		a, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, name, run.ActionSettings{
			Executor: models.EndpointUpdate{URL: models.Given(new(modelstest.ExecutorURL))},
		})
		modelstest.NoError(t, err)
		lanes[a.Lane()] = true
	}
	for _, name := range []string{"a", "b", "c", "c"} {
		w.NewRun(func(in *run.NewRun) { in.Action, in.Schedule = name, &run.NewSchedule{At: new(w.Clock.Now())} })
	}
	if fired := w.MustFire(); fired != 4 {
		t.Fatalf("%d fired", fired)
	}
	woken := w.Queue.Take()
	for _, wakeup := range woken {
		delete(lanes, wakeup.Lane)
	}
	if len(lanes) > 0 || len(woken) != 3 {
		t.Errorf("woken are %+v, and not %+v", woken, lanes)
	}
}

func TestFiringThatOverlapsIsAsTheScheduleSays(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	allow, _ := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	skip, first := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *"), Overlap: run.OverlapSkip})
	if allow.Overlap != run.OverlapAllow || skip.Overlap != run.OverlapSkip {
		t.Fatalf("got %+v and %+v", allow, skip)
	}
	for i, want := range []int{2, 1, 1} { // what is skipped has begun nothing
		w.Clock.Advance(time.Minute)
		if fired := w.MustFire(); fired != want {
			t.Errorf("minute %d: %d fired", i, fired)
		}
	}
	modelstest.WantRuns(t, w.RunsOf(allow), run.Queued, run.Queued, run.Queued, run.Scheduled)
	modelstest.WantRuns(t, w.RunsOf(skip), run.Queued, run.Scheduled)
	if s := w.ReadSchedule(skip.ID); s.Status != run.ScheduleActive ||
		!s.LastRunAt.Equal(modelstest.Start.Add(time.Minute)) ||
		!s.NextRunAt.Equal(w.Clock.Now().Add(time.Minute).Truncate(time.Minute)) {
		t.Errorf("got %+v", s)
	}
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.WantEnded(first.ID, run.Succeeded)
	w.Clock.Advance(time.Minute)
	w.MustFire()
	modelstest.WantRuns(t, w.RunsOf(skip), run.Succeeded, run.Queued, run.Scheduled)
}

// A group brings no more with it than a transaction is to hold; what is over is fired with the next.
func TestGroupOfFiringsIsBounded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	large := json.RawMessage(`{"q":"` + strconv.Itoa(1<<60) + string(slices.Repeat([]byte("x"), 3<<20)) + `"}`)
	var all []*run.Run
	for i := range 130 {
		all = append(all, w.NewRun(func(in *run.NewRun) {
			in.Schedule = &run.NewSchedule{Cron: new("0 * * * *")}
			switch i {
			case 3, 4: // more bytes than a group has
				in.Inputs[0].Input = large
			case 7, 8: // more batches
				in.MaxResults, in.PageSize = new(1_500), new(1)
			}
		}))
	}
	w.Clock.Advance(time.Hour)
	if fired := w.MustFire(); fired != len(all) {
		t.Fatalf("%d fired", fired)
	}
	for _, r := range all {
		if r = w.ReadRun(r.ID); r.Status != run.Queued || r.BatchCount != len(w.BatchesOf(r.ID)) || r.BatchCount == 0 {
			t.Errorf("got %+v", r)
		}
	}
	if claimed := w.MustClaimBatches(a, 5_000); len(claimed) != 126+2*1+2*1_500 {
		t.Errorf("%d batches", len(claimed))
	}
}

// Rules change: the time that was reckoned by older ones is put right, and nothing else is touched.
func TestRulesOfAZoneThatHaveChangedAreReadAtTheStart(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	zone := new("Europe/London")
	changed, _ := w.NewScheduled(run.NewSchedule{Cron: new("0 6 * * *"), Timezone: zone})
	due, _ := w.NewScheduled(run.NewSchedule{Cron: new("0 6 * * *"), Timezone: zone})
	once, _ := w.NewScheduled(run.NewSchedule{At: new(modelstest.Start.Add(24 * time.Hour))})
	same := w.Hourly()
	w.SQL("UPDATE schedules SET next_run_at = next_run_at + 3600000000 WHERE id = " + changed.RawID())
	w.SQL("UPDATE schedules SET next_run_at = " +
		strconv.FormatInt(modelstest.Start.Add(-time.Hour).UnixMicro(), 10) + " WHERE id = " + due.RawID())
	moved, err := w.Firings.Rezone(t.Context())
	modelstest.NoError(t, err)
	for _, s := range []*run.Schedule{changed, once, same} {
		if got := w.ReadSchedule(s.ID); !got.NextRunAt.Equal(*s.NextRunAt) {
			t.Errorf("got %+v, want %+v", got, s)
		}
	}
	if moved != 1 || !w.ReadSchedule(due.ID).NextRunAt.Equal(modelstest.Start.Add(-time.Hour)) {
		t.Errorf("%d moved, what is due: %+v", moved, w.ReadSchedule(due.ID))
	}
}

// refusingBatches is a database that refuses the batches of one run, as a constraint does, for a reason that is in no
// row that is read.
type refusingBatches struct {
	run.FiringTx
	run int64
}

func (r refusingBatches) CreateBatches(ctx context.Context, batches []*run.Batch) error {
	if slices.ContainsFunc(batches, func(b *run.Batch) bool { return b.RunID == r.run }) {
		return errors.New("violates a constraint")
	}
	return r.FiringTx.CreateBatches(ctx, batches)
}

func TestFiringThatTheDatabaseRefusesIsPutOffAndStopsNoOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	bad, r := w.NewScheduled(run.NewSchedule{Cron: new("0 * * * *")})
	w.Hourly()
	w.Hourly()
	ports := w.Store.RunPorts()
	ports.InFiringTx = modelstest.Through(ports.InFiringTx,
		func(tx run.FiringTx) run.FiringTx { return refusingBatches{tx, r.ID} })
	runs := w.RunsOn(w.Service, ports)
	w.Clock.Advance(time.Hour)
	if fired, err := runs.Firings.Fire(t.Context()); fired != 2 || err != nil {
		t.Fatalf("%d of the others fired: %v", fired, err)
	}
	if s := w.ReadSchedule(bad.ID); s.Status != run.ScheduleActive ||
		!s.NextRunAt.Equal(w.Clock.Now().Add(time.Minute)) || s.LastRunAt != nil {
		t.Errorf("it was not put off: %+v", s)
	}
	w.Clock.Advance(time.Minute)
	if fired := w.MustFire(); fired != 1 {
		t.Errorf("when it can be fired again, %d fired", fired)
	}
}

// failingFire panics in one schedule's firing.
type failingFire struct {
	run.FiringTx
	on int64
}

func (s failingFire) LockWaitingRuns(ctx context.Context, ids ...int64) ([]*run.Run, error) {
	if slices.Contains(ids, s.on) {
		panic("this one cannot be fired")
	}
	return s.FiringTx.LockWaitingRuns(ctx, ids...)
}

func TestPanicInAFiringCostsThatFiring(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	bad := w.Hourly()
	w.Clock.Advance(time.Second)
	w.Hourly()
	w.Hourly()
	w.Clock.Advance(time.Hour)
	ports, m := w.Store.RunPorts(), w.Monitor
	ports.InFiringTx = modelstest.Through(ports.InFiringTx,
		func(tx run.FiringTx) run.FiringTx { return failingFire{tx, bad.ID} })
	fired, err := w.RunsOn(w.Service, ports).Firings.Fire(t.Context())
	if fired != 2 || err != nil || m.Panics("firing") != 1 { // alone, not with its group as well
		t.Errorf("fired %d, %v", fired, err)
	}
	if s := w.ReadSchedule(bad.ID); s.NextRunAt.Sub(w.Clock.Now()) != time.Minute {
		t.Errorf("the schedule is %+v", s)
	}
	w.Clock.Advance(time.Minute)
	if w.MustFire() != 1 || w.ReadSchedule(bad.ID).UnreadableSince != nil {
		t.Errorf("it did not fire when it could: %+v", w.ReadSchedule(bad.ID))
	}
}
