package crawl

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
)

// ReportTypeCode is the kind of a report.
type ReportTypeCode string

// ReportBasic is the only kind there is yet.
const ReportBasic ReportTypeCode = "Basic"

// ReportDownloadStatus is how far a report download is.
type ReportDownloadStatus string

// Statuses of report downloads.
const (
	ReportDownloadGenerating ReportDownloadStatus = "Generating"
	ReportDownloadGenerated  ReportDownloadStatus = "Generated"
)

// ReportDownload is a report of a crawl as a file.
type ReportDownload struct {
	ID                 int64
	AccountID          int64
	ProjectID          int64
	CrawlID            int64
	ReportTemplateCode string
	ReportTypeCode     ReportTypeCode
	SegmentID          *int64
	CreatedByUserID    *int64
	Status             ReportDownloadStatus
	FileURL            *string
	CreatedAt          time.Time
	FinishedAt         *time.Time
}

// ObjectID returns the report download's global id.
func (r *ReportDownload) ObjectID() models.ObjectID {
	return models.ObjectID{Type: models.TypeReportDownload, Raw: r.ID}
}

// RawID returns the report download's number as text.
func (r *ReportDownload) RawID() string { return models.RawIDText(r.ID) }

// ReportID names the report: crawlId:reportTemplateCode:reportTypeCode, and :segmentId when segmented.
func (r *ReportDownload) ReportID() string {
	parts := []string{models.RawIDText(r.CrawlID), r.ReportTemplateCode, strings.ToLower(string(r.ReportTypeCode))}
	if r.SegmentID != nil {
		parts = append(parts, models.RawIDText(*r.SegmentID))
	}
	return strings.Join(parts, ":")
}

// NewReportDownload is the input of CreateReportDownload.
type NewReportDownload struct {
	CrawlID            int64
	ReportTemplateCode string
	ReportTypeCode     ReportTypeCode
	SegmentID          *int64
}

// CreateReportDownload asks for a report of a crawl as a file. Editor and up.
func (s *Service) CreateReportDownload(
	ctx context.Context, actor *models.Actor, in NewReportDownload,
) (*ReportDownload, error) {
	crawl, err := s.Crawl(ctx, actor, in.CrawlID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(crawl.AccountID, crawl.ProjectID, models.RoleEditor); err != nil {
		return nil, err
	}
	report, err := newReportDownload(crawl, 0, in, s.engine.Now())
	if err != nil {
		return nil, err
	}
	report.CreatedByUserID = actor.CreatorID()
	return report, s.inTx(ctx, func(tx Store) error {
		if _, err := tx.CreateReportDownload(ctx, report); err != nil {
			return err
		}
		models.Made(ctx, report.ID)
		return nil
	})
}

// A colon would make the report id ambiguous.
var reportTemplatePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

func checkTemplate(code string) error {
	if !reportTemplatePattern.MatchString(code) {
		return models.Invalid("reportTemplateCode", "must be 1 to 100 letters, digits, _ or -")
	}
	return nil
}

func newReportDownload(crawl *Crawl, id int64, in NewReportDownload, at time.Time) (*ReportDownload, error) {
	if err := checkTemplate(in.ReportTemplateCode); err != nil {
		return nil, err
	}
	return &ReportDownload{
		ID: id, AccountID: crawl.AccountID, ProjectID: crawl.ProjectID, CrawlID: crawl.ID,
		ReportTemplateCode: in.ReportTemplateCode, ReportTypeCode: in.ReportTypeCode, SegmentID: in.SegmentID,
		Status: ReportDownloadGenerating, CreatedAt: at,
	}, nil
}

// ReportDownload returns one report download that the actor may see.
func (s *Service) ReportDownload(ctx context.Context, actor *models.Actor, id int64) (*ReportDownload, error) {
	return models.One(s.ReportDownloads(ctx, actor, id))(models.TypeReportDownload)
}

// ReportDownloads returns those of the given report downloads that the actor may see, in no order.
func (s *Service) ReportDownloads(ctx context.Context, actor *models.Actor, ids ...int64) ([]*ReportDownload, error) {
	return s.reader.ReportDownloads(ctx, actor.Scope(models.RoleViewer), ids...)
}
