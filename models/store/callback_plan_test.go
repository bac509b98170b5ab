package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// planned are filters with how many of so many ended callbacks, made by fill, match them.
var planned = map[string]struct {
	filter callback.Filter
	match  func(callbacks int) int
}{
	"none":     {callback.Filter{}, oneIn(1)},
	"a status": {callback.Filter{Status: []callback.Status{callback.StatusFailed}}, oneIn(49)},
	"an event": {
		callback.Filter{Event: []callback.EventName{callback.ReportDownloadGeneratedEvent}}, oneIn(5),
	},
	"an HTTP status": {callback.Filter{HTTPStatus: new(410)}, oneIn(49)},
	"a status, an event": {
		callback.Filter{
			Status: []callback.Status{callback.StatusFailed}, Event: []callback.EventName{callback.ReportDownloadGeneratedEvent},
		},
		oneIn(245),
	},
	"a cause":                {callback.Filter{ErrorCode: []callback.AttemptErrorCode{callback.HTTPStatusError}}, oneIn(49)},
	"a cause of none":        {callback.Filter{ErrorCode: []callback.AttemptErrorCode{callback.Timeout}}, nobody},
	"a host":                 {callback.Filter{Host: new("rare.example.com")}, oneIn(7)},
	"a host of none":         {callback.Filter{Host: new("none.example.com")}, nobody},
	"a status of none":       {callback.Filter{Status: []callback.Status{callback.StatusPending}}, nobody},
	"RUNNING of none":        {callback.Filter{Status: []callback.Status{callback.StatusRunning}}, nobody},
	"an event of none":       {callback.Filter{Event: []callback.EventName{callback.JobUpdatedEvent}}, nobody},
	"digests of none":        {callback.Filter{Event: []callback.EventName{callback.CallbacksFailedEvent}}, nobody},
	"notices of none":        {callback.Filter{Event: []callback.EventName{callback.CallbackFailedEvent}}, nobody},
	"an HTTP status of none": {callback.Filter{HTTPStatus: new(418)}, nobody},
	"what excludes itself": {
		callback.Filter{Status: []callback.Status{callback.StatusFailed}, HTTPStatus: new(200)}, nobody,
	},
}

func oneIn(n int) func(int) int { return func(callbacks int) int { return callbacks / n } }

func nobody(int) int { return 0 }

