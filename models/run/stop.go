package run

import (
	"context"
	"net/http"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// StopRun ends a run before it is complete: batches that wait are not executed, the answers of those that are under
// way count no more, and the final callback says STOPPED. Editor and up. CONFLICT when the run has ended, or waits
// for its schedule.
func (s *Service) StopRun(ctx context.Context, actor *models.Actor, id int64) (*Run, error) {
	run, err := s.Run(ctx, actor.Scope(models.RoleViewer), id)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(run.AccountID, run.ProjectID, models.RoleEditor); err != nil {
		return nil, err
	}
	var final *callback.Callback
	err = s.db.InEndTx(ctx, func(tx EndTx) (err error) {
		run, final, err = s.stop(ctx, tx, run)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.engine.Wake(ctx, final)
	return run, nil
}

// stop returns the run as it is then, with its last callback.
func (s *Service) stop(ctx context.Context, tx EndTx, run *Run) (*Run, *callback.Callback, error) {
	at := s.engine.Now()
	if err := lockPages(ctx, tx, run); err != nil {
		return nil, nil, err
	}
	if err := tx.StopBatches(ctx, run.ID, at); err != nil {
		return nil, nil, err
	}
	run, err := tx.LockRun(ctx, run.ID)
	if err != nil {
		return nil, nil, err
	}
	if run.Status == Scheduled || run.Status == Created {
		return nil, nil, models.Conflict("runId", "the run waits for its schedule; pause or cancel that")
	}
	held := run.holds()
	if err := run.become(Stopped, at); err != nil {
		return nil, nil, models.Conflict("runId", "the run has ended already, as %s", run.Status)
	}
	run.OpenBatches = 0
	run.Error = ownError(http.StatusUnprocessableEntity, models.LabelActionAborted,
		"The run was stopped", run.UID.String())
	if err := tx.UpdateRuns(ctx, run); err != nil {
		return nil, nil, err
	}
	final, err := raiseFinal(ctx, s.engine, tx, run)
	if err != nil {
		return nil, nil, err
	}
	return run, final, s.rules.Quotas.reserve(ctx, tx, run.AccountID, run.holds().minus(held))
}
