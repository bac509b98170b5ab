package crawl

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// composers make the occasions of crawls and report downloads to look at.
func (s *Service) composers() []callback.Composer {
	return []callback.Composer{
		{
			Event: callback.CrawlFinishedEvent, Field: "crawlId", Happened: s.hasFinished,
			Sample: func(at time.Time) callback.Occasion { return finishedOccasion(sampleCrawl(at)) },
		},
		{
			Event: callback.ReportDownloadGeneratedEvent, Field: "reportDownloadId", Happened: s.wasGenerated,
			Sample: func(at time.Time) callback.Occasion {
				return generatedOccasion(sampleCrawl(at), sampleReportDownload(at))
			},
		},
	}
}

// Ids of samples.
const (
	sampleCrawlID          = 124234
	sampleReportDownloadID = 567890
)

func sampleCrawl(at time.Time) *Crawl {
	return &Crawl{ID: sampleCrawlID, Kind: Standard, Status: Finished, CreatedAt: at, FinishedAt: &at}
}

func sampleReportDownload(at time.Time) *ReportDownload {
	return &ReportDownload{
		ID: sampleReportDownloadID, CrawlID: sampleCrawlID, ReportTemplateCode: "all_pages", ReportTypeCode: ReportBasic,
		Status: ReportDownloadGenerated, FileURL: new("https://files.example.com/all_pages.zip"), CreatedAt: at,
		FinishedAt: &at,
	}
}

func (s *Service) hasFinished(
	ctx context.Context, actor *models.Actor, of callback.Subject,
) (callback.Occasion, error) {
	crawl, err := s.Crawl(ctx, actor, of.ID)
	if err != nil {
		return callback.Occasion{}, err
	}
	if crawl.Status != Finished || crawl.Kind != Standard {
		err = models.Conflict(of.Field, "only a standard crawl that has finished has a callback; this one is %s, of the "+
			"kind %s", crawl.Status, crawl.Kind)
	}
	return finishedOccasion(crawl), err
}

func (s *Service) wasGenerated(
	ctx context.Context, actor *models.Actor, of callback.Subject,
) (callback.Occasion, error) {
	report, err := s.ReportDownload(ctx, actor, of.ID)
	if err != nil {
		return callback.Occasion{}, err
	}
	crawl, err := s.Crawl(ctx, actor, report.CrawlID)
	if err != nil {
		return callback.Occasion{}, err
	}
	if report.Status != ReportDownloadGenerated {
		err = models.Conflict(of.Field, "this report download is not generated yet")
	}
	return generatedOccasion(crawl, report), err
}