// planNode is a node of Postgres's plan with what came of it.
type planNode struct {
	Node     string  `json:"Node Type"`
	Parent   string  `json:"Parent Relationship"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Plans    []planNode
}

// read adds up the rows of a table that were read, whether they were wanted or not, and says how else than through an
// index.
func (p planNode) read(table string) (rows int, ways []string) {
	if p.Relation == table && p.Node != "ModifyTable" {
		rows = int((p.Rows + p.Filtered) * p.Loops)
		if p.Index == "" {
			ways = append(ways, p.Node)
		}
	}
	for _, below := range p.Plans {
		more, other := below.read(table)
		rows, ways = rows+more, append(ways, other...)
	}
	return rows, ways
}

// analyze runs a statement by a plan for its arguments, as Postgres does five times, or by one for any, as it does from
// then on.
func analyze(t *testing.T, s *store.Store, mode string, query *gorm.DB) planNode {
	t.Helper()
	arguments := make([]string, len(query.Statement.Vars))
	for i, v := range query.Statement.Vars {
		switch list := v.(type) {
		case *[]string:
			v = "{" + strings.Join(*list, ",") + "}"
		case *[]int:
			v = arrayOf(*list)
		case *[]int64:
			v = arrayOf(*list)
		}
		arguments[i] = fmt.Sprintf("'%v'", v)
	}
	var text string
	modelstest.NoError(t, s.DB().Transaction(func(tx *gorm.DB) error {
		for _, statement := range []string{
			"SET LOCAL plan_cache_mode = " + mode, "PREPARE listed AS " + query.Statement.SQL.String(),
		} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		err := tx.Raw(
			"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE listed (" + strings.Join(arguments, ", ") + ")",
		).Scan(&text).Error
		return errors.Join(err, tx.Exec("DEALLOCATE listed").Error)
	}))
	var plans []struct{ Plan planNode }
	modelstest.NoError(t, json.Unmarshal([]byte(text), &plans))
	return plans[0].Plan
}

func arrayOf[N int | int64](list []N) string {
	return "{" + strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]") + "}"
}

// The statistics of a new installation are none, or those of an empty table, until Postgres analyzes it in its own
// time.
func TestAPageReadsAsLittleOfALongHistoryWhateverTheStatisticsSay(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	for name, prepare := range map[string]func(*testing.T, *store.Store){
		"none":              func(*testing.T, *store.Store) {},
		"of an empty table": func(t *testing.T, s *store.Store) { modelstest.NoError(t, s.DB().Exec("ANALYZE").Error) },
		"of a kind of their own": func(t *testing.T, s *store.Store) {
			n := newCustomer(t, s, "first")
			fill(t, s, n, 4)
			modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.OpenNew(t)
			prepare(t, s)
			long, other := newCustomer(t, s, "long"), newCustomer(t, s, "other")
			fill(t, s, other, 1000)
			fill(t, s, long, 6000)
			wantLittleRead(t, s, "force_custom_plan", long, 6000)
			wantLittleRead(t, s, "force_generic_plan", long, 6000)
			modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
			wantLittleRead(t, s, "force_custom_plan", long, 6000)
			wantLittleRead(t, s, "force_generic_plan", long, 6000)
		})
	}
}

// wantLittleRead checks every kind of page, and its count.
func wantLittleRead(t *testing.T, s *store.Store, mode string, n *customer, callbacks int) {
	t.Helper()
	// A page of 20 takes 21 of each of at most four kinds, and looks up those that it shows: 5 × 21. The steps from kind
	// to kind are less than two for each of the 14 pairs of status and event, and most find nothing.
	const ofPage, steps = 5 * 21, 28
	middle := &models.Cursor{At: start.Add(time.Duration(callbacks/2) * time.Microsecond)}
	for owner, id := range map[callback.Parent]int64{
		callback.OfAccount: n.account.ID, callback.OfProject: n.project.ID, callback.OfSSOClient: *n.account.SSOClientID,
	} {
		scope := n.scope()
		if owner == callback.OfSSOClient {
			scope = everything()
		}
		for name, test := range planned {
			for place, after := range map[string]*models.Cursor{"first": nil, "middle": middle} {
				page := models.Page{First: 20, After: after}
				p := analyze(t, s, mode, s.QueryPages(t.Context(), scope, owner, []int64{id}, test.filter, page))
				if rows, ways := p.read("callbacks"); rows > ofPage+steps || len(ways) > 0 {
					t.Errorf(
						"%s, filter %s, %s page, %s: read %d of %d callbacks, %v", owner, name, place, mode, rows, callbacks, ways,
					)
				}
			}
			p := analyze(t, s, mode, s.QueryCounts(t.Context(), scope, owner, []int64{id}, test.filter))
			count := min(test.match(callbacks), models.MaxCounted+1)
			if rows, ways := p.read("callbacks"); rows > count+steps || len(ways) > 0 {
				t.Errorf(
					"%s, filter %s, %s: read %d of %d callbacks to count %d, %v", owner, name, mode, rows, callbacks, count, ways,
				)
			}
		}
		byEnd := models.Page{First: 20, After: middle, Order: callback.Order{Field: callback.ByFinished}.Name()}
		p := analyze(t, s, mode, s.QueryPages(t.Context(), scope, owner, []int64{id}, callback.Filter{}, byEnd))
		if rows, ways := p.read("callbacks"); rows > 21 || len(ways) > 0 {
			t.Errorf("%s, by end, %s: read %d of %d callbacks, %v", owner, mode, rows, callbacks, ways)
		}
	}
}

// What waits is read no further than a page may look through, however much of it there is.
func TestAPageReadsAsLittleOfALongBacklog(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	const waiting, most = 3000, 100
	s := storetest.OpenNew(t, store.WithLooked(most))
	n := newCustomer(t, s, "a")
	fillWaiting(t, s, newCallback(t, s, n, start).ID, waiting)
	fill(t, s, n, waiting)
	for name, filter := range map[string]callback.Filter{
		"an event": {Event: ofJob}, "an HTTP status": {HTTPStatus: new(418)}, "a host": {Host: new("none.example.com")},
		"a cause": {ErrorCode: []callback.AttemptErrorCode{callback.Timeout}}, "replays": {IsReplay: new(true)},
	} {
		ids, page := []int64{n.account.ID}, models.Page{First: 20}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			p := analyze(t, s, mode, s.QueryPages(t.Context(), n.scope(), callback.OfAccount, ids, filter, page))
			if rows, ways := p.read("callbacks"); rows > 3*most || len(ways) > 0 { // of each part, and as callbacks
				t.Errorf("%s, %s: read %d of %d callbacks, %v", name, mode, rows, 2*waiting, ways)
			}
		}
		pages, err := s.CallbackPages(t.Context(), n.scope(), callback.OfAccount, ids, filter, page)
		modelstest.NoError(t, err)
		if p := pages[n.account.ID]; len(p.Nodes) > 0 || (p.SearchedUntil == nil) != (filter.ErrorCode != nil) || p.SearchedUntil != nil && !p.HasNext {
			t.Errorf("%s: %+v", name, p)
		}
		counts, err := s.CountCallbacks(t.Context(), n.scope(), callback.OfAccount, ids, filter)
		modelstest.NoError(t, err)
		if c := counts[n.account.ID]; c.N > 0 || c.Exact != (filter.ErrorCode != nil) {
			t.Errorf("%s: counted %+v", name, c)
		}
	}
}
