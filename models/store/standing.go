package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// standing has a row for each role of a session's user, and one where there is none, and one for a key that works.
const standing = `SELECT token_hash AS hash, sessions.user_id, expires_at, account_id, 0 AS project_id, role
	FROM sessions LEFT JOIN memberships ON memberships.user_id = sessions.user_id WHERE ?
UNION ALL SELECT key_hash AS hash, 0 AS user_id, 0 AS expires_at, account_id, project_id, NULL AS role FROM (?) AS keys`

type standingRow struct {
	Hash      []byte
	UserID    int64
	ExpiresAt int64
	AccountID *int64
	ProjectID int64
	Role      *models.Role
}

// Standings finds sessions and the keys of projects by the hashes of their texts.
func (s *Store) Standings(ctx context.Context, hashes ...[]byte) ([]tenant.Standing, error) {
	var rows []standingRow
	keys := working(s.reader(ctx).Model(&projectKeyRow{})).Where(s.among("key_hash", &hashes))
	if err := s.standings(ctx, hashes, keys).Scan(&rows).Error; err != nil {
		return nil, err
	}
	return convert(rows, func(r standingRow) (tenant.Standing, error) {
		found := tenant.Standing{
			Hash: r.Hash, UserID: r.UserID, ExpiresAt: fromMicros(r.ExpiresAt), AccountID: idOrZero(r.AccountID),
			ProjectID: r.ProjectID,
		}
		if r.Role != nil {
			found.Role = *r.Role
		}
		return found, nil
	})
}

func (s *Store) standings(ctx context.Context, hashes [][]byte, keys *gorm.DB) *gorm.DB {
	return s.reader(ctx).Raw(standing, s.among("token_hash", &hashes), keys)
}
