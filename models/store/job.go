package store

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

type jobRow struct {
	ID              int64
	UUID            uuid.UUID
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	State           job.State
	LastAction      *job.Action
	ChangeCount     int
	Input           []byte
	Output          []byte
	Metadata        []byte
	Tags            []byte
	CallbackURL     *string
	Correct         *bool
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	UpdatedAt       int64 `gorm:"autoUpdateTime:false"`
	CompletedAt     *int64
}

func (jobRow) TableName() string { return "jobs" }

func jobOf(r jobRow) (*job.Job, error) {
	j := &job.Job{
		ID: r.ID, UUID: r.UUID, AccountID: r.AccountID, ProjectID: r.ProjectID, CreatedByUserID: r.CreatedByUserID,
		State:      r.State,
		LastAction: r.LastAction, ChangeCount: r.ChangeCount, Input: r.Input, Output: jsonOrNil(r.Output),
		Metadata:    jsonOrNil(r.Metadata),
		CallbackURL: r.CallbackURL, Correct: r.Correct,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), CompletedAt: fromMicrosPtr(r.CompletedAt),
	}
	return j, json.Unmarshal(r.Tags, &j.Tags)
}

// jobColumns are all but the input, the output and the metadata, each of which can be as long as a request's body.
const jobColumns = "id, uuid, account_id, project_id, created_by_user_id, state, last_action, change_count, tags, " +
	"callback_url, correct, " +
	"created_at, updated_at, completed_at"

// InJobTx runs f in one transaction: job.NewService takes it.
func (s *Store) InJobTx(ctx context.Context, f func(job.Store) error) error {
	return s.Transaction(ctx, func(tx *Store) error { return f(tx) })
}

// Jobs finds jobs by id.
func (s *Store) Jobs(ctx context.Context, scope models.Scope, ids ...int64) ([]*job.Job, error) {
	return find(s.jobsWithin(ctx, scope).Select(jobColumns).Where(s.among("id", &ids)), jobOf)
}

// JobByUUID finds one job.
func (s *Store) JobByUUID(ctx context.Context, scope models.Scope, id uuid.UUID) (*job.Job, error) {
	return first(s.jobsWithin(ctx, scope).Select(jobColumns).Where("uuid = ?", id), models.TypeJob, jobOf)
}

// JobPages lists the jobs of projects.
func (s *Store) JobPages(
	ctx context.Context, scope models.Scope, projectIDs []int64, filter job.Filter, page models.Page,
) (map[int64]*models.PageOf[*job.Job], error) {
	return pagesOf(ctx, s, projectIDs, page, func(id int64) *gorm.DB {
		return s.filteredJobs(ctx, scope, filter).Select(jobColumns).Where("project_id = ?", id)
	}, jobOf, func(j *job.Job) int64 { return j.ProjectID })
}

// CountJobs counts what JobPages lists.
func (s *Store) CountJobs(
	ctx context.Context, scope models.Scope, projectIDs []int64, filter job.Filter,
) (map[int64]int, error) {
	return countBy(s.filteredJobs(ctx, scope, filter), "project_id", projectIDs)
}

func (s *Store) filteredJobs(ctx context.Context, scope models.Scope, filter job.Filter) *gorm.DB {
	db := s.jobsWithin(ctx, scope)
	if len(filter.State) > 0 {
		db = db.Where("state IN ?", filter.State)
	}
	if filter.CreatedAfter != nil {
		db = db.Where("created_at >= ?", micros(*filter.CreatedAfter))
	}
	if filter.CreatedBefore != nil {
		db = db.Where("created_at < ?", micros(*filter.CreatedBefore))
	}
	return db
}

// LockJobs reads jobs for an update.
func (s *Store) LockJobs(ctx context.Context, ids ...int64) ([]*job.Job, error) {
	return find(s.locking(ctx).Select(jobColumns).Where(s.among("id", &ids)).Order("id"), jobOf)
}

// JobHasOutput compares the output of a job.
func (s *Store) JobHasOutput(ctx context.Context, id int64, output json.RawMessage) (bool, error) {
	var n int64
	err := s.writer(ctx).Model(&jobRow{}).Where("id = ? AND output = ?", id, []byte(output)).Count(&n).Error
	return n > 0, err
}

// CreateJobs inserts jobs.
func (s *Store) CreateJobs(ctx context.Context, jobs []*job.Job) error {
	rows := make([]jobRow, len(jobs))
	for i, j := range jobs {
		tags, err := json.Marshal(j.Tags)
		if err != nil {
			return err
		}
		rows[i] = jobRow{
			UUID: j.UUID, AccountID: j.AccountID, ProjectID: j.ProjectID, CreatedByUserID: j.CreatedByUserID, State: j.State,
			Input: j.Input, Metadata: j.Metadata, Tags: tags, CallbackURL: j.CallbackURL,
			CreatedAt: micros(j.CreatedAt), UpdatedAt: micros(j.UpdatedAt),
		}
	}
	err := createParts(ctx, s, rows, func(r jobRow) int {
		return len(r.Input) + len(r.Metadata) + len(r.Tags) + len(textOf(r.CallbackURL))
	})
	for i, r := range rows {
		jobs[i].ID = r.ID
	}
	return err
}

// UpdateJob writes what can change of a job; an output that is nil stays what it is.
func (s *Store) UpdateJob(ctx context.Context, j *job.Job) error {
	changes := map[string]any{
		"state": j.State, "last_action": j.LastAction, "change_count": j.ChangeCount, "correct": j.Correct,
		"updated_at": micros(j.UpdatedAt), "completed_at": microsPtr(j.CompletedAt),
	}
	if j.Output != nil {
		changes["output"] = []byte(j.Output)
	}
	return mustChange(s.writer(ctx).Model(&jobRow{}).Where("id = ?", j.ID).Updates(changes), models.TypeJob)
}
