package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// historyRead is one statement of the history, as its caller asks for it.
type historyRead func(context.Context, *store.Store, *estate) error

// histories are the statements of the history, by the names of their golden files. Those with the same first word have
// the same one.
func histories() map[string]historyRead {
	all := map[string]historyRead{}
	maps.Copy(all, callbackHistories())
	maps.Copy(all, callbackCounts())
	maps.Copy(all, lookedHistories())
	maps.Copy(all, attemptHistories())
	maps.Copy(all, logHistories())
	maps.Copy(all, runHistories())
	maps.Copy(all, batchHistories())
	maps.Copy(all, healthHistories())
	return all
}

var (
	place  = &models.Cursor{At: start, ID: 7}
	failed = []callback.Status{callback.StatusFailed}
	ofJob  = []callback.EventName{callback.JobUpdatedEvent}
)

func callbackHistories() map[string]historyRead {
	account := func(e *estate) int64 { return e.account.ID }
	project := func(e *estate) int64 { return e.project.ID }
	list := func(owner callback.Parent, id func(*estate) int64, filter callback.Filter, after *models.Cursor) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CallbackPages(ctx, e.scope(), owner, []int64{id(e)}, filter, models.Page{First: 20, After: after})
			return err
		}
	}
	byKey := func(owner callback.Parent, id func(*estate) int64) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CallbackPages(
				ctx, keyScope(e.key, models.RoleViewer), owner, []int64{id(e)}, callback.Filter{}, models.Page{First: 20},
			)
			return err
		}
	}
	reads := map[string]historyRead{
		"account":               list(callback.OfAccount, account, callback.Filter{}, nil),
		"account after a place": list(callback.OfAccount, account, callback.Filter{}, place),
		"account of a time": list(
			callback.OfAccount, account, callback.Filter{CreatedAfter: &start, CreatedBefore: &start}, nil,
		),
		"account_ended": list(callback.OfAccount, account, callback.Filter{Status: failed}, nil),
		"account_waiting": list(
			callback.OfAccount, account, callback.Filter{Status: []callback.Status{callback.StatusPending}}, nil,
		),
		"account_running": list(
			callback.OfAccount, account, callback.Filter{Status: []callback.Status{callback.StatusRunning}}, nil,
		),
		"account_event": list(callback.OfAccount, account, callback.Filter{Event: ofJob}, nil),
		"account_notices": list(
			callback.OfAccount, account, callback.Filter{Event: []callback.EventName{callback.CallbackFailedEvent}}, nil,
		),
		"account_http_status":  list(callback.OfAccount, account, callback.Filter{HTTPStatus: new(410)}, nil),
		"account_status_event": list(callback.OfAccount, account, callback.Filter{Status: failed, Event: ofJob}, nil),
		"account_all_filters": list(callback.OfAccount, account, callback.Filter{
			Status: []callback.Status{callback.StatusPending, callback.StatusFailed}, Event: ofJob, HTTPStatus: new(410),
			CreatedAfter: &start, CreatedBefore: &start,
		}, place),
		"account_by_key":       byKey(callback.OfAccount, account),
		"project":              list(callback.OfProject, project, callback.Filter{}, nil),
		"project_status_event": list(callback.OfProject, project, callback.Filter{Status: failed, Event: ofJob}, place),
		"project_by_key":       byKey(callback.OfProject, project),
		"crawl":                list(crawl.Owner, func(e *estate) int64 { return e.crawl.ID }, callback.Filter{}, place),
		"sso_client": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CallbackPages(ctx, everything(), callback.OfSSOClient, []int64{*e.account.SSOClientID},
				callback.Filter{Status: failed}, models.Page{First: 20})
			return err
		},
		"platform": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CallbackPages(
				ctx, everything(), callback.OfAccount, []int64{e.account.ID}, callback.Filter{}, models.Page{First: 20},
			)
			return err
		},
	}
	for _, typeName := range store.ListedSources() {
		id := func(e *estate) int64 { return e.sources[typeName] }
		reads[strings.ToLower(typeName)+" of its own"] = list(callback.Parent(typeName), id, callback.Filter{}, nil)
	}
	return reads
}

func callbackCounts() map[string]historyRead {
	count := func(owner callback.Parent, id func(*estate) int64, filter callback.Filter) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountCallbacks(ctx, e.scope(), owner, []int64{id(e)}, filter)
			return err
		}
	}
	account := func(e *estate) int64 { return e.account.ID }
	return map[string]historyRead{
		"count_account":        count(callback.OfAccount, account, callback.Filter{}),
		"count_account_event":  count(callback.OfAccount, account, callback.Filter{Event: ofJob}),
		"count_account_status": count(callback.OfAccount, account, callback.Filter{Status: failed}),
		"count_project":        count(callback.OfProject, func(e *estate) int64 { return e.project.ID }, callback.Filter{}),
		"count_crawl":          count(crawl.Owner, func(e *estate) int64 { return e.crawl.ID }, callback.Filter{}),
	}
}

