package store

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

type reportDownloadRow struct {
	ID                 int64
	AccountID          int64
	ProjectID          int64
	CrawlID            int64
	ReportTemplateCode string
	ReportTypeCode     crawl.ReportTypeCode
	SegmentID          *int64
	CreatedByUserID    *int64
	Status             crawl.ReportDownloadStatus
	FileURL            *string
	CreatedAt          int64 `gorm:"autoCreateTime:false"`
	FinishedAt         *int64
}

func (reportDownloadRow) TableName() string { return "report_downloads" }

func reportDownload(r reportDownloadRow) (*crawl.ReportDownload, error) {
	return &crawl.ReportDownload{
		ID: r.ID, AccountID: r.AccountID, ProjectID: r.ProjectID, CrawlID: r.CrawlID,
		ReportTemplateCode: r.ReportTemplateCode, ReportTypeCode: r.ReportTypeCode, SegmentID: r.SegmentID,
		CreatedByUserID: r.CreatedByUserID, Status: r.Status, FileURL: r.FileURL,
		CreatedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

// ReportDownloads finds report downloads by id.
func (s *Store) ReportDownloads(
	ctx context.Context, scope models.Scope, ids ...int64,
) ([]*crawl.ReportDownload, error) {
	db := ofProject(s.reader(ctx), scope)
	if scope.SSOClientID() != 0 { // the file is what the callback's body tells
		db = db.Select("id, account_id, project_id, crawl_id, report_template_code, report_type_code, segment_id, "+
			"created_by_user_id, status, created_at, finished_at, CASE WHEN account_id IN ("+accountsOfPartner(scope.Payloads())+
			") THEN file_url END AS file_url", scope.SSOClientID())
	}
	return find(db.Where(s.among("id", &ids)), reportDownload)
}

// LockReportDownloads reads report downloads for an update.
func (s *Store) LockReportDownloads(ctx context.Context, ids ...int64) ([]*crawl.ReportDownload, error) {
	return find(s.locking(ctx).Where(s.among("id", &ids)).Order("id"), reportDownload)
}

// CreateReportDownload inserts a report download; a given id that is taken changes nothing.
func (s *Store) CreateReportDownload(ctx context.Context, d *crawl.ReportDownload) (bool, error) {
	row := reportDownloadRow{
		ID: d.ID, AccountID: d.AccountID, ProjectID: d.ProjectID, CrawlID: d.CrawlID,
		ReportTemplateCode: d.ReportTemplateCode, ReportTypeCode: d.ReportTypeCode, SegmentID: d.SegmentID,
		CreatedByUserID: d.CreatedByUserID, Status: d.Status, FileURL: d.FileURL,
		CreatedAt: micros(d.CreatedAt), FinishedAt: microsPtr(d.FinishedAt),
	}
	isNew, err := insert(ctx, s, &row, &row.ID, "report_downloads")
	d.ID = row.ID
	return isNew, err
}

// UpdateReportDownload writes what can change of a report download.
func (s *Store) UpdateReportDownload(ctx context.Context, d *crawl.ReportDownload) error {
	return mustChange(s.writer(ctx).Model(&reportDownloadRow{}).Where("id = ?", d.ID).Updates(map[string]any{
		"created_by_user_id": d.CreatedByUserID, "status": d.Status, "file_url": d.FileURL,
		"finished_at": microsPtr(d.FinishedAt),
	}), models.TypeReportDownload)
}
