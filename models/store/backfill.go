package store

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

// CrawlsAfter goes through the crawls of a project.
func (s *Store) CrawlsAfter(
	ctx context.Context, scope models.Scope, projectID int64, after models.Cursor, limit int,
) ([]*crawl.Crawl, error) {
	return planned(ctx, s, func(s *Store) ([]*crawl.Crawl, error) {
		within := scoped(s.reader(ctx), scope, "account_id", "project_id")
		return find(within.Where("project_id = ? AND (created_at, id) > (?, ?)", projectID, micros(after.At), after.ID).
			Order("created_at, id").Limit(limit), crawlOf)
	})
}

// ReportDownloadsAfter goes through the report downloads of crawls.
func (s *Store) ReportDownloadsAfter(
	ctx context.Context, crawlIDs []int64, since time.Time, after int64, limit int,
) ([]*crawl.ReportDownload, error) {
	return planned(ctx, s, func(s *Store) ([]*crawl.ReportDownload, error) {
		return find(s.reader(ctx).Where(s.among("crawl_id", &crawlIDs)).Where("finished_at >= ? AND id > ?", micros(since), after).
			Order("id").Limit(limit), reportDownload)
	})
}
