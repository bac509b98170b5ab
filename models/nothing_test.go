package models_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

// misses is a store that misses something else than what is asked for.
type misses struct{ models.Store }

func (s misses) InTx(ctx context.Context, f func(models.Store) error) error {
	return s.Store.InTx(ctx, func(tx models.Store) error { return f(misses{tx}) })
}

func (misses) LockWaitingRuns(context.Context, ...int64) ([]*models.Run, error) {
	return nil, models.NotFound(models.TypeAccount)
}

// missesReports is that store for report downloads.
type missesReports struct{ crawl.Store }

func (missesReports) LockReportDownloads(context.Context, ...int64) ([]*crawl.ReportDownload, error) {
	return nil, models.NotFound(models.TypeAccount)
}

func TestScheduleDoesNotEndBecauseSomethingElseIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	schedule := w.hourly()
	service := w.on(misses{w.store})
	_, err := service.PauseSchedule(t.Context(), w.editor, schedule.ID)
	wantError(t, err, models.CodeNotFound, "") // and no CONFLICT, as of one that has ended

	w.clock.advance(time.Hour)
	_, err = service.FireSchedules(t.Context())
	noError(t, err) // it was put off
	w.clock.advance(25 * time.Hour)
	_, err = service.FireSchedules(t.Context())
	wantError(t, err, models.CodeNotFound, "")
	if got := w.schedule(schedule.ID); got.Status != models.ScheduleActive {
		t.Errorf("the schedule is %s", got.Status)
	}
}

func TestReportDownloadIsNotNewBecauseSomethingElseIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := generated(567890, 0)
	in.CrawlID = nil // which one that is new needs
	crawls := w.crawlsOn(w.Service, func(ctx context.Context, f func(crawl.Store) error) error {
		return w.store.InCrawlTx(ctx, func(tx crawl.Store) error { return f(missesReports{tx}) })
	})
	_, _, err := crawls.FinishReportDownload(t.Context(), w.platform, in)
	wantError(t, err, models.CodeNotFound, "")
}
