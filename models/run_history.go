package models

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// RunFilter narrows a list of runs. What is empty narrows nothing.
type RunFilter struct {
	Status        []RunStatus
	Action        []string   // by name
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
}

// Check tells whether the filter has too many values. The error is BAD_USER_INPUT.
func (f RunFilter) Check() error {
	return AllProblems(CheckFilterValues("status", len(f.Status)), CheckFilterValues("action", len(f.Action)))
}

// askable makes names that no action can have empty, which none has either: Postgres refuses to look for some texts.
func (f RunFilter) askable() RunFilter {
	f.Action = slices.Clone(f.Action)
	for i, name := range f.Action {
		if !actionPattern.MatchString(name) {
			f.Action[i] = ""
		}
	}
	return f
}

// RunOwner says whose runs a list holds.
type RunOwner string

// Owners of runs.
const (
	RunsOfProject  RunOwner = "project"
	RunsOfSchedule RunOwner = "schedule"
)

// RunHistory reads what became of runs.
type RunHistory interface {
	// Runs returns runs without the headers of their callbacks, and so do RunByUID and RunPages.
	Runs(ctx context.Context, scope Scope, ids ...int64) ([]*Run, error)
	RunByUID(ctx context.Context, scope Scope, uid uuid.UUID) (*Run, error)
	// RunPages returns a page for each of the owners, newest first, in one statement.
	RunPages(ctx context.Context, scope Scope, owner RunOwner, ids []int64, filter RunFilter, page Page) (map[int64]*PageOf[*Run], error)
	CountRuns(ctx context.Context, scope Scope, owner RunOwner, ids []int64, filter RunFilter) (map[int64]int, error)
	// Batches returns batches without their results.
	Batches(ctx context.Context, scope Scope, ids ...int64) ([]*Batch, error)
	// BatchPages returns a page for each of the runs, in the order of creation and without the results, in one statement.
	BatchPages(ctx context.Context, scope Scope, runIDs []int64, page Page) (map[int64]*PageOf[*Batch], error)
	CountBatches(ctx context.Context, scope Scope, runIDs []int64) (map[int64]int, error)
	BatchAttempts(ctx context.Context, scope Scope, batchIDs ...int64) ([]*BatchAttempt, error)
	// BatchesWithResults returns the batches of runs that have results, in the order of creation: a batch, and of each run those
	// after it until they hold at least so many.
	BatchesWithResults(ctx context.Context, scope Scope, runIDs []int64, fromBatchID int64, results int) ([]*Batch, error)
}

// Run returns one run that the actor may see.
func (s *Service) Run(ctx context.Context, actor *Actor, id int64) (*Run, error) {
	return One(s.Runs(ctx, actor, id))(TypeRun)
}

// RunByUID returns one run that the actor may see. BAD_USER_INPUT on uid when it is no UUID.
func (s *Service) RunByUID(ctx context.Context, actor *Actor, uid string) (*Run, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, Invalid("uid", "must be a UUID")
	}
	return s.store.RunByUID(ctx, actor.Scope(RoleViewer), id)
}

// Runs returns those of the given runs that the actor may see, in no order.
func (s *Service) Runs(ctx context.Context, actor *Actor, ids ...int64) ([]*Run, error) {
	return s.store.Runs(ctx, actor.Scope(RoleViewer), ids...)
}

// RunPages lists the runs of each owner, newest first.
func (s *Service) RunPages(ctx context.Context, actor *Actor, owner RunOwner, ids []int64, filter RunFilter, page Page) (map[int64]*PageOf[*Run], error) {
	return s.store.RunPages(ctx, actor.Scope(RoleViewer), owner, ids, filter.askable(), page)
}

// CountRuns counts what RunPages lists.
func (s *Service) CountRuns(ctx context.Context, actor *Actor, owner RunOwner, ids []int64, filter RunFilter) (map[int64]int, error) {
	return s.store.CountRuns(ctx, actor.Scope(RoleViewer), owner, ids, filter.askable())
}

// Batches returns those of the given batches that the actor may see, in no order and without their results.
func (s *Service) Batches(ctx context.Context, actor *Actor, ids ...int64) ([]*Batch, error) {
	return s.store.Batches(ctx, actor.Scope(RoleViewer), ids...)
}

// BatchPages lists the batches of each run, in the order of creation, without their results.
func (s *Service) BatchPages(ctx context.Context, actor *Actor, runIDs []int64, page Page) (map[int64]*PageOf[*Batch], error) {
	return s.store.BatchPages(ctx, actor.Scope(RoleViewer), runIDs, page)
}

// CountBatches counts what BatchPages lists.
func (s *Service) CountBatches(ctx context.Context, actor *Actor, runIDs []int64) (map[int64]int, error) {
	return s.store.CountBatches(ctx, actor.Scope(RoleViewer), runIDs)
}

// BatchAttempts returns the calls of the executor for batches, oldest first.
func (s *Service) BatchAttempts(ctx context.Context, actor *Actor, batchIDs ...int64) ([]*BatchAttempt, error) {
	return s.store.BatchAttempts(ctx, actor.Scope(RoleViewer), batchIDs...)
}

// Result is one result of a run with its place.
type Result struct {
	json.RawMessage
	batchID int64
	index   int
}

// ListCursor is the result's place in its run's list: batches come in the order of their creation, and their numbers are far
// from where the last six digits would matter.
func (r *Result) ListCursor() Cursor { return Cursor{ID: r.batchID*resultsPerBatch + int64(r.index)} }

// resultsPerBatch is above what fits into an executor's answer of 1 MiB: a result and its comma have two bytes at least.
const resultsPerBatch = 1_000_000

// ResultPages lists the results of each run so far, batch by batch.
func (s *Service) ResultPages(ctx context.Context, actor *Actor, runIDs []int64, page Page) (map[int64]*PageOf[*Result], error) {
	fromBatch, known := int64(0), -1
	if page.After != nil {
		fromBatch, known = page.After.ID/resultsPerBatch, int(page.After.ID%resultsPerBatch)
	}
	batches, err := s.store.BatchesWithResults(ctx, actor.Scope(RoleViewer), runIDs, fromBatch, page.First+1)
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
			if b.ID > fromBatch || i > known {
				byRun[b.RunID] = append(byRun[b.RunID], &Result{RawMessage: value, batchID: b.ID, index: i})
			}
		}
	}
	pages := make(map[int64]*PageOf[*Result], len(runIDs))
	for _, id := range runIDs {
		pages[id] = Cut(byRun[id], page.First)
	}
	return pages, nil
}
