package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type userKeyRow struct {
	ID         int64
	UserID     int64
	SecretHash []byte
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

func (userKeyRow) TableName() string { return "user_keys" }

func userKey(r userKeyRow) (*tenant.UserKey, error) {
	return &tenant.UserKey{ID: r.ID, UserID: r.UserID, SecretHash: r.SecretHash, CreatedAt: fromMicros(r.CreatedAt)}, nil
}

type sessionRow struct {
	ID        int64
	UserID    int64
	TokenHash []byte
	Name      *string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
	// LastUsedAt is 0 for sessions that are older than the column.
	LastUsedAt int64
}

func (sessionRow) TableName() string { return "sessions" }

func session(r sessionRow) (*tenant.Session, error) {
	return &tenant.Session{
		ID: r.ID, UserID: r.UserID, TokenHash: r.TokenHash, Name: r.Name,
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt), LastUsedAt: fromMicros(r.LastUsedAt),
	}, nil
}

type platformKeyRow struct {
	ID      int64
	KeyHash []byte
}

func (platformKeyRow) TableName() string { return "platform_keys" }

// UserKeys returns a user's keys.
func (s *Store) UserKeys(ctx context.Context, userID int64) ([]*tenant.UserKey, error) {
	return find(s.reader(ctx).Where("user_id = ?", userID).Order("id"), userKey)
}

// UserKey finds one key.
func (s *Store) UserKey(ctx context.Context, id int64) (*tenant.UserKey, error) {
	return first(s.reader(ctx).Where("id = ?", id), tenant.TypeUserKey, userKey)
}

// CreateUserKey inserts a key.
func (s *Store) CreateUserKey(ctx context.Context, k *tenant.UserKey) error {
	row := userKeyRow{UserID: k.UserID, SecretHash: k.SecretHash, CreatedAt: micros(k.CreatedAt)}
	err := s.writer(ctx).Create(&row).Error
	k.ID = row.ID
	return err
}

// DeleteUserKey deletes a key of a user and returns what it was.
func (s *Store) DeleteUserKey(ctx context.Context, userID, id int64) (*tenant.UserKey, error) {
	var rows []userKeyRow
	err := s.writer(ctx).Clauses(returning("id, user_id, secret_hash, created_at")).
		Where("id = ? AND user_id = ?", id, userID).Delete(&rows).Error
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, models.NotFound(tenant.TypeUserKey)
	}
	return userKey(rows[0])
}

// CreateSession inserts a session.
func (s *Store) CreateSession(ctx context.Context, v *tenant.Session) error {
	row := sessionRow{
		UserID: v.UserID, TokenHash: v.TokenHash, Name: v.Name,
		CreatedAt: micros(v.CreatedAt), ExpiresAt: micros(v.ExpiresAt), LastUsedAt: micros(v.LastUsedAt),
	}
	err := s.writer(ctx).Create(&row).Error
	v.ID = row.ID
	return err
}

// SessionByToken finds a session, expired or not.
func (s *Store) SessionByToken(ctx context.Context, tokenHash []byte) (*tenant.Session, error) {
	return first(s.reader(ctx).Where("token_hash = ?", tokenHash), "Session", session)
}

// SessionPage lists the sessions of a user.
func (s *Store) SessionPage(
	ctx context.Context, userID int64, at time.Time, page models.Page,
) (*models.PageOf[*tenant.Session], error) {
	found, err := find(cut(s.sessionsOf(ctx, userID, at), page), session)
	return models.Cut(found, page), err
}

// CountSessions counts what SessionPage lists.
func (s *Store) CountSessions(ctx context.Context, userID int64, at time.Time) (int, error) {
	return count(s.sessionsOf(ctx, userID, at))
}

func (s *Store) sessionsOf(ctx context.Context, userID int64, at time.Time) *gorm.DB {
	return s.reader(ctx).Model(&sessionRow{}).Where("user_id = ? AND expires_at > ?", userID, micros(at))
}

// UseSession notes when a session was used.
func (s *Store) UseSession(ctx context.Context, id int64, at time.Time) error {
	return s.writer(ctx).Model(&sessionRow{}).Where("id = ? AND last_used_at < ?", id, micros(at)).
		Update("last_used_at", micros(at)).Error
}

// KeepSessions deletes all sessions of a user but the most recently used.
func (s *Store) KeepSessions(ctx context.Context, userID int64, most int) error {
	all := s.writer(ctx).Model(&sessionRow{}).Select("id").Where("user_id = ?", userID).
		Order("last_used_at DESC, id DESC")
	return s.writer(ctx).Where("id IN (?)", butFirst(all, most)).Delete(&sessionRow{}).Error
}

// DeleteSession deletes a session.
func (s *Store) DeleteSession(ctx context.Context, tokenHash []byte) error {
	return mustChange(s.writer(ctx).Where("token_hash = ?", tokenHash).Delete(&sessionRow{}), "Session")
}

// PlatformKeyHash returns the stored hash of the platform's key, if there is one.
func (s *Store) PlatformKeyHash(ctx context.Context) ([]byte, error) {
	keys, err := find(s.reader(ctx), func(r platformKeyRow) ([]byte, error) { return r.KeyHash, nil })
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

// SetPlatformKeyHash stores the hash of the platform's key.
func (s *Store) SetPlatformKeyHash(ctx context.Context, hash []byte) error {
	return s.writer(ctx).Create(&platformKeyRow{ID: 1, KeyHash: hash}).Error
}
