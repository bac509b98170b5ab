// Package job has the jobs: data points that people or machines of the platform resolve. Each change of one is told by
// a callback, in the order of the changes.
package job

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// State is how far a job is.
type State string

// States of jobs.
const (
	Scheduled  State = "SCHEDULED"
	InProgress State = "IN_PROGRESS"
	Failed     State = "FAILED"
	Suspended  State = "SUSPENDED"
	Canceled   State = "CANCELED"
	Expired    State = "EXPIRED"
	Completed  State = "COMPLETED"
)

// Action is what was done to a job.
type Action string

// Actions on jobs.
const (
	Resolved Action = "RESOLVED" // its state has changed
	Edited   Action = "EDITED"   // its output has changed
	Accepted Action = "ACCEPTED" // its output was marked correct
	Declined Action = "DECLINED" // its output was marked incorrect
)

// Job is a data point that people or machines of the platform resolve.
type Job struct {
	ID              int64
	UUID            uuid.UUID
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	State           State
	LastAction      *Action // nil as long as nothing was done to it
	ChangeCount     int     // how many callbacks it has had reason for
	Input           json.RawMessage
	Output          json.RawMessage // nil where there is none
	Metadata        json.RawMessage // nil where there is none
	Tags            []string
	CallbackURL     *string // of the request itself; nil: the project's, then the account's
	Correct         *bool   // nil as long as nobody has said so
	CreatedAt       time.Time
	UpdatedAt       time.Time
	CompletedAt     *time.Time // since when it is FAILED, CANCELED, EXPIRED or COMPLETED
}

// ObjectID returns the job's global id.
func (j *Job) ObjectID() models.ObjectID { return models.ObjectID{Type: models.TypeJob, Raw: j.ID} }

// RawID returns the job's number as text.
func (j *Job) RawID() string { return models.RawIDText(j.ID) }

// Owner is of a job's callbacks.
const Owner callback.Parent = models.TypeJob

// ListCursor is the job's place in a list.
func (j *Job) ListCursor() models.Cursor { return models.Cursor{At: j.CreatedAt, ID: j.ID} }

// Store is the database as jobs need it.
type Store interface {
	callback.Tx

	// Jobs returns jobs without their inputs, outputs and metadata, and so do JobByUUID and JobPages.
	Jobs(ctx context.Context, scope models.Scope, ids ...int64) ([]*Job, error)
	JobByUUID(ctx context.Context, scope models.Scope, id uuid.UUID) (*Job, error)
	// JobPages returns a page for each of the projects, newest first, in one statement.
	JobPages(
		ctx context.Context, scope models.Scope, projectIDs []int64, filter Filter, page models.Page,
	) (map[int64]*models.PageOf[*Job], error)
	CountJobs(ctx context.Context, scope models.Scope, projectIDs []int64, filter Filter) (map[int64]int, error)
	// LockJobs returns those of the given jobs that there are, without their inputs, outputs and metadata. It locks them
	// in the order of their ids.
	LockJobs(ctx context.Context, ids ...int64) ([]*Job, error)
	// JobHasOutput compares without reading it.
	JobHasOutput(ctx context.Context, id int64, output json.RawMessage) (bool, error)
	// CreateJobs sets the IDs.
	CreateJobs(ctx context.Context, jobs []*Job) error
	// UpdateJob leaves an output as it is that is nil.
	UpdateJob(ctx context.Context, j *Job) error
}

// Service has the use-cases of jobs. Its methods are safe for concurrent use.
type Service struct {
	engine   *callback.Service
	projects tenant.Queries
	store    Store
	inTx     models.InTx[Store]
}

// NewService wires jobs to the engine, whose purges delete them too, and to a database.
func NewService(engine *callback.Service, projects tenant.Queries, store Store, inTx models.InTx[Store]) *Service {
	engine.Upkeep.AddPurges(callback.PurgeOf(models.TypeJob))
	s := &Service{engine: engine, projects: projects, store: store, inTx: inTx}
	engine.AddComposers(s.composer())
	return s
}

