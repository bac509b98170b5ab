package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// addWork adds a schedule, and a run that has ended with all that is its.
func (e *estate) addWork(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	e.work = newWork(t, s, e.customer)
	e.batch = e.work.newBatches(t, s, 1)[0]
	modelstest.NoError(
		t,
		s.CreateBatchAttempts(ctx, []*run.BatchAttempt{{UID: e.batch.UID, BatchID: e.batch.ID, Number: 1, StartedAt: start}}),
	)
	endBatch(
		t, s, e.work.claim(t, s, 1)[0], run.Succeeded, func(b *run.Batch) { b.Results, b.ResultCount = []byte("[1]"), 1 },
	)
	e.schedule = &run.Schedule{
		UID: e.batch.UID, AccountID: e.account.ID, ProjectID: e.project.ID, At: &start, Timezone: "UTC",
		Status:    run.ScheduleActive,
		NextRunAt: &start, CreatedAt: start,
	}
	modelstest.NoError(t, s.CreateSchedule(ctx, e.schedule))
	scheduled := *e.work.run
	scheduled.UID, scheduled.ScheduleID, scheduled.Status = newUID(), &e.schedule.ID, run.Scheduled
	modelstest.NoError(t, s.CreateRuns(ctx, &scheduled))
	e.logged = newCallback(t, s, e.customer, start, func(c *callback.Callback) {
		c.Source = callback.Source{Of: e.work.run.ObjectID(), Part: models.ObjectID{Type: run.TypeBatch, Raw: e.batch.ID}}
	})
}

// pageAndCount adds what a page and the count of it say.
func pageAndCount[T any](
	id int64, pages map[int64]*models.PageOf[T], counts map[int64]int, errs ...error,
) (int, error) {
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return len(pages[id].Nodes) + counts[id], nil
}

var readsOfWork = map[string]scopedRead{
	"Actions": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Actions(ctx, scope, e.work.action.ID)
		return len(found), err
	},
	"ActionByName": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.ActionByName(ctx, scope, e.account.ID, e.work.action.Name)
		return 1, err
	},
	"ActionPages and CountActions": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		ids := []int64{e.account.ID}
		pages, err := s.ActionPages(ctx, scope, ids, models.Page{First: 10})
		counts, err2 := s.CountActions(ctx, scope, ids)
		return pageAndCount(ids[0], pages, counts, err, err2)
	},
	"Schedules": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Schedules(ctx, scope, e.schedule.ID)
		return len(found), err
	},
	"SchedulePages and CountSchedules": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		ids := []int64{e.project.ID}
		pages, err := s.SchedulePages(ctx, scope, ids, models.Page{First: 10})
		counts, err2 := s.CountSchedules(ctx, scope, ids)
		return pageAndCount(ids[0], pages, counts, err, err2)
	},
	"Runs": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Runs(ctx, scope, e.work.run.ID)
		return len(found), err
	},
	"RunByUID": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.RunByUID(ctx, scope, e.work.run.UID)
		return 1, err
	},
	"LogEntries": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.LogEntries(ctx, scope, run.LogQuery{ProjectID: e.project.ID, Limit: 10})
		return len(found), err
	},
	"LogEntry": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.LogEntry(ctx, scope, e.project.ID, e.logged.UID)
		return 1, err
	},
	"RunPages and CountRuns by project":  runPages(run.OfProject, func(e *estate) int64 { return e.project.ID }),
	"RunPages and CountRuns by schedule": runPages(run.OfSchedule, func(e *estate) int64 { return e.schedule.ID }),
	"Batches": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Batches(ctx, scope, e.batch.ID)
		return len(found), err
	},
	"BatchPages and CountBatches": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		ids := []int64{e.work.run.ID}
		pages, err := s.BatchPages(ctx, scope, ids, models.Page{First: 10})
		counts, err2 := s.CountBatches(ctx, scope, ids)
		return pageAndCount(ids[0], pages, counts, err, err2)
	},
	"BatchAttempts": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.BatchAttempts(ctx, scope, e.batch.ID)
		return len(found), err
	},
	"BatchesWithResults": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.BatchesWithResults(ctx, scope, []int64{e.work.run.ID}, 0, 10)
		return len(found), err
	},
	"Texts of results":     texts(models.ResultsText, func(e *estate) int64 { return e.batch.ID }),
	"Texts of inputs":      texts(models.RunInputText, func(e *estate) int64 { return e.work.input.ID }),
	"Texts of custom data": texts(models.CustomDataText, func(e *estate) int64 { return e.work.input.ID }),
}

func runPages(owner run.Parent, id func(*estate) int64) scopedRead {
	return func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		ids := []int64{id(e)}
		pages, err := s.RunPages(ctx, scope, owner, ids, run.Filter{}, models.Page{First: 10})
		counts, err2 := s.CountRuns(ctx, scope, owner, ids, run.Filter{})
		return pageAndCount(ids[0], pages, counts, err, err2)
	}
}

func TestPagesOfWorkAreOneStatementEach(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	s := storetest.Open(t, store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	a, b := newEstate(t, s, "a"), newEstate(t, s, "b")
	page := models.Page{First: 10}
	accounts, projects := []int64{a.account.ID, b.account.ID}, []int64{a.project.ID, b.project.ID}
	for name, read := range map[string]func() (int, error){
		"ActionPages": func() (int, error) {
			pages, err := s.ActionPages(t.Context(), everything(), accounts, page)
			return len(pages[accounts[0]].Nodes) + len(pages[accounts[1]].Nodes), err
		},
		"RunPages": func() (int, error) {
			pages, err := s.RunPages(
				t.Context(), everything(), run.OfSchedule, []int64{a.schedule.ID, b.schedule.ID}, run.Filter{}, page,
			)
			return len(pages[a.schedule.ID].Nodes) + len(pages[b.schedule.ID].Nodes), err
		},
		"BatchPages": func() (int, error) {
			pages, err := s.BatchPages(t.Context(), everything(), []int64{a.work.run.ID, b.work.run.ID}, page)
			return len(pages[a.work.run.ID].Nodes) + len(pages[b.work.run.ID].Nodes), err
		},
		"JobPages": func() (int, error) {
			pages, err := s.JobPages(t.Context(), everything(), projects, job.Filter{}, page)
			return len(pages[projects[0]].Nodes) + len(pages[projects[1]].Nodes), err
		},
		"BatchesWithResults": func() (int, error) {
			found, err := s.BatchesWithResults(t.Context(), everything(), []int64{a.work.run.ID}, 0, 10)
			return len(found) + 1, err
		},
	} {
		before := statements.Load()
		n, err := read()
		modelstest.NoError(t, err)
		if got := statements.Load() - before; got != 1 || n != 2 {
			t.Errorf("%s: %d rows in %d statements", name, n, got)
		}
	}
}
