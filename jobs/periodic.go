package jobs

import (
	"context"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// purgeInterval is how often what is older than the retention goes.
	purgeInterval = time.Hour
	// sweepTimeout bounds a sweep, and fireTimeout the begin of all runs whose time has come: each of them takes
	// milliseconds, one with thousands of inputs a second, and the next look goes on where this one ended. Of a look that
	// hangs the store ends the statement.
	sweepTimeout = 5 * time.Second
	fireTimeout  = 30 * time.Second
	// rezoneTimeout bounds the look at all schedules at the start, of some milliseconds for each thousand; nothing fires
	// meanwhile.
	rezoneTimeout = 30 * time.Second
	// foldTimeout bounds how long counts are added up, of a hundred transactions of some milliseconds each.
	foldTimeout = 10 * time.Second
	// bulkTimeout bounds one look at bulk replays, of some twenty transactions of some 50 ms each.
	bulkTimeout = 10 * time.Second
)

// every does something at once and then at intervals, until the context ends. One that panics does not keep the next
// from it.
func every(
	ctx context.Context, interval time.Duration, troubles *models.Troubles, name string, do func(context.Context),
) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		_ = troubles.Catch(ctx, name, func() error { do(ctx); return nil }) // it is logged
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sweep, the first time at once: after a restart everything that is due is to be woken.
func (w *Worker) sweep(ctx context.Context) {
	stopping := ctx
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	var interrupted, woken int
	err := w.sweeps.try(func() (err error) {
		if err = w.service.Clock().Sync(ctx); err != nil {
			return err
		}
		interrupted, woken, err = w.service.Upkeep.Sweep(ctx)
		return err
	})
	w.metrics.swept.WithLabelValues("interrupted").Add(float64(interrupted))
	w.metrics.swept.WithLabelValues("woken").Add(float64(woken))
	if err != nil && stopping.Err() == nil {
		w.log.WarnContext(ctx, "sweep.failed", "error", err)
	} else if interrupted > 0 {
		w.log.WarnContext(ctx, "sweep.interrupted", "callbacks", interrupted)
	}
}

// rezone lets schedules fire by the rules of time zones that this process knows.
func (w *Worker) rezone(ctx context.Context) {
	stopping := ctx
	ctx, cancel := context.WithTimeout(models.LongStatements(ctx), rezoneTimeout)
	defer cancel()
	moved, err := w.runs.Firings.Rezone(ctx)
	if err != nil && stopping.Err() == nil {
		w.log.WarnContext(ctx, "schedule.not_rezoned", "error", err)
	}
	if moved > 0 {
		w.log.WarnContext(ctx, "schedule.rezoned", "schedules", moved, "meaning", "the rules of their time zones have "+
			"changed")
	}
}

// fire begins the runs whose time has come.
func (w *Worker) fire(ctx context.Context) {
	stopping := ctx
	ctx, cancel := context.WithTimeout(ctx, fireTimeout)
	defer cancel()
	fired, err := w.runs.Firings.Fire(ctx)
	if err != nil && stopping.Err() == nil {
		w.log.WarnContext(ctx, "schedule.not_fired", "error", err)
	}
	if fired > 0 {
		w.log.InfoContext(ctx, "schedule.fired", "schedules", fired)
	}
}

// fold adds up what became of callbacks.
func (w *Worker) fold(ctx context.Context) {
	stopping := ctx
	ctx, cancel := context.WithTimeout(ctx, foldTimeout)
	defer cancel()
	if _, err := w.service.Upkeep.FoldHealth(ctx); err != nil && stopping.Err() == nil {
		w.log.WarnContext(ctx, "health.not_added_up", "error", err)
	}
}

// replayAll lets bulk replays go on for as long as they have something to do.
func (w *Worker) replayAll(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		more = w.replaySome(ctx)
	}
}

func (w *Worker) replaySome(stopping context.Context) (more bool) {
	ctx, cancel := context.WithTimeout(stopping, bulkTimeout)
	defer cancel()
	more, err := w.service.Upkeep.AdvanceBulkReplays(ctx)
	if err != nil && stopping.Err() == nil {
		w.log.WarnContext(ctx, "bulk_replay.not_advanced", "error", err)
	}
	return more && err == nil
}

// purge also counts anew what accounts hold.
func (w *Worker) purge(ctx context.Context) {
	recounted, err := w.runs.RecountUsages(ctx)
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "quota.not_recounted", "error", err)
	}
	if recounted > 0 {
		w.log.InfoContext(ctx, "quota.recounted", "accounts", recounted)
	}
	w.tellPauses(ctx)
	gone, err := w.service.Upkeep.Purge(ctx, w.retention)
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "retention.failed", "error", err)
	}
	if len(gone) > 0 {
		w.log.InfoContext(ctx, "retention.purged",
			"callbacks", gone["callbacks"], "runs", gone["runs"], "payloads", gone["payloads"], "sources", gone["sources"],
			"health", gone["health"])
	}
}

// tellPauses says of what was paused a day ago that it still is.
func (w *Worker) tellPauses(ctx context.Context) {
	pauses, err := w.service.Upkeep.TellPauses(ctx)
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "pause.not_told", "error", err)
	}
	for _, p := range pauses {
		w.log.WarnContext(ctx, "callbacks.paused", "of", strings.ToLower(p.Of.Type), "id", p.Of.Raw, "since", p.Since,
			"meaning", "its callbacks wait and are kept, until somebody resumes them with resumeCallbacks")
	}
}
