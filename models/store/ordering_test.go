package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// inLine gives a callback an ordering key, and holds it if others are before it.
func inLine(key string, held bool) func(*callback.Callback) {
	return func(c *callback.Callback) {
		c.OrderingKey = key
		if held {
			c.Held, c.NextAttemptAt = true, nil
		}
	}
}

func TestHeldCallbackIsNeitherDueNorClaimedNorCounted(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	first := newCallback(t, s, n, start, on(shared), inLine("line", false))
	second := newCallback(t, s, n, start, on(shared), inLine("line", true))
	if got := read(t, s, second.ID); !got.Held || got.NextAttemptAt != nil || got.OrderingKey != "line" {
		t.Errorf("got %+v", got)
	}
	later := start.Add(time.Hour)
	if due, err := s.CountDue(t.Context(), callback.LeasedCallbacks, later, 10); due != 1 || err != nil {
		t.Errorf("%d are due, %v", due, err)
	}
	lanes := overdue(t, s, later)
	claimed, err := s.ClaimDue(t.Context(), of(to(shared), 10), later, later)
	modelstest.NoError(t, err)
	if !slices.Equal(lanes, keys(shared)) || !slices.Equal(ids(claimed), []int64{first.ID}) {
		t.Errorf("overdue %v, claimed %v", lanes, ids(claimed))
	}
	if n, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, later, 10); n != 1 || err != nil {
		t.Errorf("interrupted %d, %v", n, err)
	}
	if got := read(t, s, second.ID); !got.Held {
		t.Errorf("the sweep has let it go: %+v", got)
	}
}

