package store_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// copies multiplies the rows of a table that meet a condition: each of its columns is as it was, but for those that
// are named.
func copies(t *testing.T, s *store.Store, table, where string, count int, changed map[string]string) {
	t.Helper()
	var columns []string
	modelstest.NoError(t, s.DB().Raw("SELECT column_name FROM information_schema.columns WHERE table_name = ? AND "+
		"column_name <> 'id' AND is_generated = 'NEVER'", table).Scan(&columns).Error)
	values := slices.Clone(columns)
	for i, c := range columns {
		if value, ok := changed[c]; ok {
			values[i] = value
		}
	}
	modelstest.NoError(t, s.DB().Exec("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") SELECT "+
		strings.Join(values, ", ")+" FROM "+table+" CROSS JOIN generate_series(1, ?) AS i WHERE "+where, count).Error)
}

// skew gives nearly all rows to the estate, beside many accounts that have one of each or none.
func skew(t *testing.T, s *store.Store, e *estate) {
	t.Helper()
	const others, rows = 500, 4000
	for range 3 {
		newEstate(t, s, newUID().String())
	}
	later := map[string]string{"created_at": "created_at + i"}
	with := func(changed map[string]string) map[string]string { maps.Copy(changed, later); return changed }
	uid := "gen_random_uuid()"
	copies(t, s, "accounts", "id = "+e.account.RawID(), others, with(map[string]string{"partner_account_id": "NULL"}))
	copies(t, s, "projects", "id = "+e.project.RawID(), others, later)
	copies(t, s, "crawls", "project_id = "+e.project.RawID(), rows, later)
	copies(t, s, "runs", "project_id = "+e.project.RawID(), rows/2, with(map[string]string{"uid": uid}))
	copies(t, s, "jobs", "project_id = "+e.project.RawID(), rows, with(map[string]string{"uuid": uid}))
	copies(t, s, "schedules", "project_id = "+e.project.RawID(), 200, with(map[string]string{"uid": uid}))
	copies(t, s, "run_batches", "project_id = "+e.project.RawID(), rows, with(map[string]string{"uid": uid, "page": "page + i"}))
	copies(t, s, "batch_attempts", "true", 20, map[string]string{"uid": uid, "number": "number + i"})
	fill(t, s, e.customer, rows)
	ended := map[string]string{
		"uid": uid, "ref": uid, "dedup_key": uid + "::text", "status": "'SUCCESS'", "http_status": "200",
		"finished_at": "created_at", "next_attempt_at": "NULL", "lease_until": "NULL", "ordering_key": "NULL",
	}
	copies(t, s, "callbacks", "(run_id IS NOT NULL OR job_id IS NOT NULL) AND project_id = "+e.project.RawID(), rows, with(ended))
	copies(t, s, "callback_attempts", "true", rows, map[string]string{"uid": uid, "number": "number + i"})
}

// otherLists are those whose statements no golden file has. That of actions sorts an account's, which are few.
func otherLists() map[string]historyRead {
	page := models.Page{First: 20}
	return map[string]historyRead{
		"projects": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.ProjectPages(ctx, e.scope(), []int64{e.account.ID}, page)
			return err
		},
		"crawls": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CrawlPages(ctx, e.scope(), []int64{e.project.ID}, page)
			return err
		},
		"jobs": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.JobPages(ctx, e.scope(), []int64{e.project.ID}, job.Filter{}, page)
			return err
		},
		"schedules": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.SchedulePages(ctx, e.scope(), []int64{e.project.ID}, page)
			return err
		},
	}
}

// ownIndexes are those of the lists whose statements no golden file has.
var ownIndexes = map[string]string{
	"projects": "projects_page", "crawls": "crawls_project_page", "jobs": "jobs_project_page",
	"schedules": "schedules_project_page",
}

// Where nearly all rows are one owner's, all of a table in another order seem as good to Postgres as the owner's in
// theirs: for that owner, and much worse for the many others. Its plan is for any of them.
func TestListsGoThroughTheirOwnIndexesWhenOneOwnerHasNearlyAllRows(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	var asked []string
	s := storetest.OpenNew(
		t,
		store.WithStatementLog(
			func(_ context.Context, statement string, _ time.Duration) { asked = append(asked, statement) },
		),
	)
	e := newEstate(t, s, "a")
	skew(t, s, e)
	modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	statement := func(key string, read historyRead) string {
		asked = nil
		modelstest.NoError(t, read(t.Context(), s, e))
		if len(asked) != 1 {
			t.Fatalf("%s: %d statements", key, len(asked))
		}
		return asked[0]
	}
	for key, read := range histories() {
		name, _, _ := strings.Cut(key, " ")
		file, err := os.ReadFile(filepath.Join("testdata", "sql", engine(), name+".sql"))
		modelstest.NoError(t, err)
		through, _, _ := strings.Cut(string(file), "\n")
		got := throughLine + strings.Join(indexesOf(t, s, name, statement(key, read)), ", ")
		if name == "answers" { // by their ids
			through = throughLine + "callback_attempts_pkey, callbacks_pkey"
		}
		if got != through {
			t.Errorf("%s: got %q, want %q", key, got, through)
		}
	}
	for name, read := range otherLists() {
		w := ways{indexes: map[string]bool{}, all: true}
		if w.add(explain(t, s, statement(name, read)), false); !w.indexes[ownIndexes[name]] || w.sorted {
			t.Errorf("%s: through %v, sorted: %t", name, slices.Sorted(maps.Keys(w.indexes)), w.sorted)
		}
	}
}
