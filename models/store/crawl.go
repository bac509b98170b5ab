package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

type crawlRow struct {
	ID              int64
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	Kind            crawl.Kind
	Status          crawl.Status
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	FinishedAt      *int64
}

func (crawlRow) TableName() string { return "crawls" }

func crawlOf(r crawlRow) (*crawl.Crawl, error) {
	return &crawl.Crawl{
		ID: r.ID, AccountID: r.AccountID, ProjectID: r.ProjectID, CreatedByUserID: r.CreatedByUserID, Kind: r.Kind,
		Status: r.Status, CreatedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

// InCrawlTx runs f in one transaction: crawl.NewService takes it.
func (s *Store) InCrawlTx(ctx context.Context, f func(crawl.Store) error) error {
	return s.Transaction(ctx, func(tx *Store) error { return f(tx) })
}

// Crawls finds crawls by id.
func (s *Store) Crawls(ctx context.Context, scope models.Scope, ids ...int64) ([]*crawl.Crawl, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where(s.among("id", &ids)), crawlOf)
}

// CrawlPages lists the crawls of projects.
func (s *Store) CrawlPages(
	ctx context.Context, scope models.Scope, projectIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*crawl.Crawl], error) {
	return pagesOf(ctx, s, projectIDs, page, func(id int64) *gorm.DB {
		return ofProject(s.reader(ctx).Model(&crawlRow{}), scope).Where("project_id = ?", id)
	}, crawlOf, func(c *crawl.Crawl) int64 { return c.ProjectID })
}

// CountCrawls counts what CrawlPages lists.
func (s *Store) CountCrawls(ctx context.Context, scope models.Scope, projectIDs []int64) (map[int64]int, error) {
	return planned(ctx, s, func(s *Store) (map[int64]int, error) {
		return countUpTo(ctx, s, projectIDs, func(id int64) *gorm.DB {
			return ofProject(s.reader(ctx).Model(&crawlRow{}), scope).Where("project_id = ?", id)
		})
	})
}

// LockCrawls reads crawls for an update.
func (s *Store) LockCrawls(ctx context.Context, ids ...int64) ([]*crawl.Crawl, error) {
	return find(s.locking(ctx).Where(s.among("id", &ids)).Order("id"), crawlOf)
}

func crawlColumns(c *crawl.Crawl) crawlRow {
	return crawlRow{
		ID: c.ID, AccountID: c.AccountID, ProjectID: c.ProjectID, CreatedByUserID: c.CreatedByUserID, Kind: c.Kind,
		Status: c.Status, CreatedAt: micros(c.CreatedAt), FinishedAt: microsPtr(c.FinishedAt),
	}
}

// CreateCrawl inserts a crawl; a given id that is taken changes nothing.
func (s *Store) CreateCrawl(ctx context.Context, c *crawl.Crawl) error {
	row := crawlColumns(c)
	_, err := insert(ctx, s, &row, &row.ID, "crawls")
	c.ID = row.ID
	return err
}

// CreateCrawls inserts crawls whose ids are given, and returns the ids that are taken.
func (s *Store) CreateCrawls(ctx context.Context, crawls []*crawl.Crawl) ([]int64, error) {
	statement, args := s.creation(crawls, "true")
	var created []int64
	err := s.writer(ctx).Raw(statement, args...).Scan(&created).Error
	if err != nil || len(created) == len(crawls) {
		return nil, err
	}
	var taken []int64
	for _, c := range crawls {
		if !slices.Contains(created, c.ID) {
			taken = append(taken, c.ID)
		}
	}
	return taken, nil
}

// creation is the statement that creates crawls where a condition is met (with none SQLite takes ON for that of a join), and
// returns the ids of those that it has, and its arguments.
func (s *Store) creation(crawls []*crawl.Crawl, condition string) (string, []any) {
	statement, args := s.insertion("crawls", len(crawls),
		columnOf("id", "bigint", crawls, func(c *crawl.Crawl) int64 { return c.ID }),
		columnOf("account_id", "bigint", crawls, func(c *crawl.Crawl) int64 { return c.AccountID }),
		columnOf("project_id", "bigint", crawls, func(c *crawl.Crawl) int64 { return c.ProjectID }),
		columnOf("created_by_user_id", "bigint", crawls, func(c *crawl.Crawl) *int64 { return c.CreatedByUserID }),
		columnOf("kind", "text", crawls, func(c *crawl.Crawl) string { return string(c.Kind) }),
		columnOf("status", "text", crawls, func(c *crawl.Crawl) string { return string(c.Status) }),
		columnOf("created_at", "bigint", crawls, func(c *crawl.Crawl) int64 { return micros(c.CreatedAt) }),
		columnOf("finished_at", "bigint", crawls, func(c *crawl.Crawl) *int64 { return microsPtr(c.FinishedAt) }),
	)
	return statement + "WHERE " + condition + " ON CONFLICT (id) DO NOTHING RETURNING id", args
}

// UpdateCrawls writes what can change of crawls: they are there, so each insert becomes an update.
func (s *Store) UpdateCrawls(ctx context.Context, crawls []*crawl.Crawl) error {
	rows := make([]crawlRow, len(crawls))
	for i, c := range crawls {
		rows[i] = crawlColumns(c)
	}
	return s.writer(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"created_by_user_id", "kind", "status", "finished_at"}),
	}).Create(&rows).Error
}
