package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func newJob(n *customer, metadata json.RawMessage) *job.Job {
	return &job.Job{
		UUID: uuid.Must(uuid.NewV7()), AccountID: n.account.ID, ProjectID: n.project.ID, State: job.Scheduled,
		Input: json.RawMessage("{}"), Metadata: metadata, CreatedAt: start, UpdatedAt: start,
	}
}

// tooMuch is more than SQLite may take for a connection: the driver panics as it copies the value.
func tooMuch() json.RawMessage { return bytes.Repeat([]byte(" "), store.SQLiteMemory+1) }

func TestPanicOfTheDriverDoesNotKeepTheWriter(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("of SQLite's driver")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a failure only
	defer cancel()
	var told atomic.Int64
	s := storetest.Open(t, store.WithPanics(func(_ any, stack []byte) {
		if strings.Contains(string(stack), "sqlite3") {
			told.Add(1)
		}
	}))
	n := newCustomer(t, s, "A")
	failing := map[string]func() error{
		"in a transaction": func() error {
			return s.Transaction(ctx, func(tx *store.Store) error {
				if err := tx.CreateJobs(ctx, []*job.Job{newJob(n, nil)}); err != nil {
					t.Error(err)
				}
				return tx.CreateJobs(ctx, []*job.Job{newJob(n, tooMuch())})
			})
		},
		"going on after it": func() error {
			return s.Transaction(ctx, func(tx *store.Store) error {
				err := tx.CreateJobs(ctx, []*job.Job{newJob(n, tooMuch())})
				if err := tx.CreateJobs(ctx, []*job.Job{newJob(n, nil)}); err == nil {
					t.Error("a broken connection takes more")
				}
				return err
			})
		},
		"alone": func() error { return s.CreateJobs(ctx, []*job.Job{newJob(n, tooMuch())}) },
	}
	for name, fail := range failing {
		if err := fail(); err == nil || !strings.Contains(err.Error(), "panic of the SQLite driver") {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.CheckWritable(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		made := newJob(n, nil)
		if err := s.CreateJobs(ctx, []*job.Job{made}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if int(told.Load()) != len(failing) {
		t.Errorf("%d panics are told, want %d", told.Load(), len(failing))
	}
	counts, err := s.CountJobs(ctx, everything(), []int64{n.project.ID}, job.Filter{})
	if counts[n.project.ID] != len(failing) || err != nil {
		t.Errorf("%d jobs, %v: those of the transactions that failed are there", counts[n.project.ID], err)
	}
	pools, err := s.Pools()
	modelstest.NoError(t, err)
	if stats := pools["write"].Stats(); stats.InUse != 0 || stats.OpenConnections != 1 {
		t.Errorf("the pool that writes has %+v", stats)
	}
}

func TestPanicOfTheDriverDoesNotKeepAReader(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("of SQLite's driver")
	}
	s := storetest.Open(t)
	n := newCustomer(t, s, "A")
	for range 10 { // twice as many as there are
		_, err := s.CallbacksByDedupKey(t.Context(), string(tooMuch()))
		if err == nil {
			t.Fatal("it does not fail any more: the test has no reason")
		}
	}
	found, err := s.Projects(t.Context(), everything(), n.project.ID)
	if len(found) != 1 || err != nil {
		t.Errorf("%d, %v", len(found), err)
	}
}

func TestWriterThatIsHeldIsNoticed(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("Postgres has many writers")
	}
	s, url := storetest.OpenWithURL(t)
	for name, holder := range map[string]*store.Store{"this process": s, "another": storetest.OpenURL(t, url)} {
		err := holder.Transaction(t.Context(), func(*store.Store) error {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if s.CheckWritable(ctx) == nil {
				t.Error(name, "holds the lock, and it can be had")
			}
			return nil
		})
		modelstest.NoError(t, err)
		modelstest.NoError(t, s.CheckWritable(t.Context()))
	}
}

// One statement of all rows would exceed what SQLite may take, and on Postgres it would take many times as much as its
// rows.
func TestRowsGoInPartsByTheirBytes(t *testing.T) {
	t.Parallel()
	var inserts atomic.Int64
	s := storetest.Open(t, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) {
		if strings.Contains(statement, "INSERT") {
			inserts.Add(1)
		}
	}))
	n := newCustomer(t, s, "A")
	r := newWork(t, s, n).run
	const count = 3
	large := json.RawMessage(fmt.Sprintf("%q", strings.Repeat("x", 1<<19)))
	jobs, inputs, callbacks := make([]*job.Job, count), make([]*run.Input, count), make([]*callback.Callback, count)
	for i := range count {
		jobs[i] = newJob(n, large)
		inputs[i] = &run.Input{RunID: r.ID, Number: i + 2, Input: large, CustomData: large}
		callbacks[i] = &callback.Callback{
			UID: newUID(), Status: callback.StatusPending, Target: callback.TargetConfigured, Body: large,
			AccountID: n.account.ID,
			ProjectID: n.project.ID, DedupKey: newUID().String(), NextAttemptAt: &start, CreatedAt: start,
		}
	}
	ctx := t.Context()
	for name, c := range map[string]struct {
		create func() error
		want   int64
	}{
		// two, and what a row has beside, are more than 1 MiB
		"jobs":      {func() error { return s.CreateJobs(ctx, jobs) }, 3},
		"inputs":    {func() error { return s.CreateRunInputs(ctx, inputs) }, 3},
		"callbacks": {func() error { return s.CreateCallbacks(ctx, callbacks...) }, 3},
	} {
		inserts.Store(0)
		modelstest.NoError(t, c.create())
		if got := inserts.Load(); got != c.want {
			t.Errorf("%s: %d statements, want %d", name, got, c.want)
		}
	}
	for i := 1; i < count; i++ {
		if jobs[i].ID != jobs[i-1].ID+1 || inputs[i].ID != inputs[i-1].ID+1 || callbacks[i].ID != callbacks[i-1].ID+1 {
			t.Error("the ids do not follow each other:", jobs[i].ID, inputs[i].ID, callbacks[i].ID)
		}
	}
}

func TestPartsHaveSoManyRowsAndSoManyBytes(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for name, c := range map[string]struct{ sizes, want []int }{
		"none":          {nil, nil},
		"one":           {[]int{10 * mb}, []int{1}},
		"large and one": {[]int{10 * mb, 1}, []int{1, 1}},
		"one and large": {[]int{1, 10 * mb, 1}, []int{1, 1, 1}},
		"halves":        {[]int{mb/2 - 300, mb/2 - 300, mb/2 - 300}, []int{2, 1}},
		"many":          {make([]int, 1001), []int{500, 500, 1}},
	} {
		if got := store.PartLengths(c.sizes); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestStatementsOfManyShapesDoNotFillSQLitesMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it prepares some sixty megabytes of statements")
	}
	s := storetest.Open(t)
	n := newCustomer(t, s, "A")
	owners := make([]int64, models.MaxPageSize)
	for i := range owners {
		owners[i] = n.project.ID + int64(i)
	}
	// Each number of owners, and each number of values in a filter, makes another statement.
	for i := range 70 {
		filter := callback.Filter{Event: callback.EventNames()[:1+i%4], Status: callback.Statuses()[:1+i%3]}
		_, err := s.CallbackPages(t.Context(), n.scope(), callback.OfProject, owners[i%50:], filter, models.Page{First: 1})
		if err != nil {
			t.Fatalf("the statement number %d: %v", i, err)
		}
	}
}
