package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// noticesOf lists the notices to the SSO client of a customer.
func noticesOf(t *testing.T, s *store.Store, scope models.Scope, n *customer) []int64 {
	t.Helper()
	id := *n.account.SSOClientID
	pages, err := s.CallbackPages(t.Context(), scope, callback.OfSSOClient, []int64{id}, callback.Filter{}, models.Page{First: 100})
	modelstest.NoError(t, err)
	if pages[id] == nil {
		return nil
	}
	return ids(pages[id].Nodes)
}

func newNotice(t *testing.T, s *store.Store, n *customer) int64 {
	t.Helper()
	return newCallback(t, s, n, start, func(c *callback.Callback) { c.Target = callback.TargetSSOClient }).ID
}

func TestTheNoticesOfAnSSOClientAreThePlatforms(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newCustomer(t, s, "mine"), newCustomer(t, s, "theirs")
	notice := newNotice(t, s, mine)
	newNotice(t, s, theirs)
	newCallback(t, s, mine, start)
	if got := noticesOf(t, s, everything(), mine); !slices.Equal(got, []int64{notice}) {
		t.Errorf("got %v, want %d", got, notice)
	}
	for name, scope := range map[string]models.Scope{"its own customer": mine.scope(), "another": theirs.scope(), "nobody": {}} {
		if got := noticesOf(t, s, scope, mine); len(got) > 0 {
			t.Errorf("%s sees %v", name, got)
		}
	}
}

// Those of before the column, and those that the release before inserts while this one is there.
func TestNoticesOfTheReleaseBeforeAreListed(t *testing.T) {
	t.Parallel()
	s := storetest.OpenURL(t, storetest.URL(t))
	modelstest.NoError(t, s.MigrateTo(t.Context(), 46))
	insert := func(id int64, target string) {
		t.Helper()
		modelstest.NoError(t, s.DB().Exec(`INSERT INTO callbacks (id, uid, ref, event, status, target, target_host, content_type, body, account_id,
				project_id, dedup_key, attempt_count, failure_count, next_attempt_at, created_at)
			VALUES (?, ?, ?, 'CALLBACK_FAILED', 'PENDING', ?, '', 'text/plain', 'body', 1, 1, ?, 0, 0, 1, ?)`,
			id, newUID(), newUID(), target, newUID().String(), id).Error)
	}
	for _, statement := range []string{
		"INSERT INTO sso_clients (id, name, created_at, updated_at) VALUES (1, 'Partner', 1, 1)",
		"INSERT INTO accounts (id, name, timezone, sso_client_id, created_at, updated_at) VALUES (1, 'Acme', 'UTC', 1, 1, 1)",
		"INSERT INTO projects (id, account_id, name, primary_domain, created_at, updated_at) VALUES (1, 1, 'Shop', 'a.example', 1, 1)",
	} {
		modelstest.NoError(t, s.DB().Exec(statement).Error)
	}
	insert(1, "SSO_CLIENT")
	insert(2, "CONFIGURED")
	insert(30_000, "SSO_CLIENT") // in a later part
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	insert(30_001, "SSO_CLIENT")
	pages, err := s.CallbackPages(
		t.Context(), everything(), callback.OfSSOClient, []int64{1}, callback.Filter{CreatedAfter: new(time.UnixMicro(0))}, models.Page{First: 9},
	)
	modelstest.NoError(t, err)
	if got := ids(pages[1].Nodes); !slices.Equal(got, []int64{30_001, 30_000, 1}) {
		t.Errorf("got %v", got)
	}
}
