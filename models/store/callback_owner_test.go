package store_test

import (
	"slices"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// newPartnersAccounts makes accounts of one partner with callbacks, and those of another one, which are more, and newer.
func newPartnersAccounts(t *testing.T, s *store.Store, others int) (own models.Scope, ids func(where, order string) []int64) {
	t.Helper()
	first := newCustomer(t, s, "first")
	client := *first.account.SSOClientID
	for _, name := range []string{"first", "second", "third"} {
		n := first
		if name != "first" {
			n = newCustomer(t, s, name)
			modelstest.NoError(t, s.DB().Exec("UPDATE accounts SET sso_client_id = ? WHERE id = ?", client, n.account.ID).Error)
		}
		fill(t, s, n, 100)
		newCallback(t, s, n, start)
	}
	other := newCustomer(t, s, "other")
	fill(t, s, other, others)
	own = scopeOf(models.KeyScope{SSOClientID: client, Role: models.RoleAdmin}, models.RoleViewer)
	return own, func(where, order string) (found []int64) {
		t.Helper()
		modelstest.NoError(t, s.DB().Raw("SELECT id FROM callbacks WHERE account_id <> ? AND "+where+" ORDER BY "+order, other.account.ID).
			Scan(&found).Error)
		return found
	}
}

// TestAllThatAPartnerSeesIsReadFromItsAccounts, however much is newer of others.
func TestAllThatAPartnerSeesIsReadFromItsAccounts(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	own, ids := newPartnersAccounts(t, s, models.MaxLooked+1)
	for name, test := range map[string]struct {
		filter       callback.Filter
		order        callback.Order
		where, sorts string
	}{
		"all":         {where: "TRUE", sorts: "created_at DESC, id DESC"},
		"the oldest":  {order: callback.Order{Field: callback.ByCreated, Direction: callback.Ascending}, where: "TRUE", sorts: "created_at, id"},
		"failed":      {filter: callback.Filter{Status: []callback.Status{callback.StatusFailed}}, where: "status = 'FAILED'", sorts: "created_at DESC, id DESC"},
		"waiting":     {filter: callback.Filter{Status: []callback.Status{callback.StatusPending}}, where: "status = 'PENDING'", sorts: "created_at DESC, id DESC"},
		"of a report": {filter: callback.Filter{Event: []callback.EventName{callback.ReportDownloadGeneratedEvent}, Status: []callback.Status{callback.StatusSuccess}}, where: "event = 'REPORT_DOWNLOAD_GENERATED' AND status = 'SUCCESS'", sorts: "created_at DESC, id DESC"},
		"as they ended": {
			order: callback.Order{Field: callback.ByFinished}, where: "finished_at IS NOT NULL", sorts: "finished_at DESC, id DESC",
		},
	} {
		want := ids(test.where, test.sorts)
		if len(want) == 0 {
			t.Fatalf("%s: there are none", name)
		}
		test.filter.Sorted = test.order.Field
		var got []int64
		for page := (models.Page{First: 17, Order: test.order.Name()}); ; {
			pages, err := s.CallbackPages(t.Context(), own, callback.OfAll, []int64{0}, test.filter, page)
			modelstest.NoError(t, err)
			p := pages[0]
			if p.SearchedUntil != nil {
				t.Fatalf("%s: searched until %v", name, p.SearchedUntil)
			}
			for _, c := range p.Nodes {
				got = append(got, c.ID)
			}
			if !p.HasNext {
				break
			}
			page.After = new(test.order.Place(p.Nodes[len(p.Nodes)-1]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d, want %d: %v, %v", name, len(got), len(want), got, want)
		}
		last, err := s.CallbackPages(t.Context(), own, callback.OfAll, []int64{0}, test.filter, models.Page{First: 5, FromEnd: true, Order: test.order.Name()})
		modelstest.NoError(t, err)
		if n := len(last[0].Nodes); n != min(5, len(want)) || last[0].Nodes[n-1].ID != want[len(want)-1] {
			t.Errorf("%s: the end is %+v", name, last[0].Nodes)
		}
	}
}

func TestAllThatAPartnerSeesCostsAsMuchAsItsPage(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite says nothing of what it reads")
	}
	s := storetest.OpenNew(t)
	own, _ := newPartnersAccounts(t, s, 5_000)
	const shown = 10
	for _, statistics := range []string{"none", "of these rows"} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			for name, filter := range map[string]callback.Filter{"all": {}, "failed": {Status: []callback.Status{callback.StatusFailed}}} {
				rows, ways := analyze(t, s, mode, s.QueryMerged(t.Context(), own, filter, models.Page{First: shown})).read("callbacks")
				// Of each of the three accounts a page of what has ended and of what has not, from the indexes and then whole.
				if most := 3 * 4 * (shown + 1); rows > most || len(ways) > 0 {
					t.Errorf("%s, statistics: %s, %s: read %d, want at most %d; %v", name, statistics, mode, rows, most, ways)
				}
			}
		}
		modelstest.NoError(t, s.DB().Exec("ANALYZE callbacks, accounts").Error)
	}
}
