package run_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// halting fails at one statement, and counts those that follow in spite of it.
type halting struct{ failed, after int }

func (h *halting) fail() error {
	h.failed++
	return modelstest.ErrBroken
}

// follow counts a statement that is not made.
func (h *halting) follow() error {
	h.after++
	return modelstest.ErrBroken
}

type haltingSchedule struct {
	run.ScheduleTx
	*halting
}

func (h haltingSchedule) UpdateSchedules(context.Context, ...*run.Schedule) error { return h.fail() }

func (h haltingSchedule) UpdateRuns(context.Context, ...*run.Run) error { return h.follow() }

type haltingCreation struct {
	run.CreateTx
	*halting
}

func (h haltingCreation) CreateBatches(context.Context, []*run.Batch) error { return h.fail() }
func (h haltingCreation) UpdateRuns(context.Context, ...*run.Run) error     { return h.follow() }

func TestNoStatementFollowsOneThatHasFailed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule := w.Hourly()
	ports, h := w.Store.RunPorts(), &halting{}
	ports.InScheduleTx = modelstest.Through(ports.InScheduleTx, func(tx run.ScheduleTx) run.ScheduleTx {
		return haltingSchedule{tx, h}
	})
	ports.InCreateTx = modelstest.Through(ports.InCreateTx, func(tx run.CreateTx) run.CreateTx {
		return haltingCreation{tx, h}
	})
	runs := w.RunsOn(w.Service, ports)
	_, err := runs.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	_, err2 := runs.CreateRun(t.Context(), w.Editor, w.RunInput())
	if !errors.Is(err, modelstest.ErrBroken) || !errors.Is(err2, modelstest.ErrBroken) || h.failed != 2 ||
		h.after != 0 {
		t.Errorf("got %v, %v; %d have failed, and %d statements followed", err, err2, h.failed, h.after)
	}
}
