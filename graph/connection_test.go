package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// crawls finishes n crawls of a project, a millisecond apart except for each third, and returns their callbacks, oldest
// first.
func (w *world) crawls(n int, projectID, firstID int64) []*callback.Callback {
	w.tb.Helper()
	var made []*callback.Callback
	w.inTx(func(s graph.Services) {
		for i := range n {
			if i%3 != 0 { // some share the moment: the id decides then
				w.clock.Advance(time.Millisecond)
			}
			made = append(made, finishCrawl(w.tb, s, firstID+int64(i), projectID))
		}
	})
	return made
}

const pageQuery = `query($first: Int, $after: String, $filter: CallbackFilter) { owner: %s { callbacks(first: $first, after: $after, filter: $filter) {
	nodes { uid } edges { cursor node { uid } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } }`

// callbackOwners are the three lists of callbacks, of the same project and crawl.
var callbackOwners = map[string]string{
	"account": `getAccount(id: 123123)`, "project": `getProject(id: 123)`,
}

func uids(callbacks []*callback.Callback) []string {
	out := make([]string, len(callbacks))
	for i, c := range callbacks {
		out[i] = c.UID.String()
	}
	return out
}

func (a *answer) uids(path string) []string {
	a.tb.Helper()
	var out []string
	for i := range a.list(path) {
		out = append(out, a.text(fmt.Sprintf("%s.%d.uid", path, i)))
	}
	return out
}

func TestPagingVisitsEachCallbackOnceNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.walk(callbackOwners["account"], 100, 100, func() {})
	made := uids(w.crawls(25, bareProject, 5000))
	slices.Reverse(made)
	for name, owner := range callbackOwners {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := made
			if name == "account" {
				want = slices.Concat(made, old)
			}
			for _, first := range []int{1, 7, len(want), 100} {
				if diff := cmp.Diff(want, w.in(t).walk(owner, first, len(want), nil)); diff != "" {
					t.Errorf("first %d (-want +got):\n%s", first, diff)
				}
			}
		})
	}
}

// walk pages through a list, checks that each page agrees with itself, and returns the uids.
func (w *world) walk(owner string, first, total int, between func()) []string {
	w.tb.Helper()
	var seen []string
	vars := variables{"first": first}
	who := w.viewer()
	for {
		a := w.ok(who, fmt.Sprintf(pageQuery, owner), vars)
		nodes, edges, info := a.uids("owner.callbacks.nodes"), a.list("owner.callbacks.edges"), "owner.callbacks.pageInfo."
		if len(nodes) != len(edges) || len(nodes) == 0 || len(nodes) > first {
			w.tb.Fatalf("%d nodes, %d edges: %s", len(nodes), len(edges), a.Body)
		}
		for i, uid := range nodes {
			if got := a.at(fmt.Sprintf("owner.callbacks.edges.%d.node.uid", i)); got != uid {
				w.tb.Errorf("edge %d is %v, node %s", i, got, uid)
			}
		}
		if a.at(info+"startCursor") != a.at("owner.callbacks.edges.0.cursor") ||
			a.at(info+"endCursor") != a.at(fmt.Sprintf("owner.callbacks.edges.%d.cursor", len(edges)-1)) {
			w.tb.Errorf("cursors of the page: %s", a.Body)
		}
		if got := a.at(info + "hasPreviousPage"); got != (len(seen) > 0) {
			w.tb.Errorf("hasPreviousPage %v after %d", got, len(seen))
		}
		if got := a.at("owner.callbacks.totalCount"); between == nil && got != float64(total) {
			w.tb.Errorf("totalCount %v, want %d", got, total)
		}
		seen = append(seen, nodes...)
		if a.at(info+"hasNextPage") == false || len(seen) > total {
			return seen
		}
		vars["after"] = a.at(info + "endCursor")
		if between != nil {
			between()
		}
	}
}

func TestPagingIsNotDisturbedByNewCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawls(12, bareProject, 5000)
	want := uids(made)
	slices.Reverse(want)
	next := int64(6000)
	got := w.walk(callbackOwners["project"], 5, len(want), func() {
		w.clock.Advance(time.Second)
		w.crawls(3, bareProject, next)
		next += 10
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnEmptyListHasNoCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.viewer(), fmt.Sprintf(pageQuery, callbackOwners["project"]), nil)
	want := map[string]any{"owner": map[string]any{"callbacks": map[string]any{
		"nodes": []any{}, "edges": []any{}, "totalCount": 0.0,
		"pageInfo": map[string]any{"hasNextPage": false, "hasPreviousPage": false, "startCursor": nil, "endCursor": nil},
	}}}
	if diff := cmp.Diff(any(want), a.Data); diff != "" {
		t.Error(diff)
	}
}

