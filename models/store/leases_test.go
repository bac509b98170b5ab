package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// manyLanes are lanes with so many callbacks each, and claims of so much of each of them.
func manyLanes(t *testing.T, s *store.Store, lanes, callbacks, limit int) (asked []callback.LaneLimit) {
	t.Helper()
	n := newCustomer(t, s, "a")
	modelstest.NoError(t, s.Transaction(t.Context(), func(tx *store.Store) error {
		for i := range lanes {
			host := fmt.Sprintf("host-%d.example:443", i)
			newCallbacks(t, tx, n, host, callbacks)
			asked = append(asked, of(to(host), limit)...)
		}
		return nil
	}))
	return asked
}

func TestOneClaimTakesOfManyLanesTheLongestWaitingUpToTheLimitOfEach(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for _, lanes := range []int{1, 2, 3, 5, 64} {
		n := newCustomer(t, s, fmt.Sprintf("of %d", lanes))
		var asked []callback.LaneLimit
		want := []int64{}
		for i := range lanes {
			host := fmt.Sprintf("host-%d-%d.example:443", lanes, i)
			created, limit := newCallbacks(t, s, n, host, 4), i%4
			asked, want = append(asked, of(to(host), limit)...), append(want, created[:limit]...)
		}
		claimed, err := s.ClaimDue(t.Context(), asked, start.Add(time.Second), start.Add(time.Minute))
		modelstest.NoError(t, err)
		got := ids(claimed)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of %d lanes: %s", lanes, diff)
		}
	}
}

func TestClaimersOfTheSameLanesShareNothingAndTogetherTakeAll(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	asked := manyLanes(t, s, 6, 15, 2)
	var mu sync.Mutex
	got := map[int64]int{}
	modelstest.AtOnce(8, func(i int) {
		mine := slices.Concat(asked[i%6:], asked[:i%6]) // each begins with another
		for {
			claimed, err := s.ClaimDue(t.Context(), mine, start.Add(time.Second), start.Add(time.Minute))
			if err != nil {
				t.Error(err)
			}
			if len(claimed) == 0 {
				return
			}
			mu.Lock()
			for _, c := range claimed {
				got[c.ID]++
			}
			mu.Unlock()
		}
	})
	if len(got) != 6*15 {
		t.Errorf("%d were claimed", len(got))
	}
	for id, times := range got {
		if times != 1 {
			t.Errorf("callback %d was claimed %d times", id, times)
		}
	}
}

func TestClaimReadsOfManyLanesNoMoreThanItTakes(t *testing.T) {
	t.Parallel()
	s := storetest.OpenNew(t)
	const lanes, limit = 20, 3
	asked := manyLanes(t, s, lanes, 40, limit)
	asked = append(asked, of(to("nothing.example:443"), limit)...)
	if !storetest.OnPostgres() {
		query := s.QueryClaim(t.Context(), callback.LeasedCallbacks, asked, start.Add(time.Hour), start.Add(2*time.Hour))
		wantSteps(t, s, "a claim", query.Statement.SQL.String(), []string{
			byID, "SEARCH callbacks USING INDEX callbacks_lanes (lane=? AND next_attempt_at<?)",
		})
		return
	}
	for _, statistics := range []string{"none", "fresh"} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			query := s.QueryClaim(t.Context(), callback.LeasedCallbacks, asked, start.Add(time.Hour), start.Add(2*time.Hour))
			rows, ways := analyze(t, s, mode, query).read("callbacks")
			// Each is read to be chosen and to be written. A scan may be one ahead.
			if most := 2*lanes*limit + lanes; rows > most || len(ways) > 0 {
				t.Errorf("statistics: %s, %s: read %d callbacks, want at most %d; %v", statistics, mode, rows, most, ways)
			}
		}
		modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	}
}

func TestLanesAreWalkedInPartsInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallbacks(t, s, n, "late.example:443", 1)
	hosts := []string{
		"", "0.example:80", "A.example:80", "a.example:80", "a-b.example:80", "ab.example:80", "z.example:80", "é.example:80",
	}
	for _, host := range hosts {
		newCallbacks(t, s, n, host, 2)
	}
	newCallback(t, s, n, start.Add(time.Hour), on("later.example:443"))
	all := append(keys(hosts...), keys("late.example:443")...)
	slices.Sort(all) // by bytes
	var got []string
	after, walks := "", 0
	for more := true; more; walks++ {
		found, next, err := s.OverdueLanes(t.Context(), callback.LeasedCallbacks, after, start.Add(time.Second), 3)
		modelstest.NoError(t, err)
		got, after, more = append(got, found...), next, next != ""
	}
	if diff := cmp.Diff(all, got); diff != "" || walks != 4 { // the ten lanes by three
		t.Errorf("%d walks: %s", walks, diff)
	}
}

