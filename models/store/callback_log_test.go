package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// logged is an estate with a run that has called back.
type logged struct {
	*estate
	run      *run.Run
	callback *callback.Callback
}

func newLogged(t *testing.T, s *store.Store, name string) *logged {
	t.Helper()
	ctx := t.Context()
	l := &logged{estate: newEstate(t, s, name)}
	a := &run.Action{
		AccountID: l.account.ID, Name: "extract", Executor: models.Endpoint{URL: new("https://executor.example.com")},
		PageSize: 10, Timeout: time.Second, CreatedAt: start, UpdatedAt: start,
	}
	modelstest.NoError(t, s.CreateAction(ctx, a))
	l.run = &run.Run{
		UID: uuid.Must(uuid.NewV7()), AccountID: l.account.ID, ProjectID: l.project.ID, ActionID: a.ID, Status: run.Queued,
		PageSize: 10, CallbackOn: run.CallbackOnAll, InputCount: 1, CreatedAt: start,
	}
	modelstest.NoError(t, s.CreateRuns(ctx, l.run))
	l.callback = l.calledBack(t, s)
	return l
}

func (l *logged) calledBack(t *testing.T, s *store.Store, changes ...func(*callback.Callback)) *callback.Callback {
	t.Helper()
	return newCallback(
		t, s, l.customer, start, append(changes, func(c *callback.Callback) { c.Source.Of = l.run.ObjectID() })...,
	)
}

// finishedAttempt writes an attempt with what came of it.
func finishedAttempt(
	t *testing.T, s *store.Store, c *callback.Callback, number int, code callback.AttemptErrorCode,
) *callback.Attempt {
	t.Helper()
	a := newAttempt(t, s, c, number)
	a.FinishedAt, a.ResponseBody = new(start.Add(time.Second)), []byte("answer")
	if code != "" {
		a.Error = &callback.AttemptError{Code: code, Message: "because"}
	}
	modelstest.NoError(t, s.FinishAttempts(t.Context(), a))
	return a
}

func TestTheCallbackLogStaysWithinItsScope(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newLogged(t, s, "mine"), newLogged(t, s, "theirs")
	finishedAttempt(t, s, mine.callback, 1, "")
	siblingKey := &tenant.ProjectKey{AccountID: mine.account.ID, ProjectID: newProject(t, s, mine.account.ID, start).ID}
	for name, test := range map[string]struct {
		scope   models.Scope
		reaches bool
	}{
		"its owner": {mine.scope(), true}, "the platform": {everything(), true},
		"its key":         {keyScope(mine.key, models.RoleViewer), true},
		"another account": {theirs.scope(), false}, "the zero scope": {models.Scope{}, false},
		"a stranger":                   {(*models.Actor)(nil).Scope(models.RoleViewer), false},
		"the key of a sibling":         {keyScope(siblingKey, models.RoleViewer), false},
		"the key of another account's": {keyScope(theirs.key, models.RoleViewer), false},
	} {
		entries, err := s.LogEntries(
			t.Context(), test.scope, run.LogQuery{ProjectID: mine.project.ID, RunUID: []uuid.UUID{mine.run.UID}, Limit: 10},
		)
		modelstest.NoError(t, err)
		_, err = s.LogEntry(t.Context(), test.scope, mine.project.ID, mine.callback.UID)
		if err != nil && models.ErrorCode(err) != models.CodeNotFound {
			t.Fatal(err)
		}
		attempts, lost := s.LastAttempts(t.Context(), test.scope, mine.callback.ID)
		modelstest.NoError(t, lost)
		if len(entries) == 1 != test.reaches || err == nil != test.reaches || len(attempts) == 1 != test.reaches {
			t.Errorf("%s: %d entries, %v, %d attempts", name, len(entries), err, len(attempts))
		}
	}
	if _, err := s.LogEntry(
		t.Context(), everything(), theirs.project.ID, mine.callback.UID,
	); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("of another project: %v", err)
	}
}

func TestTheLastAttemptIsTheLastThatCameToAnEndOfItsOwn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	l := newLogged(t, s, "a")
	second, fresh := l.calledBack(t, s), l.calledBack(t, s)
	finishedAttempt(t, s, l.callback, 1, callback.Timeout)
	want := finishedAttempt(t, s, l.callback, 2, callback.TLSError)
	finishedAttempt(t, s, l.callback, 3, callback.Interrupted)
	newAttempt(t, s, l.callback, 4) // under way
	arrived := finishedAttempt(t, s, second, 1, "")
	finishedAttempt(t, s, fresh, 1, callback.Interrupted)
	got, err := s.LastAttempts(t.Context(), everything(), l.callback.ID, second.ID, fresh.ID)
	modelstest.NoError(t, err)
	if diff := cmp.Diff(map[int64]*callback.Attempt{l.callback.ID: want, second.ID: arrived}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnEntryHasTheUIDsOfWhatBelongsToIt(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	l := newLogged(t, s, "a")
	modelstest.NoError(t, s.CreateRunInputs(t.Context(), []*run.Input{{RunID: l.run.ID, Number: 1, Input: []byte("{}")}}))
	inputs, err := s.InputsOfRun(t.Context(), l.run.ID, 1)
	modelstest.NoError(t, err)
	b := &run.Batch{
		UID: uuid.Must(uuid.NewV7()), AccountID: l.account.ID, ProjectID: l.project.ID, ActionID: l.run.ActionID,
		RunID:   l.run.ID,
		InputID: inputs[0].ID, Page: 1, Status: run.Queued, NextAttemptAt: &start, CreatedAt: start,
	}
	modelstest.NoError(t, s.CreateBatches(t.Context(), []*run.Batch{b}))
	replay := l.calledBack(t, s, func(c *callback.Callback) {
		c.Source.Part, c.ReplayOfID = models.ObjectID{Type: run.TypeBatch, Raw: b.ID}, &l.callback.ID
	})
	entries, err := s.LogEntries(
		t.Context(), everything(), run.LogQuery{ProjectID: l.project.ID, RunUID: []uuid.UUID{l.run.UID}, Limit: 10},
	)
	modelstest.NoError(t, err)
	type uids struct{ callback, parent, r, batch string }
	text := func(u *uuid.UUID) string {
		if u == nil {
			return ""
		}
		return u.String()
	}
	var got []uids
	for _, e := range entries {
		got = append(got, uids{e.Callback.UID.String(), text(e.ParentUID), e.RunUID.String(), text(e.BatchUID)})
		if e.Callback.Body != nil || e.Callback.TargetHeaders != nil {
			t.Error("what was sent is read for the log")
		}
	}
	want := []uids{
		{replay.UID.String(), l.callback.UID.String(), l.run.UID.String(), b.UID.String()},
		{l.callback.UID.String(), "", l.run.UID.String(), ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(uids{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