// Limits of jobs.
const (
	MaxJobs = 1_000 // of one call
	MaxTags = 50    // of one job, each a text of at most 255 bytes
)

// NewJobs is the input of CreateJobs.
type NewJobs struct {
	ProjectID   int64
	Inputs      []json.RawMessage // any JSON values, 1 to 1,000: one job for each
	CallbackURL *string           // ends with a slash
	Metadata    json.RawMessage   // nil, or a JSON object that all of them have
	Tags        []string
}

// CreateJobs makes a job for each input. Editor and up. BAD_USER_INPUT, with all that is wrong, also where the jobs
// together would store more than models.MaxStoredBytes.
func (s *Service) CreateJobs(ctx context.Context, actor *models.Actor, in NewJobs) ([]*Job, error) {
	project, err := s.projects.Project(ctx, actor, in.ProjectID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, models.RoleEditor); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	at := s.engine.Now()
	jobs := make([]*Job, len(in.Inputs))
	for i, input := range in.Inputs {
		jobs[i] = &Job{
			UUID: models.NewUID(), AccountID: project.AccountID, ProjectID: project.ID, State: Scheduled,
			Input: input, CreatedByUserID: actor.CreatorID(),
			Metadata: in.Metadata, Tags: in.Tags, CallbackURL: in.CallbackURL, CreatedAt: at, UpdatedAt: at,
		}
	}
	return jobs, s.inTx(ctx, func(tx Store) error {
		if err := tx.CreateJobs(ctx, jobs); err != nil {
			return err
		}
		ids := make([]int64, len(jobs))
		for i, j := range jobs {
			ids[i] = j.ID
		}
		models.Made(ctx, ids...)
		return nil
	})
}

func (in NewJobs) check() error {
	return models.AllProblems(
		in.checkInputs(), in.checkTags(), in.checkMetadata(), in.checkCallbackURL(), in.checkStored(),
	)
}

func (in NewJobs) checkInputs() error {
	if len(in.Inputs) < 1 || len(in.Inputs) > MaxJobs {
		return models.Invalid("inputs", "must have 1 to %d elements, not %d", MaxJobs, len(in.Inputs))
	}
	for i, input := range in.Inputs {
		if !json.Valid(input) {
			return models.Invalid("inputs", "input %d: must be JSON", i+1)
		}
	}
	return nil
}

func (in NewJobs) checkTags() error {
	if len(in.Tags) > MaxTags {
		return models.Invalid("tags", "must have at most %d elements, not %d", MaxTags, len(in.Tags))
	}
	for _, tag := range in.Tags {
		if err := models.CheckName("tags", tag); err != nil {
			return err
		}
	}
	return nil
}

func (in NewJobs) checkMetadata() error {
	if in.Metadata != nil && !models.IsObject(in.Metadata) {
		return models.Invalid("metadata", "must be a JSON object")
	}
	return nil
}

func (in NewJobs) checkCallbackURL() error {
	if in.CallbackURL == nil {
		return nil
	}
	if err := models.CheckCallbackURL("callbackUrl", *in.CallbackURL); err != nil {
		return err
	}
	if !strings.HasSuffix(*in.CallbackURL, "/") {
		return models.Invalid("callbackUrl", "must end with a slash, as in https://example.com/callbacks/")
	}
	return nil
}

// checkStored: each job has its own input, and a copy of everything else.
func (in NewJobs) checkStored() error {
	inputs, tags, url := 0, 0, 0
	for _, input := range in.Inputs {
		inputs += len(input)
	}
	for _, tag := range in.Tags {
		tags += len(tag)
	}
	if in.CallbackURL != nil {
		url = len(*in.CallbackURL)
	}
	jobs := len(in.Inputs)
	return models.CheckStored(
		models.StoredText{Field: "inputs", Bytes: inputs},
		models.StoredText{Field: "metadata", Bytes: jobs * len(in.Metadata)},
		models.StoredText{Field: "tags", Bytes: jobs * tags}, models.StoredText{Field: "callbackUrl", Bytes: jobs * url},
	)
}
