package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// scatter makes callbacks of the tenant and of a second project of it in every state that there is, several of each
// moment.
func scatter(t *testing.T, s *store.Store, n *customer, random *rand.Rand, count int) []*callback.Callback {
	t.Helper()
	other := newProject(t, s, n.account.ID, start)
	var made []int64
	for i := range count {
		c := newCallback(t, s, n, start.Add(time.Duration(i/3)*time.Second), func(c *callback.Callback) {
			c.Event = pick(
				random, callback.CrawlFinishedEvent, callback.CrawlFinishedEvent, callback.ReportDownloadGeneratedEvent,
				callback.CallbackFailedEvent,
			)
			if random.IntN(3) == 0 {
				c.ProjectID, c.Source = other.ID, callback.Source{}
			}
		})
		made = append(made, c.ID)
		at := c.CreatedAt.UnixMicro()
		change := map[string]any{"http_status": pick[any](random, nil, 100, 200, 204, 410, 503)}
		switch status := pick(random, callback.Statuses()...); status {
		case callback.StatusRunning:
			change["status"], change["next_attempt_at"], change["lease_until"] = status, nil, at
		case callback.StatusSuccess, callback.StatusFailed:
			change["status"], change["next_attempt_at"], change["finished_at"] = status, nil, at
		}
		modelstest.NoError(t, s.DB().Table("callbacks").Where("id = ?", c.ID).Updates(change).Error)
	}
	callbacks, err := s.Callbacks(t.Context(), everything(), made...)
	modelstest.NoError(t, err)
	return callbacks
}

func pick[T any](random *rand.Rand, among ...T) T { return among[random.IntN(len(among))] }

// meets is what a filter says, callback by callback.
func meets(c *callback.Callback, f callback.Filter) bool {
	return (len(f.Status) == 0 || slices.Contains(f.Status, c.Status)) &&
		(len(f.Event) == 0 || slices.Contains(f.Event, c.Event)) &&
		(f.CreatedAfter == nil || !c.CreatedAt.Before(*f.CreatedAfter)) &&
		(f.CreatedBefore == nil || c.CreatedAt.Before(*f.CreatedBefore)) &&
		(f.HTTPStatus == nil || c.HTTPStatus != nil && *c.HTTPStatus == *f.HTTPStatus)
}

func randomFilter(random *rand.Rand) callback.Filter {
	moment := func() *time.Time {
		return pick(random, nil, nil, new(start.Add(time.Duration(random.IntN(40))*time.Second)))
	}
	some := func(n int) []callback.Status {
		list := []callback.Status{}
		for range n {
			list = append(list, pick(random, callback.Statuses()...)) // also the same twice
		}
		return list
	}
	events := func(n int) []callback.EventName {
		list := []callback.EventName{}
		for range n {
			list = append(list, pick(random, callback.EventNames()...))
		}
		return list
	}
	return callback.Filter{
		Status: some(random.IntN(4)), Event: events(random.IntN(2) * random.IntN(5)), CreatedAfter: moment(),
		CreatedBefore: moment(),
		HTTPStatus:    pick(random, nil, nil, nil, new(-1), new(100), new(200), new(410), new(418)),
	}
}

func TestAListIsWhatALookAtEachCallbackFinds(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	random := rand.New(rand.NewPCG(1, 2))
	n := newCustomer(t, s, "a")
	all := scatter(t, s, n, random, 120)
	scatter(t, s, newCustomer(t, s, "b"), random, 10)
	slices.SortFunc(all, func(a, b *callback.Callback) int { return b.ListCursor().Compare(a.ListCursor()) })
	of := map[callback.Parent]func(*callback.Callback) bool{
		callback.OfAccount: func(*callback.Callback) bool { return true },
		callback.OfProject: func(c *callback.Callback) bool { return c.ProjectID == n.project.ID },
		crawl.Owner:        func(c *callback.Callback) bool { return c.Source.ID(models.TypeCrawl) != nil },
	}
	id := map[callback.Parent]int64{
		callback.OfAccount: n.account.ID, callback.OfProject: n.project.ID, crawl.Owner: n.crawl.ID,
	}
	for range 100 {
		owner, filter := pick(random, slices.Sorted(maps.Keys(of))...), randomFilter(random)
		want := []int64{}
		for _, c := range all {
			if of[owner](c) && meets(c, filter) {
				want = append(want, c.ID)
			}
		}
		name := fmt.Sprintf("%s %+v", owner, filter)
		for _, fromEnd := range []bool{false, true} {
			page := models.Page{First: 1 + random.IntN(30), FromEnd: fromEnd}
			if diff := cmp.Diff(want, walk(t, s, n, owner, id[owner], filter, page)); diff != "" {
				t.Errorf("%s, from the end %t: (-want +got)\n%s", name, fromEnd, diff)
			}
		}
		counts, err := s.CountCallbacks(t.Context(), n.scope(), owner, []int64{id[owner]}, filter)
		modelstest.NoError(t, err)
		if counts[id[owner]] != len(want) {
			t.Errorf("%s: counted %d of %d", name, counts[id[owner]], len(want))
		}
	}
}

// walk goes through all pages of a list from one of its ends.
func walk(
	t *testing.T, s *store.Store, n *customer, owner callback.Parent, id int64, filter callback.Filter, page models.Page,
) []int64 {
	t.Helper()
	got := []int64{}
	for {
		pages, err := s.CallbackPages(t.Context(), n.scope(), owner, []int64{id}, filter, page)
		modelstest.NoError(t, err)
		p := pages[id]
		if page.FromEnd {
			got = append(ids(p.Nodes), got...)
		} else {
			got = append(got, ids(p.Nodes)...)
		}
		switch {
		case page.FromEnd && p.HasPrevious:
			page.Before = new(p.Nodes[0].ListCursor())
		case !page.FromEnd && p.HasNext:
			page.After = new(p.Nodes[len(p.Nodes)-1].ListCursor())
		default:
			return got
		}
	}
}

// fill makes ended callbacks of the tenant by SQL, a microsecond apart: of 49, one is FAILED with 410, and of 5, one is
// of a report.
func fill(t *testing.T, s *store.Store, n *customer, count int) {
	t.Helper()
	uid := "lower(hex(randomblob(16)))"
	if storetest.OnPostgres() {
		uid = "gen_random_uuid()"
	}
	pattern := newCallback(t, s, n, start)
	modelstest.NoError(t, s.DB().Exec(`INSERT INTO callbacks (uid, ref, event, status, target, target_host, content_type, body, account_id, project_id, crawl_id,
			dedup_key, attempt_count, failure_count, http_status, created_at, finished_at)
		WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < ?)
		SELECT `+uid+`, ref, CASE WHEN i % 5 = 0 THEN 'REPORT_DOWNLOAD_GENERATED' ELSE 'CRAWL_FINISHED' END,
			CASE WHEN i % 49 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, target, target_host, content_type, body, account_id, project_id, crawl_id,
			'made:' || id || ':' || i, 1, 0, CASE WHEN i % 49 = 0 THEN 410 ELSE 200 END, created_at + i, created_at + i
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
			counted[i] = counts[n.account.ID]
		}
		counts, err := s.CountCallbacks(t.Context(), n.scope(), crawl.Owner, []int64{n.crawl.ID}, callback.Filter{})
		modelstest.NoError(t, err)
		counted[2] = counts[n.crawl.ID]
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
