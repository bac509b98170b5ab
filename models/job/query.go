package job

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

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
