package rest_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

const listPath = "/v1/runs/callbacks"

// entry is what the tests look at of a log entry.
type entry struct {
	UID        string  `json:"uid"`
	ParentUID  *string `json:"parent_uid"`
	RetryCount int     `json:"retry_count"`
	CreatedAt  string  `json:"created_at"`
	Status     string  `json:"status"`
	URL        *string `json:"callback_url"`
	HTTPStatus *int    `json:"http_status"`
	Response   *struct {
		Body string `json:"body"`
	} `json:"http_response"`
	Error     *models.StandardError `json:"error"`
	BatchUID  *string               `json:"batch_uid"`
	RunUID    string                `json:"run_uid"`
	Workspace string                `json:"workspace_uid"`
}

func (w *world) list(who caller, query string) (entries []entry) {
	w.tb.Helper()
	w.ok(who, http.MethodGet, listPath+query, "").into(&entries)
	return entries
}

func (w *world) entry(who caller, c *callback.Callback) (e entry) {
	w.tb.Helper()
	w.ok(who, http.MethodGet, listPath+"/"+c.UID.String(), "").into(&e)
	return e
}

func uidsOf(entries []entry) []string {
	uids := make([]string, len(entries))
	for i, e := range entries {
		uids[i] = e.UID
	}
	return uids
}

// diary is a world in which callbacks have come to all kinds of ends: two runs of the project with three callbacks
// each, and a replay.
func newDiary(t *testing.T) (w *world, runs []*run.Run) {
	t.Helper()
	w = newWorld(t)
	for range 2 {
		runs = append(runs, w.newRun(project, func(in *run.NewRun) {
			in.Inputs = append(in.Inputs, in.Inputs...)
			in.Callback.Headers = []models.Header{{Key: "Authorization", Value: "Bearer request-secret"}}
		}))
		w.execute(http.StatusOK, oneResult)
		w.clock.Advance(time.Second)
	}
	first, second := w.callbacks(runs[0]), w.callbacks(runs[1])
	w.deliver(first[0], http.StatusNoContent, "")
	w.deliver(first[1], http.StatusInternalServerError, "down")
	w.deliver(first[2], 0, "")
	w.deliver(second[0], http.StatusGone, "gone for ever; you sent Bearer request-secret \xff")
	modelstest.ClaimOnly(t, w.service.Service, second[1].ID)
	w.clock.Advance(2 * time.Minute)
	w.deliver(first[1], http.StatusOK, `{"ok": true}`)
	w.deliver(first[2], http.StatusServiceUnavailable, "not yet")
	w.ok(w.key(project), http.MethodPost, listPath+"/"+second[0].UID.String()+"/replay", "").golden("callback_replay.json")
	return w, runs
}

func TestListCallbacks(t *testing.T) {
	t.Parallel()
	w, _ := newDiary(t)
	w.ok(w.key(project), http.MethodGet, listPath, "").golden("callbacks.json")
	w.ok(w.key(sibling), http.MethodGet, listPath, "").golden("callbacks_none.json")
}

func TestGetCallback(t *testing.T) {
	t.Parallel()
	w, runs := newDiary(t)
	key := w.key(project)
	for i, run := range runs {
		for j, c := range w.callbacks(run)[:3] {
			w.ok(key, http.MethodGet, listPath+"/"+c.UID.String(), "").golden(fmt.Sprintf("callback_%d_%d.json", i+1, j+1))
		}
	}
}

func TestAListedCallbackIsTheSameAsThatOne(t *testing.T) {
	t.Parallel()
	w, _ := newDiary(t)
	key := w.key(project)
	for _, listed := range w.list(key, "") {
		var alone entry
		w.ok(key, http.MethodGet, listPath+"/"+listed.UID, "").into(&alone)
		if diff := gocmp.Diff(listed, alone); diff != "" {
			t.Errorf("(-listed +alone):\n%s", diff)
		}
	}
}

func TestFiltersOfCallbacks(t *testing.T) {
	t.Parallel()
	w, runs := newDiary(t)
	key := w.key(project)
	first, second := runs[0].UID.String(), runs[1].UID.String()
	at := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	for query, want := range map[string]int{
		"": 7, "?status=PENDING": 3, "?status=RUNNING": 1, "?status=FAILED": 1, "?status=SUCCESS": 2,
		"?status=FAILED&status=SUCCESS": 3, "?status[]=FAILED&status[]=SUCCESS": 3, "?status%5B%5D=FAILED&status=SUCCESS": 3,
		"?run_uid=" + first: 3, "?run_uid=" + second: 4, "?run_uid=" + first + "&run_uid=" + second: 7,
		"?run_uid[]=" + first + "&run_uid[]=" + second: 7, "?run_uid=" + unknownUID: 0,
		"?run_uid=" + unknownUID + "&run_uid=" + first: 3,
		"?run_uid=" + first + "&status=FAILED":         0, "?run_uid=" + second + "&status=FAILED": 1,
		"?limit=20&unknown=1&page=2":              7,
		"?created_after=" + at(runs[1].CreatedAt): 4, "?created_before=" + at(runs[1].CreatedAt): 3,
		"?status=FAILED&created_before=" + at(runs[1].CreatedAt): 0,
	} {
		if got := w.list(key, query); len(got) != want {
			t.Errorf("%s lists %d, want %d", query, len(got), want)
		}
	}
}

func TestPagesOfCallbacksHoldEachOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	w.newRun(project, func(in *run.NewRun) { in.MaxResults, in.PageSize = new(24), new(1) })
	w.execute(http.StatusOK, oneResult) // 24 of batches, and the final one, all in one moment
	if n := len(w.list(key, "")); n != run.DefaultLogLimit {
		t.Errorf("%d without a limit", n)
	}
	for _, sort := range []string{"", "&sort=created_at", "&sort=status&sort=-http_status"} {
		for _, limit := range []int{1, 7, 20} {
			seen := map[string]bool{}
			for offset := 0; ; offset += limit {
				page := w.list(key, fmt.Sprintf("?limit=%d&offset=%d%s", limit, offset, sort))
				for _, e := range page {
					seen[e.UID] = true
				}
				if offset+len(page) != min(offset+limit, 25) {
					t.Fatalf("%d at %d", len(page), offset)
				}
				if len(page) < limit {
					break
				}
			}
			if len(seen) != 25 {
				t.Errorf("pages of %d%s hold %d", limit, sort, len(seen))
			}
		}
	}
	if page := w.list(key, "?offset=9223372036854775807"); len(page) != 0 {
		t.Errorf("%d far behind the end", len(page))
	}
}

func TestAPageCostsTheSameWhateverItHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	w.newRun(project, func(in *run.NewRun) { in.MaxResults, in.PageSize = new(24), new(1) })
	w.execute(http.StatusOK, oneResult)
	for _, limit := range []int{1, 20} {
		before := w.executed.Load()
		w.list(key, fmt.Sprintf("?status=PENDING&limit=%d", limit))
		// Who calls, the project, the page, and the last attempts.
		if n := w.executed.Load() - before; n != 4 {
			t.Errorf("%d statements for a page of %d", n, limit)
		}
	}
}

// compare is how entries are sorted by a column; what has no HTTP status is last either way.
func compare(by string, a, b entry) int {
	name, descending := strings.CutPrefix(by, "-")
	var order int
	switch name {
	case "created_at":
		order = cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.UID, b.UID))
	case "status":
		order = cmp.Compare(a.Status, b.Status)
	case "retry_count":
		order = cmp.Compare(a.RetryCount, b.RetryCount)
	case "http_status":
		if a.HTTPStatus == nil || b.HTTPStatus == nil {
			return cmp.Compare(btoi(a.HTTPStatus == nil), btoi(b.HTTPStatus == nil))
		}
		order = cmp.Compare(*a.HTTPStatus, *b.HTTPStatus)
	}
	if descending {
		return -order
	}
	return order
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestSortsOfCallbacks(t *testing.T) {
	t.Parallel()
	w, _ := newDiary(t)
	key := w.key(project)
	all := w.list(key, "")
	for _, sorts := range [][]string{
		nil,
		{"created_at"},
		{"-created_at"},
		{"status"},
		{"-status"},
		{"http_status"},
		{"-http_status"},
		{"retry_count"},
		{"-retry_count"},
		{"status", "created_at"},
		{"-retry_count", "http_status", "-status"},
		{"http_status", "created_at", "status"},
		slices.Repeat([]string{"status"}, 10),
	} {
		slices.SortFunc(all, func(a, b entry) int {
			for _, by := range append(sorts, "-created_at") {
				if order := compare(by, a, b); order != 0 {
					return order
				}
			}
			return 0
		})
		for _, name := range []string{"sort", "sort[]"} {
			got := w.list(key, "?"+url.Values{name: sorts}.Encode())
			if diff := gocmp.Diff(uidsOf(all), uidsOf(got)); diff != "" {
				t.Errorf("%s=%v (-want +got):\n%s", name, sorts, diff)
			}
		}
	}
}

