package models_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// lostStore is the same database, and seals with a key that the world's has not.
func lostStore(w *modelstest.World) *store.Store {
	w.T.Helper()
	return storetest.OpenWithKey(w.T, w.DatabaseURL, bytes.Repeat([]byte{99}, store.KeyBytes))
}

// lostKey are the use-cases of tenants on it.
func lostKey(w *modelstest.World) *models.Tenants {
	w.T.Helper()
	return w.TenantsOn(lostStore(w))
}

var secretHeader = models.Given([]models.Header{{Key: "Authorization", Value: "Bearer opensesame"}})

// lose seals the headers of a project with a lost key.
func lose(w *modelstest.World, p *models.Project) {
	w.T.Helper()
	setHeaders(w, lostKey(w), p)
}

func setHeaders(w *modelstest.World, s *models.Tenants, p *models.Project) {
	w.T.Helper()
	_, err := s.UpdateProject(w.T.Context(), w.Platform, models.ProjectUpdate{
		ProjectID: p.ID, Callback: models.EndpointUpdate{Headers: secretHeader},
	})
	modelstest.NoError(w.T, err)
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
	for name, lose := range map[string]func(w *modelstest.World, lost *models.Tenants) error{
		"its project's headers": func(w *modelstest.World, lost *models.Tenants) error {
			setHeaders(w, lost, w.Shop)
			return nil
		},
		"a signing secret": func(w *modelstest.World, lost *models.Tenants) error {
			_, _, err := lost.RotateSigningSecret(w.T.Context(), w.Platform, w.Shop.ID, time.Hour)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			m := w.Monitor
			other := w.NewProject(w.Acme, new(modelstest.ProjectURL))
			bad, good := w.NewCallback(), w.NewCallbackOf(other, 7)
			modelstest.NoError(t, lose(w, lostKey(w)))

			claimed, movedTo, _, err := w.Claim(t.Context(), append(modelstest.Limit(w.Lane(modelstest.ProjectHost), 10), modelstest.Limit(modelstest.LaneOf(other, modelstest.ProjectHost), 10)...))
			modelstest.NoError(t, err)
			if len(claimed) != 1 || claimed[0].Callback.ID != good.ID || len(movedTo) != 0 {
				t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
			}
			w.MustSettle(claimed[0], modelstest.Answered(200))
			modelstest.WantStatus(t, w.ReadCallback(good.ID), models.StatusSuccess)
			for i, delay := range putOffs() {
				c := w.ReadCallback(bad.ID)
				if c.Status != models.StatusPending || c.AttemptCount != 0 || c.NextAttemptAt.Sub(w.Clock.Now()) != delay {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, c, delay)
				}
				modelstest.WantFitting(t, c)
				w.Clock.Advance(delay)
				claimed, _, _, err = w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 10))
				modelstest.NoError(t, err)
			}
			d := modelstest.DeliveryOf(claimed, bad.ID)
			if d == nil || d.Refusal() == nil || d.Refusal().Code != models.InternalError {
				t.Fatalf("after a day %v was claimed", claimed)
			}
			w.MustSettle(d, models.Outcome{Error: d.Refusal()})
			c := w.ReadCallback(bad.ID)
			modelstest.WantStatus(t, c, models.StatusFailed)
			if c.Error.Code != models.InternalError || c.FailureCount != 0 || len(w.Attempts(c.ID)) != 1 || len(w.Notices()) != 0 {
				t.Errorf("it ended as %+v, with %d attempts and %d notices", c, len(w.Attempts(c.ID)), len(w.Notices()))
			}
			if got := m.UnreadableOf("callback"); got != len(putOffs())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}

func TestUnreadableCallbackLeavesAsSoonAsItIsMended(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	lose(w, w.Shop)
	for range 5 {
		w.ClaimLane(w.Lane(modelstest.ProjectHost), 1)
		w.Clock.Advance(w.ReadCallback(c.ID).NextAttemptAt.Sub(w.Clock.Now()))
	}
	setHeaders(w, w.Tenants, w.Shop)
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.UnreadableSince != nil || c.FailureCount != 1 {
		t.Errorf("got %+v", c)
	}
}

func TestAccountsUnreadableHeadersDoNotStopAProjectWithAURLOfItsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	_, err := lostKey(w).UpdateAccount(t.Context(), w.Platform, models.AccountUpdate{
		AccountID: w.Acme.ID, Callback: models.EndpointUpdate{URL: models.Given(new(modelstest.AccountURL)), Headers: secretHeader},
	})
	modelstest.NoError(t, err)
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
	plain := w.NewCallbackOf(w.NewProject(w.Acme, nil), 7) // which goes to the account's URL
	if got := w.ClaimLane(plain.Lane, 10); len(got) != 0 {
		t.Errorf("sent without the account's headers: %v", got)
	}
}

