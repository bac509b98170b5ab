package models_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// monitor keeps what it is told.
type monitor struct {
	mu                 sync.Mutex
	panics, unreadable map[string]int
}

func (m *monitor) Panicked(where string)  { m.count(&m.panics, where) }
func (m *monitor) Unreadable(kind string) { m.count(&m.unreadable, kind) }

func (m *monitor) count(counts *map[string]int, label string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if *counts == nil {
		*counts = map[string]int{}
	}
	(*counts)[label]++
}

// watch lets the world's service be counted.
func (w *world) watch() *monitor {
	m := &monitor{}
	w.CountTroubles(m)
	return m
}

// lostKey is a service on the same database whose store seals with a key that the world's has not.
func (w *world) lostKey() *models.Service {
	w.t.Helper()
	return w.on(storetest.OpenWithKey(w.t, w.url, bytes.Repeat([]byte{99}, store.KeyBytes)))
}

var secretHeader = models.Given([]models.Header{{Key: "Authorization", Value: "Bearer opensesame"}})

// lose seals the headers of a project with a lost key.
func (w *world) lose(p *models.Project) {
	w.t.Helper()
	w.setHeaders(w.lostKey(), p)
}

func (w *world) setHeaders(s *models.Service, p *models.Project) {
	w.t.Helper()
	_, err := s.UpdateProject(w.t.Context(), w.platform, models.ProjectUpdate{
		ProjectID: p.ID, Callback: models.EndpointUpdate{Headers: secretHeader},
	})
	noError(w.t, err)
}

// raisedFor is raised for another project.
func (w *world) raisedFor(p *models.Project, id int64) *models.Callback {
	w.t.Helper()
	_, c, err := w.FinishCrawl(w.t.Context(), w.platform, crawl.End{
		CrawlID: id, ProjectID: &p.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	noError(w.t, err)
	if c == nil {
		w.t.Fatal("no callback was raised")
	}
	w.queue.take()
	return c
}

// putOffs are the delays of one that cannot be read: for a day, then it is given up.
func putOffs() (delays []time.Duration) {
	total := time.Duration(0)
	for next := time.Minute; total < models.MaxUnreadable; next = min(2*next, time.Hour) {
		delays = append(delays, next)
		total += next
	}
	return delays
}

func TestUnreadableCallbackIsPutOffAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world, lost *models.Service) error{
		"its project's headers": func(w *world, lost *models.Service) error { w.setHeaders(lost, w.project); return nil },
		"a signing secret": func(w *world, lost *models.Service) error {
			_, _, err := lost.RotateSigningSecret(w.t.Context(), w.platform, w.project.ID, time.Hour)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.watch()
			other := w.newProject(w.account, new(projectURL))
			bad, good := w.raised(), w.raisedFor(other, 7)
			noError(t, lose(w, w.lostKey()))

			claimed, movedTo, _, err := w.Claim(t.Context(), append(of(w.lane(projectHost), 10), of(laneOf(other, projectHost), 10)...))
			noError(t, err)
			if len(claimed) != 1 || claimed[0].Callback.ID != good.ID || len(movedTo) != 0 {
				t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
			}
			w.record(claimed[0], answered(200))
			wantStatus(t, w.callback(good.ID), models.StatusSuccess)
			for i, delay := range putOffs() {
				c := w.callback(bad.ID)
				if c.Status != models.StatusPending || c.AttemptCount != 0 || c.NextAttemptAt.Sub(w.clock.now()) != delay {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, c, delay)
				}
				wantFitting(t, c)
				w.clock.advance(delay)
				claimed, _, _, err = w.Claim(t.Context(), of(w.lane(projectHost), 10))
				noError(t, err)
			}
			d := delivery(claimed, bad.ID)
			if d == nil || d.Refusal() == nil || d.Refusal().Code != models.InternalError {
				t.Fatalf("after a day %v was claimed", claimed)
			}
			w.record(d, models.Outcome{Error: d.Refusal()})
			c := w.callback(bad.ID)
			wantStatus(t, c, models.StatusFailed)
			if c.Error.Code != models.InternalError || c.FailureCount != 0 || len(w.attempts(c.ID)) != 1 || len(w.notices()) != 0 {
				t.Errorf("it ended as %+v, with %d attempts and %d notices", c, len(w.attempts(c.ID)), len(w.notices()))
			}
			if got := m.unreadable["callback"]; got != len(putOffs())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}

func TestUnreadableCallbackLeavesAsSoonAsItIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.lose(w.project)
	for range 5 {
		w.claimLane(w.lane(projectHost), 1)
		w.clock.advance(w.callback(c.ID).NextAttemptAt.Sub(w.clock.now()))
	}
	w.setHeaders(w.Service, w.project)
	w.record(w.claim(c.ID), answered(500))
	if c = w.callback(c.ID); c.UnreadableSince != nil || c.FailureCount != 1 {
		t.Errorf("got %+v", c)
	}
}

