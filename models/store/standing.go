package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// standing has a row for each role of a session's user, and one where there is none, and one for a key that works and for
// a portal session.
const standing = `SELECT token_hash AS hash, sessions.user_id, expires_at, account_id, 0 AS project_id, 0 AS sso_client_id, role
	FROM sessions LEFT JOIN memberships ON memberships.user_id = sessions.user_id WHERE ?
UNION ALL SELECT token_hash AS hash, 0, expires_at, account_id, project_id, sso_client_id, role FROM (?) AS portals
UNION ALL SELECT key_hash AS hash, 0, NULL, account_id, project_id, 0, NULL FROM (?) AS keys
UNION ALL SELECT key_hash AS hash, 0, NULL, NULL, 0, sso_client_id, NULL FROM sso_client_keys WHERE ?`

type standingRow struct {
	Hash        []byte
	UserID      int64
	ExpiresAt   *int64
	AccountID   *int64
	ProjectID   int64
	SSOClientID int64
	Role        *models.Role
}

// Standings finds sessions and keys by the hashes of their texts.
func (s *Store) Standings(ctx context.Context, hashes ...[]byte) ([]tenant.Standing, error) {
	var rows []standingRow
	keys := working(s.reader(ctx).Model(&projectKeyRow{})).Where(s.among("key_hash", &hashes))
	portals := livePortals(s.reader(ctx).Model(&portalSessionRow{})).Where(s.among("token_hash", &hashes))
	if err := s.standings(ctx, hashes, keys, portals).Scan(&rows).Error; err != nil {
		return nil, err
	}
	return convert(rows, func(r standingRow) (tenant.Standing, error) {
		found := tenant.Standing{
			Hash: r.Hash, UserID: r.UserID, ExpiresAt: fromMicrosPtr(r.ExpiresAt), AccountID: idOrZero(r.AccountID),
			ProjectID: r.ProjectID, SSOClientID: r.SSOClientID,
		}
		if r.Role != nil {
			found.Role = *r.Role
		}
		return found, nil
	})
}

func (s *Store) standings(ctx context.Context, hashes [][]byte, keys, portals *gorm.DB) *gorm.DB {
	return s.reader(ctx).Raw(standing, s.among("token_hash", &hashes), portals, keys, s.among("key_hash", &hashes))
}