func TestRowsWithoutALaneAreGivenOnePartByPart(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	w := newWork(t, s, n)
	b := w.newBatches(t, s, 1)[0]
	newCallbacks(t, s, n, "old.example:443", 3)
	newCallback(t, s, n, start, on("held.example:443"), inLine("line", true))
	settle(t, s, newCallback(t, s, n, start, on("ended.example:443")), callback.StatusFailed, 500)
	for _, table := range []string{"callbacks", "run_batches"} {
		modelstest.NoError(t, s.DB().Exec("UPDATE "+table+" SET lane = ''").Error)
	}
	newCallbacks(t, s, n, "new.example:443", 1)
	for _, want := range []int{2, 1, 0} {
		if given, err := s.GiveLanes(t.Context(), callback.LeasedCallbacks, 2); given != want || err != nil {
			t.Errorf("given to %d, want %d; %v", given, want, err)
		}
	}
	if given, err := s.GiveLanes(t.Context(), run.LeasedBatches, 2); given != 1 || err != nil {
		t.Errorf("given to %d batches; %v", given, err)
	}
	old := callback.Lane{Host: "old.example:443", Owner: "project:" + n.project.RawID(), Account: n.account.ID}
	if diff := cmp.Diff(
		[]string{to("new.example:443").String(), old.String()}, overdue(t, s, start.Add(time.Second)),
	); diff != "" {
		t.Error(diff)
	}
	lane := callback.Lane{Owner: "action:" + w.action.RawID(), Account: n.account.ID}
	claimed, err := s.ClaimDueBatches(t.Context(), of(lane, 2), start.Add(time.Second), start.Add(time.Minute))
	modelstest.NoError(t, err)
	if len(claimed) != 1 || claimed[0].ID != b.ID || claimed[0].Lane != lane {
		t.Errorf("got %v", claimed)
	}
}

// The release before writes rows without a lane, and claims by the host and the action, while both run.
func TestReleaseBeforeFindsWhatItClaims(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start, on("shared.example:443"))
	b := newWork(t, s, n).newBatches(t, s, 1)[0]
	var got struct{ Callback, Batch int64 }
	modelstest.NoError(t, s.DB().Raw("SELECT (SELECT id FROM callbacks WHERE target_host = ? AND status = 'PENDING' "+
		"AND NOT held AND next_attempt_at <= ?) AS callback, "+
		"(SELECT id FROM run_batches WHERE action_id = ? AND status = 'QUEUED' AND next_attempt_at <= ?) AS batch",
		"shared.example:443", start.UnixMicro(), b.ActionID, start.UnixMicro()).Scan(&got).Error)
	if got.Callback != c.ID || got.Batch != b.ID {
		t.Errorf("got %+v", got)
	}
}

// The release before has no rules for an event that it does not know, and dies of it.
func TestReleaseBeforeKnowsTheEventOfADigest(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start, func(c *callback.Callback) { c.Event = callback.CallbacksFailedEvent })
	var stored string
	modelstest.NoError(t, s.DB().Raw("SELECT event FROM callbacks WHERE id = ?", c.ID).Scan(&stored).Error)
	read, err := s.Callbacks(t.Context(), n.scope(), c.ID)
	modelstest.NoError(t, err)
	if stored != string(callback.CallbackFailedEvent) || read[0].Event != callback.CallbacksFailedEvent {
		t.Errorf("stored as %s, read as %s", stored, read[0].Event)
	}
}

// An index in the order of a locale no longer finds what is in it when the system below has another version of that
// locale.
func TestKeysAreComparedByBytes(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite compares by bytes")
	}
	s := storetest.Open(t)
	var got []string
	modelstest.NoError(t, s.DB().Raw(`SELECT i.relname || '.' || a.attname FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
		JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = ANY(x.indkey)
		WHERE a.attname IN ('lane') AND a.attcollation <> 'pg_catalog."C"'::regcollation ORDER BY 1`).Scan(&got).Error)
	if len(got) != 0 {
		t.Errorf("by a locale: %v", got)
	}
}

// byID is the way to one callback.
const byID = "SEARCH callbacks USING INTEGER PRIMARY KEY (rowid=?)"

// wantSteps asks SQLite how it would come to the callbacks in a statement.
func wantSteps(t *testing.T, s *store.Store, name, statement string, good []string) {
	t.Helper()
	var steps []struct{ Detail string }
	arguments := make([]any, strings.Count(statement, "?")) // any would do
	modelstest.NoError(t, s.DB().Raw("EXPLAIN QUERY PLAN "+statement, arguments...).Scan(&steps).Error)
	for _, step := range steps {
		if strings.Contains(step.Detail+" ", " callbacks ") && !slices.ContainsFunc(good, func(prefix string) bool {
			return strings.HasPrefix(step.Detail, prefix)
		}) {
			t.Errorf("%s: %s", name, step.Detail)
		}
	}
}
