package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/tenant"
)

// QueryWaiting is the statement of CountWaiting.
func (s *Store) QueryWaiting(ctx context.Context, of tenant.CallbackOwner, look, most int) *gorm.DB {
	return s.countWaiting(ctx, of, look, most).Session(&gorm.Session{DryRun: true}).Find(&[]int{})
}
