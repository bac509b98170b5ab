package store_test

import (
	"context"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
)

var _ = addSourceTest(models.TypeJob, sourceTest{
	create: func(t *testing.T, s *store.Store, e *estate) models.ObjectID {
		t.Helper()
		e.job = &job.Job{
			UUID: newUID(), AccountID: e.account.ID, ProjectID: e.project.ID, State: job.Scheduled, Input: []byte("{}"),
			CreatedAt: start, UpdatedAt: start,
		}
		modelstest.NoError(t, s.CreateJobs(t.Context(), []*job.Job{e.job}))
		return e.job.ObjectID()
	},
	reads: map[string]scopedRead{
		"Texts of job inputs":  texts(models.JobInputText, func(e *estate) int64 { return e.job.ID }),
		"Texts of job outputs": texts(models.JobOutputText, func(e *estate) int64 { return e.job.ID }),
		"Texts of metadata":    texts(models.JobMetadataText, func(e *estate) int64 { return e.job.ID }),
		"Jobs": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
			found, err := s.Jobs(ctx, scope, e.job.ID)
			return len(found), err
		},
		"JobByUUID": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
			_, err := s.JobByUUID(ctx, scope, e.job.UUID)
			return 1, err
		},
		"JobPages and CountJobs": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
			ids := []int64{e.project.ID}
			pages, err := s.JobPages(ctx, scope, ids, job.Filter{}, models.Page{First: 10})
			counts, err2 := s.CountJobs(ctx, scope, ids, job.Filter{})
			return pageAndCount(ids[0], pages, counts, err, err2)
		},
	},
})
