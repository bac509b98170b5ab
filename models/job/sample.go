package job

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// composer makes the occasion of a job's last change to look at.
func (s *Service) composer() callback.Composer {
	return callback.Composer{
		Event: callback.JobUpdatedEvent, Field: "jobUuid", Happened: s.wasUpdated,
		Sample: func(at time.Time) callback.Occasion {
			sample := &Job{
				ID: 1, UUID: uuid.UUID{6: 0x70, 8: 0x80, 15: 1}, State: Completed, LastAction: new(Resolved), ChangeCount: 1,
				CreatedAt: at, UpdatedAt: at, CompletedAt: &at,
			}
			return sample.updated()
		},
	}
}

func (s *Service) wasUpdated(ctx context.Context, actor *models.Actor, of callback.Subject) (callback.Occasion, error) {
	id, err := uuid.Parse(of.UID)
	if err != nil {
		return callback.Occasion{}, models.Invalid(of.Field, "must be a UUID")
	}
	job, err := s.store.JobByUUID(ctx, actor.Scope(models.RoleViewer), id)
	if err != nil {
		return callback.Occasion{}, err
	}
	if job.LastAction == nil {
		return callback.Occasion{}, models.Conflict(of.Field, "nothing was done to this job yet")
	}
	return job.updated(), nil
}
