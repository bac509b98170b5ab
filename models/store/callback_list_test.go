package store_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// fill makes ended callbacks of the tenant by SQL, a microsecond apart: of 49, one is FAILED with 410, of 7, one went to
// another host, by two ports, and of 5, one is of a report. In the list of the SSO client they stand as if they were notices.
func fill(t *testing.T, s *store.Store, n *customer, count int) {
	t.Helper()
	uid := "lower(hex(randomblob(16)))"
	if storetest.OnPostgres() {
		uid = "gen_random_uuid()"
	}
	pattern := newCallback(t, s, n, start)
	modelstest.NoError(t, s.DB().Exec(`INSERT INTO callbacks (uid, ref, event, status, target, target_host, content_type, body, account_id, project_id, sso_client_id, crawl_id,
			dedup_key, attempt_count, failure_count, http_status, error_code, created_at, finished_at)
		WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < ?)
		SELECT `+uid+`, ref, CASE WHEN i % 5 = 0 THEN 'REPORT_DOWNLOAD_GENERATED' ELSE 'CRAWL_FINISHED' END,
			CASE WHEN i % 49 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, target,
			CASE WHEN i % 14 = 0 THEN 'rare.example.com:8443' WHEN i % 7 = 0 THEN 'rare.example.com:443' ELSE target_host END, content_type, body, account_id, project_id,
			(SELECT accounts.sso_client_id FROM accounts WHERE accounts.id = account_id), crawl_id,
			'made:' || id || ':' || i, 1, 0, CASE WHEN i % 49 = 0 THEN 410 ELSE 200 END,
			CASE WHEN i % 49 = 0 THEN 'HTTP_STATUS' END, created_at + i, created_at + i
		FROM callbacks CROSS JOIN series WHERE id = ?`, count, pattern.ID).Error)
	modelstest.NoError(t, s.DB().Exec("DELETE FROM callbacks WHERE id = ?", pattern.ID).Error)
}

func TestALongListIsCountedNoFurtherThanOneMoreThanItsBound(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	count := func() (counted [3]int) {
		t.Helper()
		succeeded := callback.Filter{Status: []callback.Status{callback.StatusSuccess, callback.StatusPending}}
		for i, filter := range []callback.Filter{{}, succeeded} {
			counts, err := s.CountCallbacks(t.Context(), n.scope(), callback.OfAccount, []int64{n.account.ID}, filter)
			modelstest.NoError(t, err)
			counted[i] = counts[n.account.ID].N
		}
		counts, err := s.CountCallbacks(t.Context(), n.scope(), crawl.Owner, []int64{n.crawl.ID}, callback.Filter{})
		modelstest.NoError(t, err)
		counted[2] = counts[n.crawl.ID].N
		return counted
	}
	fill(t, s, n, models.MaxCounted)
	failed := models.MaxCounted / 49
	if got, want := count(), [3]int{models.MaxCounted, models.MaxCounted - failed, models.MaxCounted}; got != want {
		t.Errorf("as many as the bound: got %v, want %v", got, want)
	}
	newCallback(t, s, n, start)
	if got, want := count(), [3]int{
		models.MaxCounted + 1, models.MaxCounted - failed + 1, models.MaxCounted + 1,
	}; got != want {
		t.Errorf("one more: got %v, want %v", got, want)
	}
	fill(t, s, n, failed+100)
	if got, want := count(), [3]int{models.MaxCounted + 1, models.MaxCounted + 1, models.MaxCounted + 1}; got != want {
		t.Errorf("many more: got %v, want %v", got, want)
	}
}