func TestAccountsUnreadableHeadersDoNotStopAProjectWithAURLOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	_, err := w.lostKey().UpdateAccount(t.Context(), w.platform, models.AccountUpdate{
		AccountID: w.account.ID, Callback: models.EndpointUpdate{URL: models.Given(new(accountURL)), Headers: secretHeader},
	})
	noError(t, err)
	w.record(w.claim(c.ID), answered(200))
	plain := w.raisedFor(w.newProject(w.account, nil), 7) // which goes to the account's URL
	if got := w.claimLane(plain.Lane, 10); len(got) != 0 {
		t.Errorf("sent without the account's headers: %v", got)
	}
}

func TestUpdateThatSetsNoHeadersKeepsThoseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := w.lostKey()
	w.setHeaders(lost, w.project)
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{ProjectID: w.project.ID, Name: models.Given(new("New name"))})
	noError(t, err)
	p, err := lost.Project(t.Context(), w.platform, w.project.ID)
	noError(t, err)
	if diff := cmp.Diff(secretHeader.Value, p.Callback.Headers); diff != "" || p.Name != "New name" {
		t.Errorf("named %q; %s", p.Name, diff)
	}
}

func TestCrawlsEndIsAcceptedAlthoughItsCallbackCannotBeSentNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lose(w.project)
	w.queue.room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(7))
	noError(t, err)
	if c == nil || len(w.queue.started) != 0 || w.queue.room != 5 || w.queue.kept != 0 {
		t.Fatalf("the callback %v; %d started, room for %d", c, len(w.queue.started), w.queue.room)
	}
	if got := w.queue.take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	w.claimLane(w.lane(projectHost), 1)
	if c = w.callback(c.ID); c.UnreadableSince == nil || c.Status != models.StatusPending {
		t.Errorf("got %+v", c)
	}
}

func TestDirectStartWithAnUnreadableSecretIsPutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.lostKey().RotateSigningSecret(t.Context(), w.platform, w.project.ID, time.Hour)
	noError(t, err)
	w.queue.room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(7))
	noError(t, err)
	if len(w.queue.started) != 0 || w.queue.room != 5 || w.queue.kept != 0 {
		t.Errorf("%d started, room for %d", len(w.queue.started), w.queue.room)
	}
	if c = w.callback(c.ID); c.UnreadableSince == nil || c.Status != models.StatusPending || c.AttemptCount != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestNoticeToAPartnerThatCannotBeReadKeepsNoAttemptFromBeingRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.lostKey().UpdateSSOClient(t.Context(), w.platform, models.SSOClientUpdate{
		SSOClientID: w.client.ID, Webhook: models.EndpointUpdate{Headers: secretHeader},
	})
	noError(t, err)
	c := w.raised()
	w.record(w.claim(c.ID), answered(500))
	if c = w.callback(c.ID); c.FailureCount != 1 || len(w.notices()) != 1 {
		t.Fatalf("got %+v and %d notices", c, len(w.notices()))
	}
	w.claimLane(w.lane(webhookHost), 1)
	if n := w.notices()[0]; n.Status != models.StatusPending || n.NextAttemptAt.Sub(w.clock.now()) != time.Minute {
		t.Errorf("the notice is %+v", n)
	}
}

// without is a store from which the users have gone.
type without struct{ models.Store }

func (s without) InTx(ctx context.Context, f func(models.Store) error) error {
	return s.Store.InTx(ctx, func(tx models.Store) error { return f(without{tx}) })
}

func (without) Users(context.Context, ...int64) ([]*models.User, error) { return nil, nil }

func TestCreatorWhoHasGoneKeepsNoAttemptFromBeingRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service, m := w.on(without{w.store}), &monitor{}
	service.CountTroubles(m)
	c := w.raised()
	noError(t, service.Settle(t.Context(), service.Decide(w.claim(c.ID), answered(500))))
	if c = w.callback(c.ID); c.FailureCount != 1 || len(w.notices()) != 0 || m.unreadable["notice"] != 1 {
		t.Errorf("got %+v, %d notices, counted %v", c, len(w.notices()), m.unreadable)
	}
}

func TestUnreadableBatchIsPutOffAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.watch()
	a := w.newAction()
	in := w.aRun()
	in.Callback = &models.NewRunCallback{URL: runURL, On: models.CallbackOnAll, Headers: secretHeader.Value}
	bad, err := w.lostKey().CreateRun(t.Context(), w.editor, in)
	noError(t, err)
	good := w.newRun()
	claimed, movedTo, _, err := w.ClaimBatches(t.Context(), of(a.Lane(), 10))
	noError(t, err)
	if len(claimed) != 1 || claimed[0].Run.ID != good.ID || len(movedTo) != 0 {
		t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
	}
	w.recordBatch(claimed[0], found(1, false))
	var refused *models.Execution
	for i, delay := range putOffs() {
		b := w.batches(bad.ID)[0]
		if b.Status != models.RunQueued || b.AttemptCount != 0 || b.NextAttemptAt.Sub(w.clock.now()) != delay {
			t.Fatalf("put off %d times: %+v; want it due in %s", i+1, b, delay)
		}
		w.clock.advance(delay)
		if claimed := w.claimBatches(a, 10); len(claimed) == 1 {
			refused = claimed[0]
		}
	}
	if refused == nil || refused.Refused == nil || refused.Refused.Code != models.InternalError {
		t.Fatalf("after a day %v was claimed", refused)
	}
	w.recordBatch(refused, models.Outcome{Error: refused.Refused})
	run := w.run(bad.ID)
	if run.Status != models.RunFailed || run.Error.Label != models.LabelInternalError || run.Error.Scope != models.ScopeRingback {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	// What tells of it has no headers that could be read either, and is put off in turn.
	told := w.told(bad.ID, models.RunFinishedEvent)
	if len(told) != 1 || len(w.claimLane(told[0].Lane, 10)) != 0 || w.callback(told[0].ID).UnreadableSince == nil {
		t.Errorf("told by %v", told)
	}
	if got := m.unreadable["batch"]; got != len(putOffs())+1 {
		t.Errorf("counted %d", got)
	}
}

func TestBatchesOfAnUnreadableExecutorWaitAndGoOnWhenItIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	set := models.ActionSettings{Executor: models.EndpointUpdate{Headers: secretHeader}}
	_, err := w.lostKey().UpdateAction(t.Context(), w.platform, a.ID, set)
	noError(t, err)
	if got := w.claimBatches(a, 10); len(got) != 0 {
		t.Fatalf("called without its headers: %v", got)
	}
	_, err = w.UpdateAction(t.Context(), w.platform, a.ID, set)
	noError(t, err)
	w.clock.advance(time.Minute)
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	if got := w.run(run.ID); got.Status != models.RunSucceeded {
		t.Errorf("the run is %s", got.Status)
	}
}

// sql is a statement on the database itself.
func (w *world) sql(statement string, args ...any) {
	w.t.Helper()
	pools, err := w.store.Pools()
	noError(w.t, err)
	_, err = pools["write"].ExecContext(w.t.Context(), statement, args...)
	noError(w.t, err)
}

func TestScheduleThatCannotBeFiredIsPutOffAndTheOthersFire(t *testing.T) {
	t.Parallel()
	hourly := func(in *models.NewRun) { in.Schedule = &models.NewSchedule{Cron: new("0 * * * *")} }
	for name, c := range map[string]struct {
		bad  func(w *world) int64 // the schedule
		runs []models.RunStatus   // at its end
	}{
		"headers under a lost key": {func(w *world) int64 {
			in := w.aRun()
			hourly(&in)
			in.Callback = &models.NewRunCallback{URL: runURL, On: models.CallbackOnAll, Headers: secretHeader.Value}
			run, err := w.lostKey().CreateRun(w.t.Context(), w.editor, in)
			noError(w.t, err)
			return *run.ScheduleID
		}, []models.RunStatus{models.RunInvalid}},
		"its run was deleted": {func(w *world) int64 {
			run := w.newRun(hourly)
			w.sql("DELETE FROM run_inputs WHERE run_id = " + run.RawID())
			w.sql("DELETE FROM runs WHERE id = " + run.RawID())
			return *run.ScheduleID
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.watch()
			w.newAction()
			id := c.bad(w)
			w.clock.advance(time.Second)
			w.hourly()
			w.hourly()
			w.clock.advance(w.schedule(id).NextRunAt.Sub(w.clock.now()))
			if fired := w.fire(); fired != 2 {
				t.Fatalf("%d of the others fired", fired)
			}
			for i, delay := range putOffs() {
				s := w.schedule(id)
				if s.Status != models.ScheduleActive || s.NextRunAt.Sub(w.clock.now()) != delay || s.LastRunAt != nil {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, s, delay)
				}
				w.clock.advance(delay)
				w.fire()
			}
			s := w.schedule(id)
			if s.Status != models.ScheduleCancelled {
				t.Errorf("after a day the schedule is %s", s.Status)
			}
			wantRuns(t, w.runsOf(s), c.runs...)
			for _, run := range w.runsOf(s) {
				if run.Error.Label != models.LabelInternalError {
					t.Errorf("the run says %+v", run.Error)
				}
			}
			if got := m.unreadable["schedule"]; got != len(putOffs())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}
