package models

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
)

// JobState is how far a job is.
type JobState string

// States of jobs.
const (
	JobScheduled  JobState = "SCHEDULED"
	JobInProgress JobState = "IN_PROGRESS"
	JobFailed     JobState = "FAILED"
	JobSuspended  JobState = "SUSPENDED"
	JobCanceled   JobState = "CANCELED"
	JobExpired    JobState = "EXPIRED"
	JobCompleted  JobState = "COMPLETED"
)

// JobAction is what was done to a job.
type JobAction string

// Actions on jobs.
const (
	JobResolved JobAction = "RESOLVED" // its state has changed
	JobEdited   JobAction = "EDITED"   // its output has changed
	JobAccepted JobAction = "ACCEPTED" // its output was marked correct
	JobDeclined JobAction = "DECLINED" // its output was marked incorrect
)

// Job is a data point that people or machines of the platform resolve.
type Job struct {
	ID              int64
	UUID            uuid.UUID
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	State           JobState
	LastAction      *JobAction // nil as long as nothing was done to it
	ChangeCount     int        // how many callbacks it has had reason for
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
func (j *Job) ObjectID() ObjectID { return ObjectID{TypeJob, j.ID} }

// RawID returns the job's number as text.
func (j *Job) RawID() string { return rawIDText(j.ID) }

// OwnerJob is of a job's callbacks.
const OwnerJob CallbackOwner = TypeJob

// JobSources are what a purge deletes of jobs.
const JobSources SourceKind = "jobs"

var jobPurges = []purging{purgeOf(JobSources)}

// ListCursor is the job's place in a list.
func (j *Job) ListCursor() Cursor { return Cursor{j.CreatedAt, j.ID} }

// JobStore keeps jobs.
type JobStore interface {
	// Jobs returns jobs without their inputs, outputs and metadata, and so do JobByUUID and JobPages.
	Jobs(ctx context.Context, scope Scope, ids ...int64) ([]*Job, error)
	JobByUUID(ctx context.Context, scope Scope, id uuid.UUID) (*Job, error)
	// JobPages returns a page for each of the projects, newest first, in one statement.
	JobPages(ctx context.Context, scope Scope, projectIDs []int64, filter JobFilter, page Page) (map[int64]*PageOf[*Job], error)
	CountJobs(ctx context.Context, scope Scope, projectIDs []int64, filter JobFilter) (map[int64]int, error)
	LockJob(ctx context.Context, id int64) (*Job, error)
	// CreateJobs sets the IDs.
	CreateJobs(ctx context.Context, jobs []*Job) error
	UpdateJob(ctx context.Context, j *Job) error
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

// CreateJobs makes a job for each input. Editor and up. BAD_USER_INPUT, with all that is wrong, also where the jobs together would store
// more than MaxStoredBytes.
func (s *Service) CreateJobs(ctx context.Context, actor *Actor, in NewJobs) ([]*Job, error) {
	project, err := s.Project(ctx, actor, in.ProjectID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, RoleEditor); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	at := s.now()
	jobs := make([]*Job, len(in.Inputs))
	for i, input := range in.Inputs {
		jobs[i] = &Job{
			UUID: newUID(), AccountID: project.AccountID, ProjectID: project.ID, State: JobScheduled, Input: input,
			Metadata: in.Metadata, Tags: in.Tags, CallbackURL: in.CallbackURL, CreatedAt: at, UpdatedAt: at,
		}
		if actor.User != nil {
			jobs[i].CreatedByUserID = &actor.User.ID
		}
	}
	return jobs, s.store.InTx(ctx, func(tx Store) error { return tx.CreateJobs(ctx, jobs) })
}

func (in NewJobs) check() error {
	return allProblems(in.checkInputs(), in.checkTags(), in.checkMetadata(), in.checkCallbackURL(), in.checkStored())
}

func (in NewJobs) checkInputs() error {
	if len(in.Inputs) < 1 || len(in.Inputs) > MaxJobs {
		return invalid("inputs", "must have 1 to %d elements, not %d", MaxJobs, len(in.Inputs))
	}
	for i, input := range in.Inputs {
		if !json.Valid(input) {
			return invalid("inputs", "input %d: must be JSON", i+1)
		}
	}
	return nil
}

func (in NewJobs) checkTags() error {
	if len(in.Tags) > MaxTags {
		return invalid("tags", "must have at most %d elements, not %d", MaxTags, len(in.Tags))
	}
	for _, tag := range in.Tags {
		if err := checkName("tags", tag); err != nil {
			return err
		}
	}
	return nil
}

func (in NewJobs) checkMetadata() error {
	if in.Metadata != nil && !isObject(in.Metadata) {
		return invalid("metadata", "must be a JSON object")
	}
	return nil
}

func (in NewJobs) checkCallbackURL() error {
	if in.CallbackURL == nil {
		return nil
	}
	if err := CheckCallbackURL("callbackUrl", *in.CallbackURL); err != nil {
		return err
	}
	if !strings.HasSuffix(*in.CallbackURL, "/") {
		return invalid("callbackUrl", "must end with a slash, as in https://example.com/callbacks/")
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
	return checkStored(
		storedText{"inputs", inputs}, storedText{"metadata", jobs * len(in.Metadata)}, storedText{"tags", jobs * tags},
		storedText{"callbackUrl", jobs * url},
	)
}

// JobChange is the input of UpdateJob.
type JobChange struct {
	JobID  int64
	State  *JobState // with RESOLVED: FAILED, SUSPENDED, CANCELED, EXPIRED or COMPLETED; else the job's, or nil
	Action JobAction
	Output json.RawMessage // nil: unchanged
}

// UpdateJob says what was done to a job and, in the same transaction, makes its callback: nil when there is nowhere to call
// back to. RESOLVED and COMPLETED a second time, with the same output, and ACCEPTED or DECLINED twice in a row, are the same
// call again: they return the same job and callback and send nothing more. Other changes that the job's state does not allow
// are a CONFLICT. Platform only.
func (s *Service) UpdateJob(ctx context.Context, actor *Actor, in JobChange) (*Job, *Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	var job *Job
	var callback *Callback
	repeated := false
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if job, err = tx.LockJob(ctx, in.JobID); err != nil {
			return err
		}
		if repeated = job.repeats(in); repeated {
			callback, err = callbackOf(ctx, tx, job.changeKey())
			return err
		}
		if err := job.change(in, s.now()); err != nil {
			return err
		}
		if err := tx.UpdateJob(ctx, job); err != nil {
			return err
		}
		o := occasion{
			event: JobUpdatedEvent, dedupKey: job.changeKey(), orderingKey: "job:" + job.RawID(), projectID: job.ProjectID,
			source: Source{Of: job.ObjectID()}, creatorID: job.CreatedByUserID,
			render: func(Envelope) ([]byte, error) { return jobUpdatedBody(job) },
		}
		if job.CallbackURL != nil {
			o.request = &Endpoint{URL: job.CallbackURL}
		}
		callback, err = s.raise(ctx, tx, o)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if !repeated {
		s.wake(ctx, callback)
	}
	return job, callback, nil
}
