package crawl

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
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
	report, err := s.newReportDownload(crawl, 0, in)
	if err != nil {
		return nil, err
	}
	report.CreatedByUserID = actor.CreatorID()
	return report, s.inTx(ctx, func(tx Store) error { return tx.CreateReportDownload(ctx, report) })
}

// A colon would make the report id ambiguous.
var reportTemplatePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

func (s *Service) newReportDownload(crawl *Crawl, id int64, in NewReportDownload) (*ReportDownload, error) {
	if !reportTemplatePattern.MatchString(in.ReportTemplateCode) {
		return nil, models.Invalid("reportTemplateCode", "must be 1 to 100 letters, digits, _ or -")
	}
	return &ReportDownload{
		ID: id, AccountID: crawl.AccountID, ProjectID: crawl.ProjectID, CrawlID: crawl.ID,
		ReportTemplateCode: in.ReportTemplateCode, ReportTypeCode: in.ReportTypeCode, SegmentID: in.SegmentID,
		Status: ReportDownloadGenerating, CreatedAt: s.engine.Now(),
	}, nil
}

// ReportDownloadEnd is the input of FinishReportDownload. CrawlID and ReportTemplateCode are needed when the
// report download is new here.
type ReportDownloadEnd struct {
	ReportDownloadID   int64
	CrawlID            *int64
	ReportTemplateCode *string
	ReportTypeCode     *ReportTypeCode // default Basic
	SegmentID          *int64
	CreatedByUserID    *int64
	FileURL            string
}

// FinishReportDownload records that a report download was generated and, in the same transaction, its callback: nil
// when there is nowhere to call back to. The same call again returns the same entity and callback and sends nothing
// more; a newly signed FileURL does not change the first one. A call that contradicts an earlier one is a CONFLICT.
// Platform only.
func (s *Service) FinishReportDownload(
	ctx context.Context, actor *models.Actor, in ReportDownloadEnd,
) (*ReportDownload, *callback.Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if err := models.CheckID("reportDownloadId", in.ReportDownloadID); err != nil {
		return nil, nil, err
	}
	if _, err := models.CheckHTTPURL("fileUrl", in.FileURL, models.MaxFileURLBytes); err != nil {
		return nil, nil, err
	}
	var report *ReportDownload
	var raised *callback.Callback
	isNew := false
	err := s.inTx(ctx, func(tx Store) (err error) {
		if report, err = s.reportDownloadToFinish(ctx, tx, in); err != nil {
			return err
		}
		if err := report.contradicts(in); err != nil {
			return err
		}
		if report.FinishedAt != nil {
			raised, err = callback.Find(ctx, tx, generatedKey(report.ID))
			return err
		}
		isNew = true
		report.finish(in, s.engine.Now())
		if err := tx.UpdateReportDownload(ctx, report); err != nil {
			return err
		}
		crawl, err := models.One(tx.Crawls(ctx, actor.Scope(models.RoleViewer), report.CrawlID))(models.TypeCrawl)
		if err != nil {
			return err
		}
		raised, err = s.engine.Raise(ctx, tx, generatedOccasion(crawl, report))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if isNew {
		s.engine.Wake(ctx, raised)
	}
	return report, raised, nil
}

// generatedOccasion is that of the callback of a report download that was generated.
func generatedOccasion(crawl *Crawl, report *ReportDownload) callback.Occasion {
	return callback.Occasion{
		Event: callback.ReportDownloadGeneratedEvent, DedupKey: generatedKey(report.ID), ProjectID: crawl.ProjectID,
		Source:    callback.Source{Of: crawl.ObjectID(), Part: report.ObjectID()},
		CreatorID: cmp.Or(crawl.CreatedByUserID, report.CreatedByUserID),
		Render:    func(e callback.Envelope) ([]byte, error) { return reportDownloadBody(e, crawl, report) },
	}
}

func generatedKey(reportDownloadID int64) string {
	return "report-download-generated:" + models.RawIDText(reportDownloadID)
}

// reportDownloadToFinish returns the report download of the input, locked; one that is new here is made first.
func (s *Service) reportDownloadToFinish(ctx context.Context, tx Store, in ReportDownloadEnd) (*ReportDownload, error) {
	if in.CreatedByUserID != nil {
		if _, err := models.One(tx.Users(ctx, *in.CreatedByUserID))(tenant.TypeUser); err != nil {
			return nil, err
		}
	}
	known, err := tx.LockReportDownloads(ctx, in.ReportDownloadID)
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		return known[0], nil
	}
	if in.CrawlID == nil {
		return nil, models.Invalid("crawlId", "must be given when the report download is new here")
	}
	if in.ReportTemplateCode == nil {
		return nil, models.Invalid("reportTemplateCode", "must be given when the report download is new here")
	}
	crawl, err := models.One(
		tx.Crawls(ctx, models.PlatformActor().Scope(models.RoleViewer), *in.CrawlID),
	)(models.TypeCrawl)
	if err != nil {
		return nil, err
	}
	created := NewReportDownload{
		ReportTemplateCode: *in.ReportTemplateCode, ReportTypeCode: ReportBasic, SegmentID: in.SegmentID,
	}
	if in.ReportTypeCode != nil {
		created.ReportTypeCode = *in.ReportTypeCode
	}
	report, err := s.newReportDownload(crawl, in.ReportDownloadID, created)
	if err != nil {
		return nil, err
	}
	if err := tx.CreateReportDownload(ctx, report); err != nil {
		return nil, err
	}
	return models.One(tx.LockReportDownloads(ctx, in.ReportDownloadID))(models.TypeReportDownload)
}

func (r *ReportDownload) finish(in ReportDownloadEnd, at time.Time) {
	r.Status, r.FileURL, r.FinishedAt = ReportDownloadGenerated, &in.FileURL, &at
	if in.CreatedByUserID != nil {
		r.CreatedByUserID = in.CreatedByUserID
	}
}

// contradicts compares what is given with what is known; what is left out contradicts nothing.
func (r *ReportDownload) contradicts(in ReportDownloadEnd) error {
	switch {
	case in.CrawlID != nil && *in.CrawlID != r.CrawlID:
		return models.Conflict("crawlId", "report download %d belongs to crawl %d", r.ID, r.CrawlID)
	case in.ReportTemplateCode != nil && *in.ReportTemplateCode != r.ReportTemplateCode,
		in.ReportTypeCode != nil && *in.ReportTypeCode != r.ReportTypeCode,
		in.SegmentID != nil && (r.SegmentID == nil || *in.SegmentID != *r.SegmentID):
		return models.Conflict("reportTemplateCode", "report download %d is of report %s", r.ID, r.ReportID())
	}
	return nil
}

// ReportDownload returns one report download that the actor may see.
func (s *Service) ReportDownload(ctx context.Context, actor *models.Actor, id int64) (*ReportDownload, error) {
	return models.One(s.ReportDownloads(ctx, actor, id))(models.TypeReportDownload)
}

// ReportDownloads returns those of the given report downloads that the actor may see, in no order.
func (s *Service) ReportDownloads(ctx context.Context, actor *models.Actor, ids ...int64) ([]*ReportDownload, error) {
	return s.store.ReportDownloads(ctx, actor.Scope(models.RoleViewer), ids...)
}