func TestProjectsAccountsAndAttemptsPageTheSameWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.admin()
	w.inTx(func(s graph.Services) {
		for id := range int64(5) {
			createProject(t, s, tenant.NewProject{AccountID: demoAccount, RawID: 9000 + id})
		}
	})
	c := w.crawls(1, bareProject, 5000)[0]
	for range 3 {
		deliver(t, w.service, c.ID, 500)
		w.clock.Advance(2 * time.Hour)
	}
	for _, tc := range []struct {
		query, list, name string
		want              []string
	}{
		{
			`query($a: String) { l: getAccount(id: 123123) { l: projects(first: 2, after: $a) { nodes { v: rawID }
			pageInfo { hasNextPage endCursor } totalCount } } }`, "projects", "7",
			[]string{"1123123", "9004", "9003", "9002", "9001", "9000", "123"},
		},
		{fmt.Sprintf(`query($a: String) { l: getCallback(id: %d) { l: attempts(first: 2, after: $a) { nodes { v: number }
			pageInfo { hasNextPage endCursor } totalCount } } }`, c.ID), "attempts", "3", []string{"1", "2", "3"}},
		{`query($a: String) { l: me { l: accounts(first: 2, after: $a) { nodes { v: rawID }
			pageInfo { hasNextPage endCursor } totalCount } } }`, "accounts", "1", []string{"123123"}},
	} {
		var got []string
		vars := variables{}
		for more := true; more && len(got) <= len(tc.want); {
			a := w.ok(who, tc.query, vars)
			for i := range a.list("l.l.nodes") {
				got = append(got, a.text(fmt.Sprintf("l.l.nodes.%d.v", i)))
			}
			if total := a.text("l.l.totalCount"); total != tc.name {
				t.Errorf("%s: totalCount %s", tc.list, total)
			}
			more, _ = a.at("l.l.pageInfo.hasNextPage").(bool)
			vars["a"] = a.at("l.l.pageInfo.endCursor")
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.list, diff)
		}
	}
}

func TestFiltersNarrowAloneAndTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := map[string]string{w.callback.crawl.UID.String(): "crawl", w.callback.report.UID.String(): "report"}
	for i, status := range []int{200, 410, 503, 0} {
		w.clock.Advance(time.Minute)
		c := w.crawls(1, bareProject, 5000+int64(i))[0]
		names[c.UID.String()] = fmt.Sprint(status)
		deliver(t, w.service, c.ID, status)
	}
	running := w.crawls(1, bareProject, 5100)[0]
	names[running.UID.String()] = "running"
	modelstest.ClaimOnly(t, w.service.Callbacks, running.ID)
	at := func(minutes int) string {
		return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339Nano)
	}
	for _, tc := range []struct {
		name   string
		filter variables
		want   []string // without the notices, oldest first
	}{
		{"nothing", variables{}, []string{"crawl", "report", "200", "410", "503", "0", "running"}},
		{
			"empty lists",
			variables{"status": []string{}, "event": []string{}},
			[]string{"crawl", "report", "200", "410", "503", "0", "running"},
		},
		{
			"nulls",
			variables{"status": nil, "event": nil, "createdAfter": nil, "createdBefore": nil, "httpStatus": nil},
			[]string{"crawl", "report", "200", "410", "503", "0", "running"},
		},
		{"one status", variables{"status": []string{"SUCCESS"}}, []string{"crawl", "200"}},
		{"a status without a list", variables{"status": "RUNNING"}, []string{"running"}},
		{"two statuses", variables{"status": []string{"FAILED", "SUCCESS"}}, []string{"crawl", "200", "410"}},
		{"event", variables{"event": []string{"REPORT_DOWNLOAD_GENERATED"}}, []string{"report"}},
		{"notices", variables{"event": []string{"CALLBACK_FAILED"}}, []string{"notice", "notice", "notice"}},
		{"HTTP status", variables{"httpStatus": 503}, []string{"503"}},
		{"after, included", variables{"createdAfter": at(3), "event": "CRAWL_FINISHED"}, []string{"503", "0", "running"}},
		{"before, excluded", variables{"createdBefore": at(3), "event": "CRAWL_FINISHED"}, []string{"crawl", "200", "410"}},
		{
			"between",
			variables{"createdAfter": at(1), "createdBefore": at(3), "event": "CRAWL_FINISHED"},
			[]string{"200", "410"},
		},
		{
			"another time zone",
			variables{"createdAfter": "2020-07-09T19:28:35+03:00", "event": "CRAWL_FINISHED"},
			[]string{"503", "0", "running"},
		},
		{"all together", variables{
			"status": "PENDING", "event": "CRAWL_FINISHED", "createdAfter": at(0), "createdBefore": at(9),
			"httpStatus": 503,
		}, []string{"503"}},
		{"contradiction", variables{"status": "SUCCESS", "httpStatus": 503}, nil},
		{"HTTP statuses", variables{"httpStatusRange": variables{"from": 400, "to": 499}, "event": "CRAWL_FINISHED"}, []string{"410"}},
		{"HTTP statuses from one", variables{"httpStatusRange": variables{"from": 400}}, []string{"410", "503"}},
		{"causes", variables{"errorCode": "HTTP_STATUS"}, []string{"410", "503"}},
		{"another cause", variables{"errorCode": []string{"TIMEOUT", "CONNECT_REFUSED"}, "event": "CRAWL_FINISHED"}, []string{"0"}},
		{"host", variables{"host": "Account.example.com", "status": "SUCCESS"}, []string{"200"}},
		{"another port", variables{"host": "account.example.com:8443"}, nil},
		{"a partner's host", variables{"host": "partner.example.com"}, nil},
		{"no replays", variables{"isReplay": false, "status": "SUCCESS"}, []string{"crawl", "200"}},
		{"replays", variables{"isReplay": true}, nil},
		{"attempts", variables{"minAttempts": 1, "event": "CRAWL_FINISHED"}, []string{"crawl", "200", "410", "503", "0", "running"}},
		{"more attempts", variables{"minAttempts": 2}, nil},
		{"finished", variables{"finishedAfter": at(1), "event": "CRAWL_FINISHED"}, []string{"200", "410"}},
		{"the next attempt", variables{"nextAttemptAfter": at(3), "event": "CRAWL_FINISHED"}, []string{"503", "0"}},
		{"crawl", variables{"crawlId": 124234}, []string{"crawl", "report"}},
		{"a run that is not there", variables{"runUid": uuid.NewString()}, nil},
		{"a job that is not there", variables{"jobUuid": uuid.NewString()}, nil},
		{"uid", variables{"uid": running.UID}, []string{"running"}},
		{"ref", variables{"ref": running.Ref}, []string{"running"}},
		{"search for a uid", variables{"search": " " + running.UID.String() + "\n"}, []string{"running"}},
		{"search for an id", variables{"search": globalID("Crawl", 124234)}, []string{"crawl", "report"}},
		{"search for a number", variables{"search": "124234"}, []string{"crawl", "report"}},
		{"search for what is not there", variables{"search": "4242424242"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := w.in(t).ok(
				w.viewer(), fmt.Sprintf(pageQuery, callbackOwners["account"]), variables{"filter": tc.filter, "first": 100},
			)
			var got []string
			for _, uid := range a.uids("owner.callbacks.nodes") {
				name, ok := names[uid]
				if !ok {
					name = "notice"
				}
				if ok || len(tc.want) > 0 && tc.want[0] == "notice" {
					got = append(got, name)
				}
			}
			slices.Reverse(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if total := a.at("owner.callbacks.totalCount"); total != float64(len(a.list("owner.callbacks.nodes"))) {
				t.Errorf("totalCount %v: %s", total, a.Body)
			}
		})
	}
}

func TestACrawlsCallbacksAreItsOwnAndThoseOfItsReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crawls(2, demoProject, 5000)
	a := w.ok(w.viewer(), fmt.Sprintf(pageQuery, `getCrawl(id: 124234)`), nil)
	want := []string{w.callback.report.UID.String(), w.callback.crawl.UID.String()}
	if diff := cmp.Diff(want, a.uids("owner.callbacks.nodes")); diff != "" {
		t.Error(diff)
	}
}
