package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// portalSessionRow has 0 for the ids that the session is not of.
type portalSessionRow struct {
	ID          int64
	TokenHash   []byte
	AccountID   int64
	ProjectID   int64
	SSOClientID int64
	UserID      int64
	Role        models.Role
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	ExpiresAt   int64
}

func (portalSessionRow) TableName() string { return "portal_sessions" }

func portalSession(r portalSessionRow) (*tenant.PortalSession, error) {
	return &tenant.PortalSession{
		ID: r.ID, UserID: r.UserID, CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
		Of: models.KeyScope{AccountID: r.AccountID, ProjectID: r.ProjectID, SSOClientID: r.SSOClientID, Role: r.Role},
	}, nil
}

// livePortals narrows a query to sessions that are not of a deleted project, nor made by a user who is no Admin any more.
func livePortals(db *gorm.DB) *gorm.DB {
	return db.Where("(project_id = 0 OR EXISTS (SELECT 1 FROM projects p WHERE p.id = portal_sessions.project_id AND p.deleted_at IS NULL)) " +
		"AND (user_id = 0 OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = portal_sessions.user_id " +
		"AND m.account_id = portal_sessions.account_id AND m.role = 'Admin'))")
}

// CreatePortalSession inserts a session.
func (s *Store) CreatePortalSession(ctx context.Context, v *tenant.PortalSession, tokenHash []byte) error {
	row := portalSessionRow{
		TokenHash: tokenHash, AccountID: v.Of.AccountID, ProjectID: v.Of.ProjectID, SSOClientID: v.Of.SSOClientID,
		UserID: v.UserID, Role: v.Of.Role, CreatedAt: micros(v.CreatedAt), ExpiresAt: micros(v.ExpiresAt),
	}
	err := s.writer(ctx).Create(&row).Error
	v.ID = row.ID
	return err
}

// KeepPortalSessions deletes all of an owner but the newest. Those that have expired go first.
func (s *Store) KeepPortalSessions(ctx context.Context, of models.KeyScope, most int, now time.Time) error {
	all := s.writer(ctx).Model(&portalSessionRow{}).Select("id").
		Where("account_id = ? AND project_id = ? AND sso_client_id = ?", of.AccountID, of.ProjectID, of.SSOClientID).
		Order(clause.OrderBy{Expression: gorm.Expr("CASE WHEN expires_at > ? THEN 0 ELSE 1 END, id DESC", micros(now))})
	return s.writer(ctx).Where("id IN (?)", butFirst(all, most)).Delete(&portalSessionRow{}).Error
}

// PortalSessionByToken finds a session, expired or not.
func (s *Store) PortalSessionByToken(ctx context.Context, tokenHash []byte) (*tenant.PortalSession, error) {
	return first(livePortals(s.reader(ctx)).Where("token_hash = ?", tokenHash), "PortalSession", portalSession)
}

// DeletePortalSession deletes a session.
func (s *Store) DeletePortalSession(ctx context.Context, tokenHash []byte) error {
	return mustChange(s.writer(ctx).Where("token_hash = ?", tokenHash).Delete(&portalSessionRow{}), "PortalSession")
}

// PurgePortalSessions deletes what has expired before a time.
func (s *Store) PurgePortalSessions(
	ctx context.Context, expiredBefore time.Time, limit int,
) (sessions, rows int, err error) {
	old := s.writer(ctx).Model(&portalSessionRow{}).Select("id").Where("expires_at < ?", micros(expiredBefore)).
		Order("expires_at, id").Limit(limit)
	result := s.writer(ctx).Where("id IN (?)", old).Delete(&portalSessionRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
