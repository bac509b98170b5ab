package store

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type ssoClientKeyRow struct {
	ID          int64
	SSOClientID int64
	Name        string
	KeyHash     []byte
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

func (ssoClientKeyRow) TableName() string { return "sso_client_keys" }

func ssoClientKey(r ssoClientKeyRow) (*tenant.SSOClientKey, error) {
	return &tenant.SSOClientKey{
		ID: r.ID, SSOClientID: r.SSOClientID, Name: r.Name, CreatedAt: fromMicros(r.CreatedAt),
	}, nil
}

// CreateSSOClientKey inserts a key.
func (s *Store) CreateSSOClientKey(ctx context.Context, k *tenant.SSOClientKey, keyHash []byte) error {
	row := ssoClientKeyRow{SSOClientID: k.SSOClientID, Name: k.Name, KeyHash: keyHash, CreatedAt: micros(k.CreatedAt)}
	err := s.writer(ctx).Create(&row).Error
	k.ID = row.ID
	return err
}

// SSOClientKey finds one key.
func (s *Store) SSOClientKey(ctx context.Context, scope models.Scope, id int64) (*tenant.SSOClientKey, error) {
	db := ssoClientsWithin(s.reader(ctx), scope, "sso_client_id")
	return first(db.Where("id = ?", id), tenant.TypeSSOClientKey, ssoClientKey)
}

// SSOClientKeyByHash finds a key by the hash of its text.
func (s *Store) SSOClientKeyByHash(ctx context.Context, keyHash []byte) (*tenant.SSOClientKey, error) {
	return first(s.reader(ctx).Where("key_hash = ?", keyHash), tenant.TypeSSOClientKey, ssoClientKey)
}

// SSOClientKeys lists the keys of SSO clients.
func (s *Store) SSOClientKeys(
	ctx context.Context, scope models.Scope, ssoClientIDs ...int64,
) ([]*tenant.SSOClientKey, error) {
	db := ssoClientsWithin(s.reader(ctx), scope, "sso_client_id")
	return find(db.Where(s.among("sso_client_id", &ssoClientIDs)).Order("id DESC"), ssoClientKey)
}

// DeleteSSOClientKey deletes a key.
func (s *Store) DeleteSSOClientKey(ctx context.Context, scope models.Scope, id int64) error {
	db := ssoClientsWithin(s.writer(ctx), scope, "sso_client_id")
	return mustChange(db.Where("id = ?", id).Delete(&ssoClientKeyRow{}), tenant.TypeSSOClientKey)
}
