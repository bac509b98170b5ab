package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

type projectRow struct {
	ID                 int64
	AccountID          int64
	Name               string
	PrimaryDomain      string
	APICallbackURL     *string
	APICallbackHeaders []byte
	Limits             limitColumns `gorm:"embedded"`
	Pause              pauseColumns `gorm:"embedded"`
	Version            int
	CreatedAt          int64 `gorm:"autoCreateTime:false"`
	UpdatedAt          int64 `gorm:"autoUpdateTime:false"`
	DeletedAt          *int64
}

func (projectRow) TableName() string { return "projects" }

func projectHeadersPlace(id int64) string { return fmt.Sprintf("projects.api_callback_headers:%d", id) }

func (s *Store) project(r projectRow) (*tenant.Project, error) {
	headers, unreadable := s.sealer.openHeaders(r.APICallbackHeaders, projectHeadersPlace(r.ID))
	return &tenant.Project{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, PrimaryDomain: r.PrimaryDomain,
		Callback: models.Endpoint{URL: r.APICallbackURL, Headers: headers, Unreadable: unreadable},
		Limits:   tenant.Limits(r.Limits), Pause: r.Pause.pause(), Version: r.Version,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), DeletedAt: fromMicrosPtr(r.DeletedAt),
	}, nil
}

// visible narrows a query to projects that are within the scope and not deleted.
func visible(db *gorm.DB, scope models.Scope) *gorm.DB {
	return scoped(db, scope, "account_id", "id").Where("deleted_at IS NULL")
}

// Projects finds projects by id.
func (s *Store) Projects(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.Project, error) {
	return find(visible(s.reader(ctx), scope).Where(s.among("id", &ids)), s.project)
}

// LockProject reads one project for an update.
func (s *Store) LockProject(ctx context.Context, scope models.Scope, id int64) (*tenant.Project, error) {
	return first(visible(s.locking(ctx), scope).Where("id = ?", id), tenant.TypeProject, s.project)
}

// ProjectPages lists the projects of accounts.
func (s *Store) ProjectPages(
	ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*tenant.Project], error) {
	return pagesOf(ctx, s, accountIDs, page, func(id int64) *gorm.DB {
		return visible(s.reader(ctx).Model(&projectRow{}), scope).Where("account_id = ?", id)
	}, s.project, func(p *tenant.Project) int64 { return p.AccountID })
}

// CountProjects counts what ProjectPages lists.
func (s *Store) CountProjects(ctx context.Context, scope models.Scope, accountIDs []int64) (map[int64]int, error) {
	return countBy(visible(s.reader(ctx).Model(&projectRow{}), scope), "account_id", accountIDs)
}

// CreateProject inserts a project.
func (s *Store) CreateProject(ctx context.Context, p *tenant.Project) error {
	row := projectRow{
		ID: p.ID, AccountID: p.AccountID, Name: p.Name, PrimaryDomain: p.PrimaryDomain, APICallbackURL: p.Callback.URL,
		Limits: limitColumns(p.Limits), Version: p.Version, CreatedAt: micros(p.CreatedAt), UpdatedAt: micros(p.UpdatedAt),
	}
	if err := insertNew(ctx, s, &row, &row.ID, "projects", tenant.TypeProject); err != nil {
		return err
	}
	p.ID = row.ID
	return s.sealInto(ctx, &row, "api_callback_headers", p.Callback.Headers, projectHeadersPlace(row.ID))
}

// UpdateProject writes what can change of a project.
func (s *Store) UpdateProject(ctx context.Context, scope models.Scope, p *tenant.Project) error {
	values := map[string]any{
		"name": p.Name, "primary_domain": p.PrimaryDomain, "api_callback_url": p.Callback.URL,
		"api_callback_max_in_flight": p.MaxInFlight, "api_callback_max_per_second": p.MaxPerSecond,
		"paused_at": microsPtr(p.PausedAt), "paused_by_user_id": p.PausedByUserID,
		"version": p.Version, "updated_at": micros(p.UpdatedAt), "deleted_at": microsPtr(p.DeletedAt),
	}
	if err := s.putHeaders(values, "api_callback_headers", p.Callback, projectHeadersPlace(p.ID)); err != nil {
		return err
	}
	result := visible(s.writer(ctx).Model(&projectRow{}), scope).Where("id = ?", p.ID).Updates(values)
	return mustChange(result, tenant.TypeProject)
}

// ownedProjectRow is a project with its account: gorm reads both in one statement.
type ownedProjectRow struct {
	Project projectRow `gorm:"embedded"`
	Account accountRow `gorm:"foreignKey:AccountID"`
}

func (ownedProjectRow) TableName() string { return "projects" }

// Owners returns projects, deleted or not, with their accounts.
func (s *Store) Owners(ctx context.Context, projectIDs ...int64) (map[int64]callback.Owners, error) {
	found, err := find(s.reader(ctx).InnerJoins("Account").Where(s.among("projects.id", &projectIDs)), s.owners)
	owners := make(map[int64]callback.Owners, len(found))
	for _, o := range found {
		owners[o.Project.ID] = o
	}
	return owners, err
}

func (s *Store) owners(r ownedProjectRow) (o callback.Owners, err error) {
	if o.Project, err = s.project(r.Project); err != nil {
		return o, err
	}
	o.Account, err = s.account(r.Account)
	return o, err
}

// CountLiveProjects counts the projects of an account that are not deleted.
func (s *Store) CountLiveProjects(ctx context.Context, accountID int64, limit int) (int, error) {
	live := s.writer(ctx).Model(&projectRow{}).Select("id").
		Where("account_id = ? AND deleted_at IS NULL", accountID).Limit(limit)
	return count(s.writer(ctx).Table("(?) AS live", live))
}