func TestUpdateThatSetsNoHeadersKeepsThoseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lost := lostKey(w)
	setHeaders(w, lost, w.Shop)
	_, err := w.UpdateProject(t.Context(), w.Admin, models.ProjectUpdate{ProjectID: w.Shop.ID, Name: models.Given(new("New name"))})
	modelstest.NoError(t, err)
	p, err := lost.Project(t.Context(), w.Platform, w.Shop.ID)
	modelstest.NoError(t, err)
	if diff := cmp.Diff(secretHeader.Value, p.Callback.Headers); diff != "" || p.Name != "New name" {
		t.Errorf("named %q; %s", p.Name, diff)
	}
}

func TestCrawlsEndIsAcceptedAlthoughItsCallbackCannotBeSentNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lose(w, w.Shop)
	w.Queue.Room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(7))
	modelstest.NoError(t, err)
	if c == nil || len(w.Queue.Started()) != 0 || w.Queue.Room != 5 || w.Queue.Open() != 0 {
		t.Fatalf("the callback %v; %d started, room for %d", c, len(w.Queue.Started()), w.Queue.Room)
	}
	if got := w.Queue.Take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	w.ClaimLane(w.Lane(modelstest.ProjectHost), 1)
	if c = w.ReadCallback(c.ID); c.UnreadableSince == nil || c.Status != models.StatusPending {
		t.Errorf("got %+v", c)
	}
}

func TestDirectStartWithAnUnreadableSecretIsPutOff(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, _, err := lostKey(w).RotateSigningSecret(t.Context(), w.Platform, w.Shop.ID, time.Hour)
	modelstest.NoError(t, err)
	w.Queue.Room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(7))
	modelstest.NoError(t, err)
	if len(w.Queue.Started()) != 0 || w.Queue.Room != 5 || w.Queue.Open() != 0 {
		t.Errorf("%d started, room for %d", len(w.Queue.Started()), w.Queue.Room)
	}
	if c = w.ReadCallback(c.ID); c.UnreadableSince == nil || c.Status != models.StatusPending || c.AttemptCount != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestNoticeToAPartnerThatCannotBeReadKeepsNoAttemptFromBeingRecorded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := lostKey(w).UpdateSSOClient(t.Context(), w.Platform, models.SSOClientUpdate{
		SSOClientID: w.Partner.ID, Webhook: models.EndpointUpdate{Headers: secretHeader},
	})
	modelstest.NoError(t, err)
	c := w.NewCallback()
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.FailureCount != 1 || len(w.Notices()) != 1 {
		t.Fatalf("got %+v and %d notices", c, len(w.Notices()))
	}
	w.ClaimLane(w.Lane(modelstest.WebhookHost), 1)
	if n := w.Notices()[0]; n.Status != models.StatusPending || n.NextAttemptAt.Sub(w.Clock.Now()) != time.Minute {
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
	w := modelstest.NewWorld(t)
	service, m := w.ServiceOn(without{w.Store}), w.Monitor
	c := w.NewCallback()
	modelstest.NoError(t, service.Settle(t.Context(), service.Decide(w.MustClaim(c.ID), modelstest.Answered(500))))
	if c = w.ReadCallback(c.ID); c.FailureCount != 1 || len(w.Notices()) != 0 || m.UnreadableOf("notice") != 1 {
		t.Errorf("got %+v, %d notices, counted %d", c, len(w.Notices()), m.UnreadableOf("notice"))
	}
}

func TestUnreadableBatchIsPutOffAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	m := w.Monitor
	a := w.NewAction()
	in := w.RunInput()
	in.Callback = &models.NewRunCallback{URL: modelstest.RunURL, On: models.CallbackOnAll, Headers: secretHeader.Value}
	bad, err := w.ServiceOn(lostStore(w)).CreateRun(t.Context(), w.Editor, in)
	modelstest.NoError(t, err)
	good := w.NewRun()
	claimed, movedTo, _, err := w.ClaimBatches(t.Context(), modelstest.Limit(a.Lane(), 10))
	modelstest.NoError(t, err)
	if len(claimed) != 1 || claimed[0].Run.ID != good.ID || len(movedTo) != 0 {
		t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
	}
	w.MustRecordBatch(claimed[0], modelstest.Results(1, false))
	var refused *models.Execution
	for i, delay := range putOffs() {
		b := w.BatchesOf(bad.ID)[0]
		if b.Status != models.RunQueued || b.AttemptCount != 0 || b.NextAttemptAt.Sub(w.Clock.Now()) != delay {
			t.Fatalf("put off %d times: %+v; want it due in %s", i+1, b, delay)
		}
		w.Clock.Advance(delay)
		if claimed := w.MustClaimBatches(a, 10); len(claimed) == 1 {
			refused = claimed[0]
		}
	}
	if refused == nil || refused.Refused == nil || refused.Refused.Code != models.InternalError {
		t.Fatalf("after a day %v was claimed", refused)
	}
	w.MustRecordBatch(refused, models.Outcome{Error: refused.Refused})
	run := w.ReadRun(bad.ID)
	if run.Status != models.RunFailed || run.Error.Label != models.LabelInternalError || run.Error.Scope != models.ScopeRingback {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	// What tells of it has no headers that could be read either, and is put off in turn.
	told := w.CallbacksOfRun(bad.ID, models.RunFinishedEvent)
	if len(told) != 1 || len(w.ClaimLane(told[0].Lane, 10)) != 0 || w.ReadCallback(told[0].ID).UnreadableSince == nil {
		t.Errorf("told by %v", told)
	}
	if got := m.UnreadableOf("batch"); got != len(putOffs())+1 {
		t.Errorf("counted %d", got)
	}
}

func TestBatchesOfAnUnreadableExecutorWaitAndGoOnWhenItIsMended(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun()
	set := models.ActionSettings{Executor: models.EndpointUpdate{Headers: secretHeader}}
	_, err := w.ServiceOn(lostStore(w)).UpdateAction(t.Context(), w.Platform, a.ID, set)
	modelstest.NoError(t, err)
	if got := w.MustClaimBatches(a, 10); len(got) != 0 {
		t.Fatalf("called without its headers: %v", got)
	}
	_, err = w.UpdateAction(t.Context(), w.Platform, a.ID, set)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Minute)
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(1, false) })
	if got := w.ReadRun(run.ID); got.Status != models.RunSucceeded {
		t.Errorf("the run is %s", got.Status)
	}
}

func TestScheduleThatCannotBeFiredIsPutOffAndTheOthersFire(t *testing.T) {
	t.Parallel()
	hourly := func(in *models.NewRun) { in.Schedule = &models.NewSchedule{Cron: new("0 * * * *")} }
	for name, c := range map[string]struct {
		bad  func(w *modelstest.World) int64 // the schedule
		runs []models.RunStatus              // at its end
	}{
		"headers under a lost key": {func(w *modelstest.World) int64 {
			in := w.RunInput()
			hourly(&in)
			in.Callback = &models.NewRunCallback{URL: modelstest.RunURL, On: models.CallbackOnAll, Headers: secretHeader.Value}
			run, err := w.ServiceOn(lostStore(w)).CreateRun(w.T.Context(), w.Editor, in)
			modelstest.NoError(w.T, err)
			return *run.ScheduleID
		}, []models.RunStatus{models.RunInvalid}},
		"its run was deleted": {func(w *modelstest.World) int64 {
			run := w.NewRun(hourly)
			w.SQL("DELETE FROM run_inputs WHERE run_id = " + run.RawID())
			w.SQL("DELETE FROM runs WHERE id = " + run.RawID())
			return *run.ScheduleID
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			m := w.Monitor
			w.NewAction()
			id := c.bad(w)
			w.Clock.Advance(time.Second)
			w.Hourly()
			w.Hourly()
			w.Clock.Advance(w.ReadSchedule(id).NextRunAt.Sub(w.Clock.Now()))
			if fired := w.MustFire(); fired != 2 {
				t.Fatalf("%d of the others fired", fired)
			}
			for i, delay := range putOffs() {
				s := w.ReadSchedule(id)
				if s.Status != models.ScheduleActive || s.NextRunAt.Sub(w.Clock.Now()) != delay || s.LastRunAt != nil {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, s, delay)
				}
				w.Clock.Advance(delay)
				w.MustFire()
			}
			s := w.ReadSchedule(id)
			if s.Status != models.ScheduleCancelled {
				t.Errorf("after a day the schedule is %s", s.Status)
			}
			modelstest.WantRuns(t, w.RunsOf(s), c.runs...)
			for _, run := range w.RunsOf(s) {
				if run.Error.Label != models.LabelInternalError {
					t.Errorf("the run says %+v", run.Error)
				}
			}
			if got := m.UnreadableOf("schedule"); got != len(putOffs())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}
