package job

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// resolutions are the states that RESOLVED can bring a job to.
var resolutions = []State{Failed, Suspended, Canceled, Expired, Completed}

// ways are the ways between the states of a job.
var ways = map[State][]State{
	Scheduled:  resolutions,
	InProgress: resolutions,
	Suspended:  {Failed, Canceled, Expired, Completed},
}

// Change is the input of UpdateJob.
type Change struct {
	JobID  int64
	State  *State // with RESOLVED: FAILED, SUSPENDED, CANCELED, EXPIRED or COMPLETED; else the job's, or nil
	Action Action
	Output json.RawMessage // nil: unchanged
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

// mayRepeat tells whether a change is the last one once more, if its output is the job's.
func (j *Job) mayRepeat(in Change) bool {
	return j.LastAction != nil && *j.LastAction == in.Action && in.Action != Edited &&
		(in.State == nil || *in.State == j.State)
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

// updated is the occasion of the callback of a job's last change.
func (j *Job) updated() callback.Occasion {
	o := callback.Occasion{
		Event: callback.JobUpdatedEvent, DedupKey: j.changeKey(), OrderingKey: "job:" + j.RawID(), ProjectID: j.ProjectID,
		Source: callback.Source{Of: j.ObjectID()}, CreatorID: j.CreatedByUserID,
		Render: func(callback.Envelope) ([]byte, error) { return updatedBody(j) },
	}
	if j.CallbackURL != nil {
		o.Request = &models.Endpoint{URL: j.CallbackURL}
	}
	return o
}
