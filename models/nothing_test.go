package models_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
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
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule := w.Hourly()
	service := w.ServiceOn(misses{w.Store})
	_, err := service.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "") // and no CONFLICT, as of one that has ended

	w.Clock.Advance(time.Hour)
	_, err = service.FireSchedules(t.Context())
	modelstest.NoError(t, err) // it was put off
	w.Clock.Advance(25 * time.Hour)
	_, err = service.FireSchedules(t.Context())
	modelstest.WantError(t, err, models.CodeNotFound, "")
	if got := w.ReadSchedule(schedule.ID); got.Status != models.ScheduleActive {
		t.Errorf("the schedule is %s", got.Status)
	}
}

func TestReportDownloadIsNotNewBecauseSomethingElseIsMissing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	in := modelstest.ReportEnd(567890, 0)
	in.CrawlID = nil // which one that is new needs
	crawls := w.CrawlsOn(w.Service, func(ctx context.Context, f func(crawl.Store) error) error {
		return w.Store.InCrawlTx(ctx, func(tx crawl.Store) error { return f(missesReports{tx}) })
	})
	_, _, err := crawls.FinishReportDownload(t.Context(), w.Platform, in)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