func attemptHistories() map[string]historyRead {
	return map[string]historyRead{
		"callback_replays": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.Replays(ctx, e.scope(), e.callback.ID)
			return err
		},
		"attempts": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.AttemptPages(ctx, e.scope(), []int64{e.callback.ID}, models.Page{First: 20})
			return err
		},
		"count_attempts": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountAttempts(ctx, e.scope(), []int64{e.callback.ID})
			return err
		},
		"answers": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.Texts(ctx, e.scope(), models.ResponseBodyText, e.attempt.ID)
			return err
		},
		"last_attempts": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.LastAttempts(ctx, e.scope(), e.callback.ID)
			return err
		},
	}
}

func runHistories() map[string]historyRead {
	list := func(owner run.Parent, id func(*estate) int64, filter run.Filter, after *models.Cursor) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.RunPages(ctx, e.scope(), owner, []int64{id(e)}, filter, models.Page{First: 20, After: after})
			return err
		}
	}
	project, schedule := func(e *estate) int64 { return e.project.ID }, func(e *estate) int64 { return e.schedule.ID }
	narrow := run.Filter{
		Status: []run.Status{run.Failed}, Action: []string{"extract"}, CreatedAfter: &start, CreatedBefore: &start,
	}
	return map[string]historyRead{
		"runs_project":         list(run.OfProject, project, run.Filter{}, nil),
		"runs_project_after":   list(run.OfProject, project, run.Filter{}, place),
		"runs_project_filters": list(run.OfProject, project, narrow, nil),
		"runs_schedule":        list(run.OfSchedule, schedule, run.Filter{}, nil),
		"count_runs_project": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountRuns(ctx, e.scope(), run.OfProject, []int64{e.project.ID}, run.Filter{})
			return err
		},
		"count_runs_schedule": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountRuns(ctx, e.scope(), run.OfSchedule, []int64{e.schedule.ID}, narrow)
			return err
		},
	}
}

func batchHistories() map[string]historyRead {
	return map[string]historyRead{
		"batches": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.BatchPages(ctx, e.scope(), []int64{e.work.run.ID}, models.Page{First: 20, After: place})
			return err
		},
		"count_batches": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountBatches(ctx, e.scope(), []int64{e.work.run.ID})
			return err
		},
		"batch_attempts": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.BatchAttempts(ctx, e.scope(), e.batch.ID)
			return err
		},
		"results": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.BatchesWithResults(ctx, e.scope(), []int64{e.work.run.ID}, e.batch.ID, 20)
			return err
		},
	}
}

// TestEachStatementOfTheHistoryIsWrittenOut holds what production asks to testdata/sql, and the indexes that the text
// of a golden file goes through to those that its first line names.
func TestEachStatementOfTheHistoryIsWrittenOut(t *testing.T) {
	t.Parallel()
	var asked []string
	s := storetest.OpenNew(
		t,
		store.WithStatementLog(
			func(_ context.Context, statement string, _ time.Duration) { asked = append(asked, statement) },
		),
	)
	e := newEstate(t, s, "a")
	folder := filepath.Join("testdata", "sql", engine())
	reads := histories()
	written := map[string]bool{}
	for key, read := range reads {
		name, _, _ := strings.Cut(key, " ")
		written[name+".sql"] = true
		asked = nil
		modelstest.NoError(t, read(t.Context(), s, e))
		if len(asked) != 1 {
			t.Errorf("%s: %d statements", key, len(asked))
			continue
		}
		path := filepath.Join(folder, name+".sql")
		text := layOut(asked[0])
		if modelstest.Updating() {
			modelstest.NoError(t, os.MkdirAll(folder, 0o750))
			modelstest.NoError(
				t, os.WriteFile(path, []byte(throughLine+strings.Join(indexesOf(t, s, name, text), ", ")+"\n"+text+"\n"), 0o600),
			)
		}
		file, err := os.ReadFile(path)
		modelstest.NoError(t, err)
		through, want, _ := strings.Cut(string(file), "\n")
		if diff := cmp.Diff(strings.TrimSpace(want), text); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", path, key, diff)
		}
		if got := throughLine + strings.Join(indexesOf(t, s, name, want), ", "); got != through {
			t.Errorf("%s: got %q, want %q", path, got, through)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	modelstest.NoError(t, err)
	for _, path := range files {
		if !written[filepath.Base(path)] {
			t.Errorf("%s is of no statement", path)
		}
	}
}

// sortsFew are the statements that sort all that they find, and why that is little.
var sortsFew = map[string]string{
	"account_running":    "the workers have no more in hand",
	"callback_replays":   "a callback has three at most",
	"batch_attempts":     "retries end after some",
	"results":            "no more batches than fill a page",
	"log_by_http_status": "there is a bound, run.MaxLogLooked",
	"all_by_finished":    "those of one moment, by their ids",
}

func TestEachStatementOfTheHistoryHasTheSettingsThroughAPooler(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no pooler")
	}
	s := storetest.Open(t)
	e := newEstate(t, s, "a")
	alone := 0
	count := func(db *gorm.DB) {
		if _, inTx := db.Statement.ConnPool.(gorm.TxCommitter); !inTx && !db.DryRun { // which a subquery is
			alone++
		}
	}
	modelstest.NoError(t, s.DB().Callback().Query().Before("gorm:query").Register("alone", count))
	modelstest.NoError(t, s.DB().Callback().Row().Before("gorm:row").Register("alone", count))
	s.Share()
	for key, read := range histories() {
		alone = 0
		modelstest.NoError(t, read(t.Context(), s, e))
		if alone > 0 && key != "answers" { // by their ids
			t.Errorf("%s is no transaction's", key)
		}
	}
}

