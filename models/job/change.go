package job

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// resolutions are the states that RESOLVED can bring a job to.
var resolutions = []State{Failed, Suspended, Canceled, Expired, Completed}

// ways are the ways between the states of a job.
var ways = map[State][]State{
	Scheduled:  resolutions,
	InProgress: resolutions,
	Suspended:  {Failed, Canceled, Expired, Completed},
}

func (in Change) check() error {
	if in.Action == Resolved && (in.State == nil || !slices.Contains(resolutions, *in.State)) {
		return models.Invalid("state", "must be FAILED, SUSPENDED, CANCELED, EXPIRED or COMPLETED with RESOLVED")
	}
	if in.Action == Edited && in.Output == nil {
		return models.Invalid("output", "must be given with EDITED")
	}
	if in.Output != nil && !json.Valid(in.Output) {
		return models.Invalid("output", "must be JSON")
	}
	return nil
}

// repeats tells whether a change is the last one once more.
func (j *Job) repeats(in Change) bool {
	if j.LastAction == nil || *j.LastAction != in.Action || in.State != nil && *in.State != j.State {
		return false
	}
	sameOutput := in.Output == nil || bytes.Equal(in.Output, j.Output)
	return sameOutput && in.Action != Edited
}

// change does what was done. A job is edited and judged when it is COMPLETED.
func (j *Job) change(in Change, at time.Time) error {
	if in.Action == Resolved {
		if !slices.Contains(ways[j.State], *in.State) {
			return models.Conflict("state", "a job that is %s cannot become %s", j.State, *in.State)
		}
		j.State = *in.State
		if j.State != Suspended {
			j.CompletedAt = &at
		}
	} else {
		if j.State != Completed {
			return models.Conflict("action", "a job that is %s cannot be %s, only a COMPLETED one", j.State, in.Action)
		}
		if in.State != nil && *in.State != j.State {
			return models.Conflict("state", "only RESOLVED changes the state; the job is %s", j.State)
		}
	}
	if in.Action == Accepted || in.Action == Declined {
		j.Correct = new(in.Action == Accepted)
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

// payload is the body of a job's callbacks.
type payload struct {
	ID     string    `json:"id"`
	UUID   uuid.UUID `json:"uuid"`
	State  State     `json:"state"`
	Action Action    `json:"action"`
}

func updatedBody(j *Job) ([]byte, error) {
	return json.Marshal(payload{ID: j.RawID(), UUID: j.UUID, State: j.State, Action: *j.LastAction})
}

// Filter narrows a list of jobs. What is empty narrows nothing.
type Filter struct {
	State         []State
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
}

// Check tells whether the filter has too many values. The error is BAD_USER_INPUT.
func (f Filter) Check() error { return models.CheckFilterValues("state", len(f.State)) }

// Job returns one job that the actor may see.
func (s *Service) Job(ctx context.Context, actor *models.Actor, id int64) (*Job, error) {
	return models.One(s.Jobs(ctx, actor, id))(models.TypeJob)
}

// JobByUUID returns one job that the actor may see. BAD_USER_INPUT on uuid when it is none.
func (s *Service) JobByUUID(ctx context.Context, actor *models.Actor, text string) (*Job, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, models.Invalid("uuid", "must be a UUID")
	}
	return s.store.JobByUUID(ctx, actor.Scope(models.RoleViewer), id)
}

// Jobs returns those of the given jobs that the actor may see, in no order.
func (s *Service) Jobs(ctx context.Context, actor *models.Actor, ids ...int64) ([]*Job, error) {
	return s.store.Jobs(ctx, actor.Scope(models.RoleViewer), ids...)
}

// JobPages lists the jobs of each project, newest first.
func (s *Service) JobPages(
	ctx context.Context, actor *models.Actor, projectIDs []int64, filter Filter, page models.Page,
) (map[int64]*models.PageOf[*Job], error) {
	return s.store.JobPages(ctx, actor.Scope(models.RoleViewer), projectIDs, filter, page)
}

// CountJobs counts what JobPages lists.
func (s *Service) CountJobs(
	ctx context.Context, actor *models.Actor, projectIDs []int64, filter Filter,
) (map[int64]int, error) {
	return s.store.CountJobs(ctx, actor.Scope(models.RoleViewer), projectIDs, filter)
}
