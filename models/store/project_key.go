package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type projectKeyRow struct {
	ID        int64
	AccountID int64
	ProjectID int64
	Name      string
	KeyHash   []byte
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (projectKeyRow) TableName() string { return "project_keys" }

func projectKey(r projectKeyRow) (*tenant.ProjectKey, error) {
	return &tenant.ProjectKey{
		ID: r.ID, AccountID: r.AccountID, ProjectID: r.ProjectID, Name: r.Name, CreatedAt: fromMicros(r.CreatedAt),
	}, nil
}

// working narrows a query to keys of projects that are not deleted.
func working(db *gorm.DB) *gorm.DB {
	return db.Where("EXISTS (SELECT 1 FROM projects p WHERE p.id = project_keys.project_id AND p.deleted_at IS NULL)")
}

// CreateProjectKey inserts a key.
func (s *Store) CreateProjectKey(ctx context.Context, k *tenant.ProjectKey, keyHash []byte) error {
	row := projectKeyRow{
		AccountID: k.AccountID, ProjectID: k.ProjectID, Name: k.Name, KeyHash: keyHash, CreatedAt: micros(k.CreatedAt),
	}
	err := s.writer(ctx).Create(&row).Error
	k.ID = row.ID
	return err
}

// ProjectKey finds one key.
func (s *Store) ProjectKey(ctx context.Context, scope models.Scope, id int64) (*tenant.ProjectKey, error) {
	db := working(scoped(s.reader(ctx), scope, "account_id", "project_id"))
	return first(db.Where("id = ?", id), tenant.TypeProjectKey, projectKey)
}

// ProjectKeyByHash finds a key by the hash of its text.
func (s *Store) ProjectKeyByHash(ctx context.Context, keyHash []byte) (*tenant.ProjectKey, error) {
	return first(working(s.reader(ctx)).Where("key_hash = ?", keyHash), tenant.TypeProjectKey, projectKey)
}

// ProjectKeys lists the keys of projects.
func (s *Store) ProjectKeys(
	ctx context.Context, scope models.Scope, projectIDs ...int64,
) ([]*tenant.ProjectKey, error) {
	db := working(scoped(s.reader(ctx), scope, "account_id", "project_id"))
	return find(db.Where(s.among("project_id", &projectIDs)).Order("id DESC"), projectKey)
}

// DeleteProjectKey deletes a key.
func (s *Store) DeleteProjectKey(ctx context.Context, scope models.Scope, id int64) error {
	db := working(scoped(s.writer(ctx), scope, "account_id", "project_id"))
	return mustChange(db.Where("id = ?", id).Delete(&projectKeyRow{}), tenant.TypeProjectKey)
}
