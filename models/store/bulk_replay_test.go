package store_test

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/store"
)

var readsOfBulkReplays = map[string]scopedRead{
	"BulkReplays": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.BulkReplays(ctx, scope, e.bulk.ID)
		return len(found), err
	},
	"LockBulkReplay": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.LockBulkReplay(ctx, scope, e.bulk.ID)
		return 1, err
	},
	"BulkReplayPages": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.BulkReplayPages(ctx, scope, callback.OfAccount, []int64{e.account.ID}, models.Page{First: 100})
		if err != nil || len(pages[e.account.ID].Nodes) == 0 {
			return 0, err
		}
		pages, err = s.BulkReplayPages(ctx, scope, callback.OfProject, []int64{e.project.ID}, models.Page{First: 100})
		return len(pages[e.project.ID].Nodes), err
	},
	"CountBulkReplays": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountBulkReplays(ctx, scope, callback.OfProject, []int64{e.project.ID})
		return counts[e.project.ID], err
	},
}