// The log has what runs tell their callers: not the notices to the partner, and nothing of jobs and crawls.
func TestTheLogHasOnlyCallbacksOfRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	w.deliver(w.pending(), http.StatusInternalServerError, "") // the partner hears of it
	w.updateJob(job.Change{JobID: w.newJob(project, nil).ID, State: new(job.Completed), Action: job.Resolved})
	_, _, err := w.service.FinishCrawl(t.Context(), models.PlatformActor(), crawl.End{
		CrawlID: 17, ProjectID: new(int64(project)), Kind: crawl.Standard, Status: crawl.Finished,
	})
	modelstest.NoError(t, err)
	all, err := w.service.CallbackPages(
		t.Context(), models.PlatformActor().Scope(models.RoleViewer), callback.OfProject, []int64{project}, callback.Filter{},
		models.Page{First: 100},
	)
	modelstest.NoError(t, err)
	var want []string
	events := map[callback.EventName]int{}
	for _, c := range all[project].Nodes {
		events[c.Event]++
		if c.Event == callback.RunBatchFinishedEvent || c.Event == callback.RunFinishedEvent {
			want = append(want, c.UID.String())
			continue
		}
		w.unchanged(func() {
			w.do(key, http.MethodGet, listPath+"/"+c.UID.String(), "").wantError(http.StatusNotFound, "NOT_FOUND", "")
			w.do(key, http.MethodPost, listPath+"/"+c.UID.String()+"/replay", "").wantError(http.StatusNotFound, "NOT_FOUND", "")
		})
	}
	if len(events) != 5 {
		t.Errorf("not all kinds of callbacks are there: %v", events)
	}
	if diff := gocmp.Diff(want, uidsOf(w.list(key, ""))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnInterruptedAttemptSaysNothingOfTheReceiver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, c := w.key(project), w.pending()
	interrupt := func() {
		modelstest.NoError(
			t, w.service.Settle(t.Context(), w.service.GiveBack(modelstest.ClaimOnly(t, w.service.Service, c.ID))),
		)
	}
	interrupt()
	if e := w.entry(key, c); e.Error != nil || e.Response != nil || e.HTTPStatus != nil || e.RetryCount != 0 {
		t.Errorf("interrupted once: %+v", e)
	}
	w.deliver(c, http.StatusBadGateway, "down")
	before := w.entry(key, c)
	w.clock.Advance(time.Minute)
	interrupt()
	after := w.entry(key, c)
	if after.RetryCount != 2 || before.Error == nil || before.Error.Label != "HTTP_STATUS" ||
		before.Response.Body != "down" {
		t.Errorf("before %+v, after %+v", before, after)
	}
	after.RetryCount = before.RetryCount
	if diff := gocmp.Diff(before, after); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func TestTheErrorOfAnEntryRefersToTheAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, c := w.key(project), w.pending()
	d := modelstest.ClaimOnly(t, w.service.Service, c.ID)
	modelstest.NoError(
		t,
		w.service.Settle(
			t.Context(),
			w.service.Decide(d, callback.Outcome{Error: &callback.AttemptError{Code: callback.TLSError, Message: "expired"}}),
		),
	)
	if e := w.entry(key, c); e.Error == nil || e.Error.Ref != d.Attempt.UID.String() || e.Error.Label != "TLS_ERROR" ||
		e.HTTPStatus != nil {
		t.Errorf("%+v", e)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	editor := w.session(editorUser).of(thisProject)
	c := w.final(project)
	target := listPath + "/" + c.UID.String() + "/replay"
	var replays []string
	for n := range callback.MaxReplays {
		w.clock.Advance(time.Second)
		a := w.ok(editor, http.MethodPost, target, `{"ignored": `) // there is no body to read
		var e entry
		a.into(&e)
		if *e.ParentUID != c.UID.String() || e.UID == c.UID.String() || e.Status != "PENDING" || e.RetryCount != 0 ||
			e.BatchUID != nil {
			t.Errorf("replay %d: %s", n+1, a.Body)
		}
		var got entry
		w.ok(editor, http.MethodGet, listPath+"/"+e.UID, "").into(&got)
		if diff := gocmp.Diff(e, got); diff != "" {
			t.Errorf("(-replay +read):\n%s", diff)
		}
		replays = append(replays, e.UID)
		w.unchanged(func() {
			w.do(
				editor, http.MethodPost, listPath+"/"+e.UID+"/replay", "",
			).wantError(http.StatusConflict, "CONFLICT", "callback_uid")
		})
	}
	w.unchanged(func() {
		w.do(editor, http.MethodPost, target, "").wantError(http.StatusConflict, "CONFLICT", "callback_uid")
	})
	slices.Reverse(replays)
	if diff := gocmp.Diff(append(replays, c.UID.String()), uidsOf(w.list(editor, ""))); diff != "" {
		t.Errorf("(-want +listed):\n%s", diff)
	}
}
