package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

type claimRow struct {
	KeyHash     []byte `gorm:"primaryKey"`
	ContentHash []byte
	IDs         string `gorm:"column:ids"`
	CreatedAt   int64  `gorm:"autoCreateTime:false"`
}

func (claimRow) TableName() string { return "idempotency_keys" }

var _ models.ClaimStore = (*Store)(nil)

// Claim finds what was made under an idempotency key.
func (s *Store) Claim(ctx context.Context, key [sha256.Size]byte, after time.Time) (*models.Claim, error) {
	claims, err := find(s.writer(ctx).Where("key_hash = ? AND created_at > ?", key[:], micros(after)), claimOf)
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	return claims[0], nil
}

func claimOf(r claimRow) (*models.Claim, error) {
	c := &models.Claim{At: fromMicros(r.CreatedAt)}
	copy(c.Key[:], r.KeyHash)
	copy(c.Content[:], r.ContentHash)
	return c, json.Unmarshal([]byte(r.IDs), &c.IDs)
}

// claimed runs f in a transaction, and writes the claim of its context with what f makes. It comes last: whoever has the
// same key waits for no more than the commit.
func (s *Store) claimed(ctx context.Context, f func(*Store) error) error {
	claim := models.ClaimFrom(ctx)
	if claim != nil {
		claim.IDs = nil
	}
	if err := f(s); err != nil || claim == nil || claim.IDs == nil {
		return err
	}
	ids, err := json.Marshal(claim.IDs)
	if err != nil {
		return err
	}
	old := s.writer(ctx).Where("key_hash = ? AND created_at <= ?", claim.Key[:], micros(claim.At.Add(-models.OnceTime)))
	if err := old.Delete(&claimRow{}).Error; err != nil {
		return err
	}
	result := s.writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&claimRow{
		KeyHash: claim.Key[:], ContentHash: claim.Content[:], IDs: string(ids), CreatedAt: micros(claim.At),
	})
	if result.Error == nil && result.RowsAffected == 0 {
		return models.ErrClaimed
	}
	return result.Error
}

// PurgeClaims deletes what was made before a time under idempotency keys: the keys, not what was made.
func (s *Store) PurgeClaims(ctx context.Context, madeBefore time.Time, limit int) (keys, rows int, err error) {
	old := s.writer(ctx).Model(&claimRow{}).Select("key_hash").Where("created_at <= ?", micros(madeBefore)).Limit(limit)
	result := s.writer(ctx).Where("key_hash IN (?)", old).Delete(&claimRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
