package models

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// resolutions are the states that RESOLVED can bring a job to.
var resolutions = []JobState{JobFailed, JobSuspended, JobCanceled, JobExpired, JobCompleted}

// jobWays are the ways between the states of a job.
var jobWays = map[JobState][]JobState{
	JobScheduled:  resolutions,
	JobInProgress: resolutions,
	JobSuspended:  {JobFailed, JobCanceled, JobExpired, JobCompleted},
}

func (in JobChange) check() error {
	if in.Action == JobResolved && (in.State == nil || !slices.Contains(resolutions, *in.State)) {
		return invalid("state", "must be FAILED, SUSPENDED, CANCELED, EXPIRED or COMPLETED with RESOLVED")
	}
	if in.Action == JobEdited && in.Output == nil {
		return invalid("output", "must be given with EDITED")
	}
	if in.Output != nil && !json.Valid(in.Output) {
		return invalid("output", "must be JSON")
	}
	return nil
}

// repeats tells whether a change is the last one once more.
func (j *Job) repeats(in JobChange) bool {
	if j.LastAction == nil || *j.LastAction != in.Action || in.State != nil && *in.State != j.State {
		return false
	}
	sameOutput := in.Output == nil || bytes.Equal(in.Output, j.Output)
	return sameOutput && in.Action != JobEdited
}

// change does what was done. A job is edited and judged when it is COMPLETED.
func (j *Job) change(in JobChange, at time.Time) error {
	if in.Action == JobResolved {
		if !slices.Contains(jobWays[j.State], *in.State) {
			return Conflict("state", "a job that is %s cannot become %s", j.State, *in.State)
		}
		j.State = *in.State
		if j.State != JobSuspended {
			j.CompletedAt = &at
		}
	} else {
		if j.State != JobCompleted {
			return Conflict("action", "a job that is %s cannot be %s, only a COMPLETED one", j.State, in.Action)
		}
		if in.State != nil && *in.State != j.State {
			return Conflict("state", "only RESOLVED changes the state; the job is %s", j.State)
		}
	}
	if in.Action == JobAccepted || in.Action == JobDeclined {
		j.Correct = new(in.Action == JobAccepted)
	}
	if in.Output != nil {
		j.Output = in.Output
	}
	j.LastAction, j.UpdatedAt = &in.Action, at
	j.ChangeCount++
	return nil
}

// changeKey names the last change.
func (j *Job) changeKey() string { return "job:" + j.UUID.String() + ":" + strconv.Itoa(j.ChangeCount) }

// jobCallback is the body of a job's callbacks.
type jobCallback struct {
	ID     string    `json:"id"`
	UUID   uuid.UUID `json:"uuid"`
	State  JobState  `json:"state"`
	Action JobAction `json:"action"`
}

func jobUpdatedBody(j *Job) ([]byte, error) {
	return json.Marshal(jobCallback{ID: j.RawID(), UUID: j.UUID, State: j.State, Action: *j.LastAction})
}

// JobFilter narrows a list of jobs. What is empty narrows nothing.
type JobFilter struct {
	State         []JobState
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
}

// Check tells whether the filter has too many values. The error is BAD_USER_INPUT.
func (f JobFilter) Check() error { return checkFilterValues("state", len(f.State)) }

// Job returns one job that the actor may see.
func (s *Service) Job(ctx context.Context, actor *Actor, id int64) (*Job, error) {
	return one(s.Jobs(ctx, actor, id))(TypeJob)
}

// JobByUUID returns one job that the actor may see. BAD_USER_INPUT on uuid when it is none.
func (s *Service) JobByUUID(ctx context.Context, actor *Actor, text string) (*Job, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, invalid("uuid", "must be a UUID")
	}
	return s.store.JobByUUID(ctx, actor.Scope(RoleViewer), id)
}

// Jobs returns those of the given jobs that the actor may see, in no order.
func (s *Service) Jobs(ctx context.Context, actor *Actor, ids ...int64) ([]*Job, error) {
	return s.store.Jobs(ctx, actor.Scope(RoleViewer), ids...)
}

// JobPages lists the jobs of each project, newest first.
func (s *Service) JobPages(ctx context.Context, actor *Actor, projectIDs []int64, filter JobFilter, page Page) (map[int64]*PageOf[*Job], error) {
	return s.store.JobPages(ctx, actor.Scope(RoleViewer), projectIDs, filter, page)
}

// CountJobs counts what JobPages lists.
func (s *Service) CountJobs(ctx context.Context, actor *Actor, projectIDs []int64, filter JobFilter) (map[int64]int, error) {
	return s.store.CountJobs(ctx, actor.Scope(RoleViewer), projectIDs, filter)
}
