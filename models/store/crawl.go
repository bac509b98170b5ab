package store

import (
	"context"

	"github.com/ringback/ringback/models"
)

type crawlRow struct {
	ID              int64
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	Kind            models.CrawlKind
	Status          models.CrawlStatus
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	FinishedAt      *int64
}

func (crawlRow) TableName() string { return "crawls" }

func crawl(r crawlRow) (*models.Crawl, error) {
	return &models.Crawl{
		ID: r.ID, AccountID: r.AccountID, ProjectID: r.ProjectID, CreatedByUserID: r.CreatedByUserID, Kind: r.Kind,
		Status: r.Status, CreatedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

// Crawls finds crawls by id.
func (s *Store) Crawls(ctx context.Context, scope models.Scope, ids ...int64) ([]*models.Crawl, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where("id IN ?", ids), crawl)
}

// LockCrawl reads one crawl for an update.
func (s *Store) LockCrawl(ctx context.Context, id int64) (*models.Crawl, error) {
	return first(s.locking(ctx).Where("id = ?", id), models.TypeCrawl, crawl)
}

// CreateCrawl inserts a crawl; a given id that is taken changes nothing.
func (s *Store) CreateCrawl(ctx context.Context, c *models.Crawl) error {
	row := crawlRow{
		ID: c.ID, AccountID: c.AccountID, ProjectID: c.ProjectID, CreatedByUserID: c.CreatedByUserID, Kind: c.Kind,
		Status: c.Status, CreatedAt: micros(c.CreatedAt), FinishedAt: microsPtr(c.FinishedAt),
	}
	_, err := insert(ctx, s, &row, &row.ID, "crawls")
	c.ID = row.ID
	return err
}

// UpdateCrawl writes what can change of a crawl.
func (s *Store) UpdateCrawl(ctx context.Context, c *models.Crawl) error {
	return mustChange(s.writer(ctx).Model(&crawlRow{}).Where("id = ?", c.ID).Updates(map[string]any{
		"created_by_user_id": c.CreatedByUserID, "kind": c.Kind, "status": c.Status, "finished_at": microsPtr(c.FinishedAt),
	}), models.TypeCrawl)
}
