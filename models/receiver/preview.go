package receiver

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Preview shows a callback of a project as it would be sent: see callback.Service.Preview. To whoever may see the
// project. RATE_LIMITED after sixty within a minute, also of those that come to nothing.
func (s *Service) Preview(
	ctx context.Context, actor *models.Actor, in callback.ToPreview,
) (*callback.Preview, error) {
	if _, err := s.tenants.Project(ctx, actor, in.ProjectID); err != nil {
		return nil, err
	}
	key := actor.Name() + " " + models.RawIDText(in.ProjectID)
	err := s.db.InRateTx(ctx, func(tx RateTx) error { return previewRate.take(ctx, tx, key, s.engine.Now()) })
	if err != nil {
		return nil, err
	}
	return s.engine.Preview(ctx, actor, in)
}
