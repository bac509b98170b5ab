package tenant_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

// withMaxProjects bounds how many an account may have.
func withMaxProjects(w *modelstest.World, n int) {
	w.MaxProjects = n
	w.Configure()
}

// Eight callers make more than there may be; so many of them are let, and the others hear how many.
func TestProjectsAreNoMoreThanTheirQuotaWithEightCallersAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	another := tenant.NewProject{AccountID: w.Acme.ID, Name: "P", PrimaryDomain: "a.example"}
	create := func() error {
		_, err := w.CreateProject(t.Context(), w.Editor, another)
		return err
	}
	withMaxProjects(w, 10)
	var created atomic.Int32
	modelstest.AtOnce(8, func(int) {
		for range 3 {
			switch err := create(); {
			case err == nil:
				created.Add(1)
			case models.ErrorCode(err) != models.CodeLimitReached,
				!strings.Contains(err.Error(), "at most 10 (RINGBACK_QUOTA_PROJECTS)"):
				t.Error(err)
			}
		}
	})
	if created.Load() != 9 { // there is one
		t.Errorf("%d are created, want 9", created.Load())
	}
	modelstest.WantError(t, create(), models.CodeLimitReached, "")
	withMaxProjects(w, 0)
	modelstest.NoError(t, create()) // without a quota there is room
}

func TestAnotherAccountHasItsOwnQuota(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withMaxProjects(w, 2)
	w.NewProject(w.Acme, nil)
	another := tenant.NewProject{AccountID: w.Acme.ID, Name: "P", PrimaryDomain: "a.example"}
	_, err := w.CreateProject(t.Context(), w.Editor, another)
	modelstest.WantError(t, err, models.CodeLimitReached, "")
	w.NewProject(w.Other, nil)
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.NewProject(w.Acme, nil) // a deleted one counts no more
}

func TestLeastRecentlyUsedSessionsEnd(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.AccessRules.MaxSessions = 3
	w.Configure()
	start := func() *tenant.Session {
		t.Helper()
		session, err := w.StartSession(t.Context(), w.AdminUser.ID, nil)
		modelstest.NoError(t, err)
		return session
	}
	lives := func(s *tenant.Session) bool {
		_, err := w.AuthenticateSession(t.Context(), s.Token)
		return err == nil
	}
	var sessions []*tenant.Session
	for range 3 {
		sessions = append(sessions, start())
		w.Clock.Advance(time.Minute)
	}
	w.Clock.Advance(time.Hour)
	if !lives(sessions[0]) {
		t.Fatal("three may be")
	}
	w.Clock.Advance(time.Hour)
	sessions = append(sessions, start())
	for i, want := range []bool{true, false, true, true} {
		if got := lives(sessions[i]); got != want {
			t.Errorf("session %d lives: %t", i, got)
		}
	}
	another, err := w.StartSession(t.Context(), w.Viewer.UserID, nil)
	modelstest.NoError(t, err)
	var made [8]*tenant.Session
	modelstest.AtOnce(8, func(i int) {
		var err error
		if made[i], err = w.StartSession(t.Context(), w.AdminUser.ID, nil); err != nil {
			t.Error(err)
		}
	})
	living := 0
	for _, s := range append(sessions, made[:]...) {
		if lives(s) {
			living++
		}
	}
	if living != 3 || !lives(another) {
		t.Errorf("%d live, and another user's: %t", living, lives(another))
	}
}

// countingUpdates counts the updates of a table.
func countingUpdates(n *atomic.Int32, table string) store.Option {
	return store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) {
		if strings.HasPrefix(statement, "UPDATE") && strings.Contains(statement, table) {
			n.Add(1)
		}
	})
}

// A request reads; that its session is used is written once an hour.
func TestUseOfASessionIsWrittenOnceAnHour(t *testing.T) {
	t.Parallel()
	var writes atomic.Int32
	w := modelstest.NewWorld(t, countingUpdates(&writes, "sessions"))
	session, err := w.StartSession(t.Context(), w.AdminUser.ID, nil)
	modelstest.NoError(t, err)
	for range 180 {
		_, err := w.AuthenticateSession(t.Context(), session.Token)
		modelstest.NoError(t, err)
		w.Clock.Advance(time.Minute)
	}
	if got := writes.Load(); got != 2 {
		t.Errorf("%d writes in three hours", got)
	}
}