const throughLine = "-- Through "

func engine() string {
	if storetest.OnPostgres() {
		return "postgres"
	}
	return "sqlite"
}

// indexesOf are the indexes through which a statement comes to the tables of the history. None of these may be read as
// a whole, or sorted.
func indexesOf(t *testing.T, s *store.Store, name, statement string) []string {
	t.Helper()
	if storetest.OnPostgres() {
		w := ways{indexes: map[string]bool{}}
		w.add(explain(t, s, statement), false)
		for _, fault := range w.faults {
			t.Errorf("%s: %s", name, fault)
		}
		if w.sorted && sortsFew[name] == "" && !slices.Contains(looksThroughFew, name) {
			t.Errorf("%s sorts what an index has in order", name)
		}
		return slices.Sorted(maps.Keys(w.indexes))
	}
	indexes := map[string]bool{}
	var steps []struct{ Detail string }
	arguments := make([]any, strings.Count(statement, "?")) // any would do
	modelstest.NoError(t, s.DB().Raw("EXPLAIN QUERY PLAN "+statement, arguments...).Scan(&steps).Error)
	for _, step := range steps {
		m := sqliteStep.FindStringSubmatch(step.Detail)
		switch {
		case m == nil || !slices.Contains(historyTables, m[1]):
		case m[3] != "":
			indexes[m[3]] = true
		case strings.HasSuffix(m[2], "PRIMARY KEY"):
			indexes[m[1]+"_pkey"] = true
		default:
			t.Errorf("%s: %s", name, step.Detail)
		}
	}
	return slices.Sorted(maps.Keys(indexes))
}

var (
	historyTables = []string{
		"callbacks", "callback_attempts", "runs", "run_batches", "batch_attempts", "callback_health_hours", "callback_health_parts",
	}
	sqliteStep = regexp.MustCompile(
		`^(?:SEARCH|SCAN) (\w+)(?: EXISTS)?(?: USING ((?:INTEGER )?PRIMARY KEY|(?:COVERING )?INDEX (\w+)))?`,
	)
	placeholder = regexp.MustCompile(`\$\d+`)
)

// explain is the plan that Postgres makes for any arguments, under the settings that the store's transactions have.
func explain(t *testing.T, s *store.Store, statement string) planNode {
	t.Helper()
	arguments := map[string]bool{}
	for _, p := range placeholder.FindAllString(statement, -1) {
		arguments[p] = true
	}
	execute := "EXECUTE stated"
	if n := len(arguments); n > 0 {
		execute += "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	var text string
	modelstest.NoError(t, s.DB().Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("PREPARE stated AS " + statement).Error; err != nil {
			return err
		}
		if err := tx.Raw("EXPLAIN (FORMAT JSON) " + execute).Scan(&text).Error; err != nil {
			return err
		}
		return tx.Exec("DEALLOCATE stated").Error
	}))
	var plans []struct{ Plan planNode }
	modelstest.NoError(t, json.Unmarshal([]byte(text), &plans))
	return plans[0].Plan
}

// ways are how a plan comes to the tables of the history.
type ways struct {
	indexes map[string]bool
	all     bool // of other tables too
	sorted  bool
	faults  []string
}

// add looks through a plan; sorted: what it reads without a limit is sorted above.
func (w *ways) add(p planNode, sorted bool) {
	switch {
	case p.Node == "Limit" || p.Parent == "InitPlan" || p.Parent == "SubPlan":
		sorted = false
	case strings.HasSuffix(p.Node, "Sort"):
		sorted = true
	}
	if p.Relation != "" && p.Index == "" {
		w.faults = append(w.faults, fmt.Sprintf("%s on %s", p.Node, p.Relation))
	}
	if (w.all || slices.Contains(historyTables, p.Relation)) && p.Index != "" {
		w.indexes[p.Index], w.sorted = true, w.sorted || sorted
	}
	for _, below := range p.Plans {
		w.add(below, sorted)
	}
}
