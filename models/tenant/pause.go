package tenant

import (
	"context"
	"errors"
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
	return s.changePause(ctx, actor, of, func(p *Pause) bool {
		if p.Paused() {
			return false
		}
		*p = Pause{PausedAt: new(s.now()), PausedByUserID: actor.CreatorID()}
		return true
	})
}

// ResumeCallbacks lets the callbacks of an owner leave again. Editor and up. Workers make due within seconds what waits;
// where both a project and its account are paused, both are to be resumed.
func (s *Service) ResumeCallbacks(ctx context.Context, actor *models.Actor, of CallbackOwner) (Configured, error) {
	return s.changePause(ctx, actor, of, func(p *Pause) bool {
		paused := p.Paused()
		*p = Pause{}
		return paused
	})
}

// errUnchanged is for a change that leaves everything as it is: nothing is written.
var errUnchanged = errors.New("nothing changes")

// changePause writes nothing where change says that there is nothing new.
func (s *Service) changePause(
	ctx context.Context, actor *models.Actor, of CallbackOwner, change func(*Pause) bool,
) (Configured, error) {
	changed := func(p *Pause) error {
		if !change(p) {
			return errUnchanged
		}
		return nil
	}
	if of.ProjectID != 0 {
		return s.changeProject(ctx, actor, of.ProjectID, nil, models.RoleEditor, func(p *Project) error {
			return changed(&p.Pause)
		})
	}
	return s.changeAccount(ctx, actor, of.AccountID, nil, models.RoleEditor, func(a *Account) error {
		return changed(&a.Pause)
	})
}

func unlessUnchanged(err error) error {
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
