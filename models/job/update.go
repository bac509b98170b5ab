package job

import (
	"bytes"
	"context"
	"slices"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Updated is a job that was changed, as that change left it, and the callback of that: see UpdateJob.
type Updated struct {
	Job      *Job
	Callback *callback.Callback
}

// UpdateJob says what was done to a job and, in the same transaction, makes its callback: nil when there is nowhere to
// call back to. RESOLVED and COMPLETED a second time, with the same output, and ACCEPTED or DECLINED twice in a row,
// are the same call again: they return the same job and callback and send nothing more. Other changes that the job's
// state does not allow are a CONFLICT. Platform only.
func (s *Service) UpdateJob(ctx context.Context, actor *models.Actor, in Change) (*Job, *callback.Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	done, err := s.updateJobs(ctx, []Change{in})
	if err != nil {
		return nil, nil, err
	}
	return done[0].Out.Job, done[0].Out.Callback, done[0].Err
}

// UpdateJobs does what UpdateJob does for many, in one transaction, as if one after the other. Those that are wrong
// change nothing. BAD_USER_INPUT where their outputs together are more than models.MaxStoredBytes. Platform only.
func (s *Service) UpdateJobs(
	ctx context.Context, actor *models.Actor, jobs []models.Entry[Change],
) ([]models.Outcome[Updated], error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	outputs := 0
	for _, e := range jobs {
		outputs += len(e.In.Output)
	}
	if err := models.CheckStored(models.StoredText{Field: "jobs", Bytes: outputs}); err != nil {
		return nil, err
	}
	return models.EachEntry("jobs", jobs, Change.check, func(in []Change) ([]models.Outcome[Updated], error) {
		return s.updateJobs(ctx, in)
	})
}

func (s *Service) updateJobs(ctx context.Context, in []Change) ([]models.Outcome[Updated], error) {
	done := make([]models.Outcome[Updated], len(in))
	var raised []*callback.Callback
	err := s.inTx(ctx, func(tx Store) error {
		known, err := s.jobsToUpdate(ctx, tx, in)
		if err != nil {
			return err
		}
		for i := range in {
			if done[i], err = known.update(ctx, in[i]); err != nil {
				return err
			}
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(known.changed))) {
			if err := tx.UpdateJob(ctx, known.jobs[id]); err != nil {
				return err
			}
		}
		raised = known.raised
		return callback.LineUp(ctx, tx, raised...)
	})
	if err != nil {
		return nil, err
	}
	s.engine.Wake(ctx, raised...)
	return done, nil
}

// jobsToUpdate is what a transaction that updates jobs knows, and what it has to write.
type jobsToUpdate struct {
	callback.Parties
	engine    *callback.Service
	tx        Store
	jobs      map[int64]*Job                // locked, as they are now
	callbacks map[string]*callback.Callback // of their last changes, by dedup key

	changed []int64
	raised  []*callback.Callback
}

// jobsToUpdate locks the jobs, and reads for all at once what the rules ask for.
func (s *Service) jobsToUpdate(ctx context.Context, tx Store, in []Change) (*jobsToUpdate, error) {
	var ids, projectIDs, userIDs []*int64
	for i := range in {
		ids = append(ids, &in[i].JobID)
	}
	known := &jobsToUpdate{
		engine: s.engine, tx: tx, jobs: map[int64]*Job{},
	}
	locked, err := tx.LockJobs(ctx, models.Distinct(ids)...)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, j := range locked {
		known.jobs[j.ID] = j
		projectIDs, userIDs = append(projectIDs, &j.ProjectID), append(userIDs, j.CreatedByUserID)
		if j.LastAction != nil {
			keys = append(keys, j.changeKey())
		}
	}
	if known.callbacks, err = callback.FindAll(ctx, tx, keys); err != nil {
		return nil, err
	}
	known.Parties, err = callback.ReadParties(ctx, tx, projectIDs, userIDs)
	return known, err
}

// update decides what comes of one change, after those before it. Its error says that none may be written.
func (k *jobsToUpdate) update(ctx context.Context, in Change) (done models.Outcome[Updated], err error) {
	before, ok := k.jobs[in.JobID]
	if !ok {
		done.Err = models.NotFound(models.TypeJob)
		return done, nil
	}
	repeated, err := k.repeats(ctx, before, in)
	if err != nil {
		return done, err
	}
	if repeated {
		done.Out = Updated{before, k.callbacks[before.changeKey()]}
		return done, nil
	}
	job := *before
	if done.Err = job.change(in, k.engine.Now()); done.Err != nil {
		return done, nil
	}
	raised, err := k.engine.Compose(ctx, k.tx, job.updated(), k.Parties)
	if err != nil {
		return done, err
	}
	k.jobs[job.ID], k.changed = &job, append(k.changed, job.ID)
	if raised != nil {
		k.callbacks[job.changeKey()], k.raised = raised, append(k.raised, raised)
	}
	done.Out = Updated{&job, raised}
	return done, nil
}

// repeats tells whether a change is the last one once more.
func (k *jobsToUpdate) repeats(ctx context.Context, j *Job, in Change) (bool, error) {
	switch {
	case !j.mayRepeat(in):
		return false, nil
	case in.Output == nil:
		return true, nil
	case j.Output != nil: // this transaction's
		return bytes.Equal(in.Output, j.Output), nil
	}
	return k.tx.JobHasOutput(ctx, j.ID, in.Output)
}
