package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
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
		pages, err := s.BulkReplayPages(ctx, scope, callback.OfAccount, []int64{e.account.ID}, nil, models.Page{First: 100})
		if err != nil || len(pages[e.account.ID].Nodes) == 0 {
			return 0, err
		}
		pages, err = s.BulkReplayPages(ctx, scope, callback.OfProject, []int64{e.project.ID}, &e.bulk.DryRun, models.Page{First: 100})
		return len(pages[e.project.ID].Nodes), err
	},
	"CountBulkReplays": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountBulkReplays(ctx, scope, callback.OfProject, []int64{e.project.ID}, &e.bulk.DryRun)
		return counts[e.project.ID], err
	},
}

func TestBulkReplaysAreFoundThroughTheIndexesOfTheirOwners(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	var asked string
	s := storetest.OpenNew(
		t, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) { asked = statement }),
	)
	for owner, index := range map[callback.Parent]string{
		callback.OfProject: "bulk_replays_project_id_created_at_id_key", callback.OfAccount: "bulk_replays_account_id_created_at_id_key",
		callback.OfSSOClient: "bulk_replays_sso_client",
	} {
		for _, dryRun := range []*bool{nil, new(false)} {
			_, err := s.BulkReplayPages(t.Context(), models.PlatformActor().Scope(models.RoleViewer), owner, []int64{1}, dryRun, models.Page{First: 10})
			modelstest.NoError(t, err)
			w := ways{indexes: map[string]bool{}, all: true}
			if w.add(explain(t, s, asked), false); len(w.indexes) != 1 || !w.indexes[index] {
				t.Errorf("of a %s through %v, want %s", owner, w.indexes, index)
			}
		}
	}
}
