package tenant

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Pause is that a person has callbacks wait: those of a project, or of all projects of an account.
type Pause struct {
	PausedAt       *time.Time // nil: they do not wait
	PausedByUserID *int64     // nil where a key has paused them
}

// Paused tells whether callbacks wait.
func (p Pause) Paused() bool { return p.PausedAt != nil }

// PauseCallbacks lets no callback of an owner leave any more but those that are under way; all are kept. Editor and up.
// What is paused already stays as it is.
func (s *Service) PauseCallbacks(ctx context.Context, actor *models.Actor, of CallbackOwner) (Configured, error) {
	return s.changePause(ctx, actor, of, func(p *Pause) {
		if !p.Paused() {
			*p = Pause{PausedAt: new(s.now()), PausedByUserID: actor.CreatorID()}
		}
	})
}

// ResumeCallbacks lets the callbacks of an owner leave again. Editor and up. Workers make due within seconds what waits;
// where both a project and its account are paused, both are to be resumed.
func (s *Service) ResumeCallbacks(ctx context.Context, actor *models.Actor, of CallbackOwner) (Configured, error) {
	return s.changePause(ctx, actor, of, func(p *Pause) { *p = Pause{} })
}

// changePause writes nothing where change leaves everything as it is.
func (s *Service) changePause(
	ctx context.Context, actor *models.Actor, of CallbackOwner, change func(*Pause),
) (Configured, error) {
	if of.ProjectID != 0 {
		return s.changeProject(ctx, actor, of.ProjectID, nil, models.RoleEditor, func(p *Project) error {
			change(&p.Pause)
			return nil
		})
	}
	return s.changeAccount(ctx, actor, of.AccountID, nil, models.RoleEditor, func(a *Account) error {
		change(&a.Pause)
		return nil
	})
}
