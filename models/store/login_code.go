package store

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type loginCodeRow struct {
	CodeHash  []byte `gorm:"primaryKey"`
	UserID    int64
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
}

func (loginCodeRow) TableName() string { return "login_codes" }

// CreateLoginCode inserts a code.
func (s *Store) CreateLoginCode(ctx context.Context, c *tenant.LoginCode) error {
	return s.writer(ctx).Create(&loginCodeRow{
		CodeHash: c.CodeHash, UserID: c.UserID, CreatedAt: micros(c.CreatedAt), ExpiresAt: micros(c.ExpiresAt),
	}).Error
}

// KeepLoginCodes deletes all codes of a user but the newest.
func (s *Store) KeepLoginCodes(ctx context.Context, userID int64, most int) error {
	all := s.writer(ctx).Model(&loginCodeRow{}).Select("code_hash").Where("user_id = ?", userID).
		Order("created_at DESC, code_hash DESC")
	return s.writer(ctx).Where("code_hash IN (?)", butFirst(all, most)).Delete(&loginCodeRow{}).Error
}

// DeleteLoginCode deletes a code and returns what it was: of two callers at once one has it.
func (s *Store) DeleteLoginCode(ctx context.Context, codeHash []byte) (*tenant.LoginCode, error) {
	var rows []loginCodeRow
	err := s.writer(ctx).Clauses(returning("code_hash, user_id, created_at, expires_at")).
		Where("code_hash = ?", codeHash).Delete(&rows).Error
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, models.NotFound("LoginCode")
	}
	r := rows[0]
	return &tenant.LoginCode{
		UserID: r.UserID, CodeHash: r.CodeHash, CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
	}, nil
}

// PurgeLoginCodes deletes what has expired before a time.
func (s *Store) PurgeLoginCodes(ctx context.Context, expiredBefore time.Time, limit int) (codes, rows int, err error) {
	old := s.writer(ctx).Model(&loginCodeRow{}).Select("code_hash").Where("expires_at < ?", micros(expiredBefore)).Limit(limit)
	result := s.writer(ctx).Where("code_hash IN (?)", old).Delete(&loginCodeRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
