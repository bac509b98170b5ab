package graph

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// newAction reads the settings in the input of createAction.
func newAction(input CreateActionInput) run.ActionSettings {
	return run.ActionSettings{
		Executor: endpointUpdate(graphql.OmittableOf(&input.ExecutorURL), input.ExecutorHeaders),
		PageSize: input.PageSize.Value(), Timeout: input.Timeout.Value(),
	}
}

// newRun reads the input of createRun.
func newRun(input CreateRunInput) (run.NewRun, error) {
	var ids ids
	in := run.NewRun{ProjectID: ids.read("projectId", tenant.TypeProject, input.ProjectID), Action: input.Action}
	if ids.err != nil {
		return in, ids.err
	}
	var inputs, on, unasked error
	in.Inputs, inputs = run.TakeInputs(input.Inputs, "customData")
	if p := input.Parameters.Value(); p != nil {
		in.MaxResults, in.PageSize = p.MaxResults.Value(), p.PageSize.Value()
	}
	if c := input.Callback.Value(); c != nil {
		if c.On == run.CallbackOnResult {
			on = badInput("callback.on", "must be ALL or FINAL")
		}
		in.Callback = &run.NewCallback{URL: c.URL, On: c.On}
		for _, h := range c.Headers.Value() {
			in.Callback.Headers = append(in.Callback.Headers, *h)
		}
	}
	schedule := input.Schedule.Value()
	if input.Mode == RunModeSchedule {
		in.Schedule = &run.NewSchedule{}
		if schedule != nil {
			*in.Schedule = run.NewSchedule{
				Cron: schedule.Cron.Value(), At: schedule.At.Value(), Timezone: schedule.Timezone.Value(),
				Overlap: schedule.Overlap,
			}
		}
	} else if schedule != nil {
		unasked = badInput("schedule", "must be left out unless the mode is SCHEDULE")
	}
	in.Unread = models.AllProblems(inputs, on, unasked)
	return in, nil
}

// changeSchedule carries out one of the mutations that only name a schedule.
func changeSchedule(
	ctx context.Context, id models.ObjectID, change func(context.Context, *models.Actor, int64) (*run.Schedule, error),
) (*run.Schedule, error) {
	raw, err := id.RawOf(models.TypeSchedule, "scheduleId")
	if err != nil {
		return nil, err
	}
	return change(ctx, models.ActorFrom(ctx), raw)
}

// orNil makes a JSON null a value that is left out.
func orNil(text json.RawMessage) json.RawMessage {
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	return text
}
