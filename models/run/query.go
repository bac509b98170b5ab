package run

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// Filter narrows a list of runs. What is empty narrows nothing.
type Filter struct {
	Status        []Status
	Action        []string   // by name
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
}

// Check tells whether the filter has too many values. The error is BAD_USER_INPUT.
func (f Filter) Check() error {
	return models.AllProblems(
		models.CheckFilterValues("status", len(f.Status)), models.CheckFilterValues("action", len(f.Action)),
	)
}

// withoutImpossible makes names that no action can have empty, which none has either: Postgres refuses to look for
// some texts.
func (f Filter) withoutImpossible() Filter {
	f.Action = slices.Clone(f.Action)
	for i, name := range f.Action {
		if !actionPattern.MatchString(name) {
			f.Action[i] = ""
		}
	}
	return f
}

// Parent says whose runs a list holds.
type Parent string

// Those that have runs.
const (
	OfProject  Parent = "project"
	OfSchedule Parent = "schedule"
)

// Reader reads runs, their actions and their schedules, within a caller's scope. It returns those of the given ids
// that are there, in no order, and a page for each of the given owners, in one statement.
type Reader interface {
	// Actions and ActionPages are of accounts; pages have the newest first.
	Actions(ctx context.Context, scope models.Scope, ids ...int64) ([]*Action, error)
	ActionByName(ctx context.Context, scope models.Scope, accountID int64, name string) (*Action, error)
	ActionPages(
		ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Action], error)
	CountActions(ctx context.Context, scope models.Scope, accountIDs []int64) (map[int64]int, error)

	// Schedules and SchedulePages are of projects; pages have the newest first.
	Schedules(ctx context.Context, scope models.Scope, ids ...int64) ([]*Schedule, error)
	SchedulePages(
		ctx context.Context, scope models.Scope, projectIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Schedule], error)
	CountSchedules(ctx context.Context, scope models.Scope, projectIDs []int64) (map[int64]int, error)

	// Runs returns runs without the headers of their callbacks, and so do RunByUID and RunPages, which has the newest
	// first.
	Runs(ctx context.Context, scope models.Scope, ids ...int64) ([]*Run, error)
	RunByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*Run, error)
	RunPages(
		ctx context.Context, scope models.Scope, of Parent, ids []int64, filter Filter, page models.Page,
	) (map[int64]*models.PageOf[*Run], error)
	CountRuns(ctx context.Context, scope models.Scope, of Parent, ids []int64, filter Filter) (map[int64]int, error)

	// Batches returns batches without their results, and so does BatchPages, in the order of creation.
	Batches(ctx context.Context, scope models.Scope, ids ...int64) ([]*Batch, error)
	BatchPages(
		ctx context.Context, scope models.Scope, runIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Batch], error)
	CountBatches(ctx context.Context, scope models.Scope, runIDs []int64) (map[int64]int, error)
	// BatchAttempts returns the calls of the executor for batches, oldest first.
	BatchAttempts(ctx context.Context, scope models.Scope, batchIDs ...int64) ([]*BatchAttempt, error)
	// BatchesWithResults returns the batches of runs that have results, in the order of creation: a batch, and of
	// each run those after it until they hold at least so many.
	BatchesWithResults(
		ctx context.Context, scope models.Scope, runIDs []int64, fromBatchID int64, results int,
	) ([]*Batch, error)
}

// Query is a Reader for doors. A caller's scope is that of Actor.Scope with RoleViewer.
type Query struct{ Reader }

// Action returns one action.
func (q Query) Action(ctx context.Context, scope models.Scope, id int64) (*Action, error) {
	return models.One(q.Actions(ctx, scope, id))(models.TypeAction)
}

// Schedule returns one schedule.
func (q Query) Schedule(ctx context.Context, scope models.Scope, id int64) (*Schedule, error) {
	return models.One(q.Schedules(ctx, scope, id))(models.TypeSchedule)
}

// Run returns one run.
func (q Query) Run(ctx context.Context, scope models.Scope, id int64) (*Run, error) {
	return models.One(q.Runs(ctx, scope, id))(models.TypeRun)
}

// RunByUID returns one run. BAD_USER_INPUT on uid when it is no UUID.
func (q Query) RunByUID(ctx context.Context, scope models.Scope, uid string) (*Run, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, models.Invalid("uid", "must be a UUID")
	}
	return q.Reader.RunByUID(ctx, scope, id)
}

// RunPages lists the runs of each owner, newest first.
func (q Query) RunPages(
	ctx context.Context, scope models.Scope, of Parent, ids []int64, filter Filter, page models.Page,
) (map[int64]*models.PageOf[*Run], error) {
	return q.Reader.RunPages(ctx, scope, of, ids, filter.withoutImpossible(), page)
}

// CountRuns counts what RunPages lists.
func (q Query) CountRuns(
	ctx context.Context, scope models.Scope, of Parent, ids []int64, filter Filter,
) (map[int64]int, error) {
	return q.Reader.CountRuns(ctx, scope, of, ids, filter.withoutImpossible())
}

// Result is one result of a run with its place.
type Result struct {
	json.RawMessage
	batchID int64
	index   int
}

// ListCursor is the result's place in its run's list: batches come in the order of their creation, and their numbers
// are far from where the last six digits would matter.
func (r *Result) ListCursor() models.Cursor {
	return models.Cursor{ID: r.batchID*resultsPerBatch + int64(r.index)}
}

// resultsPerBatch is above what fits into an executor's answer of 1 MiB: a result and its comma have two bytes at
// least.
const resultsPerBatch = 1_000_000

// ResultPages lists the results of each run so far, batch by batch.
func (q Query) ResultPages(
	ctx context.Context, scope models.Scope, runIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*Result], error) {
	fromBatch, last := int64(0), -1
	if page.After != nil {
		fromBatch, last = page.After.ID/resultsPerBatch, int(page.After.ID%resultsPerBatch)
	}
	batches, err := q.BatchesWithResults(ctx, scope, runIDs, fromBatch, page.First+1)
	if err != nil {
		return nil, err
	}
	byRun := map[int64][]*Result{}
	for _, b := range batches {
		var list []json.RawMessage
		if err := json.Unmarshal(b.Results, &list); err != nil {
			return nil, err
		}
		for i, value := range list {
			if b.ID > fromBatch || i > last {
				byRun[b.RunID] = append(byRun[b.RunID], &Result{RawMessage: value, batchID: b.ID, index: i})
			}
		}
	}
	pages := make(map[int64]*models.PageOf[*Result], len(runIDs))
	for _, id := range runIDs {
		pages[id] = models.Cut(byRun[id], page)
	}
	return pages, nil
}
