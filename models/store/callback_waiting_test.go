package store_test

import (
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// fillWaiting makes callbacks of a customer that wait, as the one that is given does.
func fillWaiting(t *testing.T, s *store.Store, pattern int64, count int) {
	t.Helper()
	uid := "lower(hex(randomblob(16)))"
	if storetest.OnPostgres() {
		uid = "gen_random_uuid()"
	}
	modelstest.NoError(t, s.DB().Exec(`INSERT INTO callbacks (uid, ref, event, status, target, target_url, target_host, lane, content_type, body,
			account_id, project_id, crawl_id, dedup_key, attempt_count, failure_count, next_attempt_at, created_at)
		WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < ?)
		SELECT `+uid+`, ref, event, status, target, target_url, target_host, lane, content_type, body, account_id, project_id, crawl_id,
			'made:' || id || ':' || i, 0, 0, next_attempt_at + i, created_at + i
		FROM callbacks CROSS JOIN series WHERE id = ?`, count, pattern).Error)
}

// However many wait, and however many have ended.
func TestCountingWhatMovesReadsNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	s := storetest.OpenNew(t)
	n := newCustomer(t, s, "a")
	const look, most = 200, 101
	fill(t, s, n, 5_000)
	fillWaiting(t, s, newCallback(t, s, n, start).ID, 5_000)
	for _, of := range []tenant.CallbackOwner{{ProjectID: n.project.ID}, {AccountID: n.account.ID}} {
		got, err := s.CountWaiting(t.Context(), of, look, most)
		modelstest.NoError(t, err)
		want := most
		if of.AccountID != 0 && n.project.Callback.URL != nil {
			want = 0
		}
		if got != want {
			t.Errorf("%+v: counted %d, want %d", of, got, want)
		}
		if !storetest.OnPostgres() {
			continue
		}
		for _, statistics := range []string{"none", "of these rows"} {
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				rows, ways := analyze(t, s, mode, s.QueryWaiting(t.Context(), of, look, most)).read("callbacks")
				if rows > look || len(ways) > 0 {
					t.Errorf("%+v, statistics: %s, %s: read %d callbacks; %v", of, statistics, mode, rows, ways)
				}
			}
			modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
		}
	}
}