func TestLaneOfHeldCallbacksOnlyIsNotOverdue(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	newCallback(t, s, newCustomer(t, s, "a"), start, inLine("line", true))
	if got := overdue(t, s, start.Add(time.Hour)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestFirstOfTheHeldIsReleasedOneByOne(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	if empty, err := s.LineIsEmpty(t.Context(), "line"); !empty || err != nil {
		t.Errorf("before there is any: %t, %v", empty, err)
	}
	first := newCallback(t, s, n, start, inLine("line", false))
	held := []*callback.Callback{
		newCallback(t, s, n, start, inLine("line", true)), newCallback(t, s, n, start, inLine("line", true)),
	}
	newCallback(t, s, n, start, inLine("another line", true))
	newCallback(t, s, n, start) // of no line
	settle(t, s, first, callback.StatusFailed, 500)
	for i, want := range held {
		at := start.Add(time.Duration(i+1) * time.Minute)
		got, err := s.ReleaseNext(t.Context(), "line", at)
		modelstest.NoError(t, err)
		if got == nil || got.ID != want.ID || got.Held || !got.NextAttemptAt.Equal(at) || got.Lane != want.Lane {
			t.Fatalf("released %+v, want %d", got, want.ID)
		}
		settle(t, s, got, callback.StatusSuccess, 200)
	}
	if got, err := s.ReleaseNext(t.Context(), "line", start); got != nil || err != nil {
		t.Errorf("released %+v, %v", got, err)
	}
	for key, want := range map[string]bool{"line": true, "another line": false, "unknown": true} {
		if empty, err := s.LineIsEmpty(t.Context(), key); empty != want || err != nil {
			t.Errorf("%s: %t, %v", key, empty, err)
		}
	}
}

func TestWhoLocksALineWaitsForItsEndAndNotForOthers(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	locked, done := make(chan struct{}), atomic.Bool{}
	modelstest.AtOnce(2, func(i int) {
		if i == 1 {
			<-locked
		}
		err := s.Transaction(t.Context(), func(tx *store.Store) error {
			if err := tx.LockKey(t.Context(), "line"); err != nil {
				return err
			}
			if i == 1 && !done.Load() {
				t.Error("two have the lock")
			}
			if i == 0 {
				close(locked)
				// Another line is free, and so is the same one for who has it. On SQLite transactions are alone anyway.
				noWait := errors.Join(tx.LockKey(t.Context(), "line"), tx.LockKey(t.Context(), "another"))
				done.Store(true)
				return noWait
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Who holds a line raises notices of the same run or job; who has locked that waits for the line.
func TestLockedRowCanBePointedAt(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite's transactions are alone")
	}
	s := storetest.Open(t)
	e := newEstate(t, s, "a")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a failure only
	defer cancel()
	err := s.Transaction(ctx, func(tx *store.Store) error {
		_, err1 := tx.LockRun(ctx, e.work.run.ID)
		_, err2 := tx.LockJobs(ctx, e.job.ID)
		_, err3 := tx.LockProject(ctx, everything(), e.project.ID)
		_, err4 := tx.LockCallback(ctx, everything(), e.callback.ID)
		created := make(chan error)
		go func() {
			c := *e.callback
			c.UID, c.DedupKey, c.Source.Of, c.CauseID = e.job.UUID, "notice", e.work.run.ObjectID(), &e.callback.ID
			ofJob := c
			ofJob.UID, ofJob.DedupKey, ofJob.Source.Of = newUID(), "notice of the job", e.job.ObjectID()
			created <- s.CreateCallbacks(ctx, &c, &ofJob)
		}()
		return errors.Join(err1, err2, err3, err4, <-created)
	})
	modelstest.NoError(t, err)
}

// plan explains a statement.
func plan(t *testing.T, s *store.Store, statement string, args ...any) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if storetest.OnPostgres() {
		explain = "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) "
	}
	rows, err := s.DB().Raw(explain+statement, args...).Rows()
	modelstest.NoError(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	modelstest.NoError(t, err)
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		modelstest.NoError(t, rows.Scan(values...))
		if text, ok := (*values[len(values)-1].(*any)).(string); ok { // the last column has the words
			lines = append(lines, text)
		}
	}
	modelstest.NoError(t, rows.Err())
	return strings.Join(lines, "\n")
}

func TestHeldCallbacksAreNoneOfTheClaimsBusiness(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallback(t, s, n, start, on(shared), inLine("line", false))
	modelstest.NoError(t, s.Transaction(t.Context(), func(tx *store.Store) error {
		like := newCallback(t, tx, n, start, on(shared), inLine("line", true))
		for range 300 {
			c := *like
			c.UID = newUID()
			c.Ref, c.DedupKey = c.UID, c.UID.String()
			if err := tx.CreateCallbacks(t.Context(), &c); err != nil {
				return err
			}
		}
		return nil
	}))
	// Most of them have ended, as in a history of some length.
	modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET status = 'SUCCESS', held = FALSE, next_attempt_at = NULL, "+
		"finished_at = 1 WHERE held AND id % 10 > 0").Error)
	modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	for name, test := range map[string]struct {
		statement string
		args      []any
		index     string
	}{
		"what is claimed": {
			"SELECT id FROM callbacks WHERE lane = ? AND " + store.IsPending + " AND next_attempt_at <= ? ORDER BY " +
				"next_attempt_at, id LIMIT 10",
			[]any{to(shared).String(), start.UnixMicro()},
			"callbacks_lanes",
		},
		"the lanes":   {"SELECT min(lane) FROM callbacks WHERE " + store.IsPending, nil, "callbacks_lanes"},
		"who is next": {"SELECT id FROM (?) AS next", []any{s.QueryNext(t.Context(), "line")}, "callbacks_line"},
	} {
		// Their index does not have the held ones, so that nothing of them is read and thrown away.
		got := plan(t, s, test.statement, test.args...)
		if !strings.Contains(got, test.index) || strings.Contains(got, "Sort") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, got)
		}
		if test.index == "callbacks_lanes" && strings.Contains(got, "Removed by Filter") {
			t.Errorf("%s: rows are read in vain: %s", name, got)
		}
	}
}
