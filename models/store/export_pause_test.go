package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// QueryResumable is the statement of ResumedProjects, and QueryResume that of Resume.
func (s *Store) QueryResumable(ctx context.Context, limit int) *gorm.DB {
	return s.resumable(ctx, 0, limit).Session(&gorm.Session{DryRun: true}).Find(&[]int{})
}

func (s *Store) QueryResume(ctx context.Context, projectID int64, now time.Time, limit int) *gorm.DB {
	return s.resume(ctx, projectID, now, limit).Session(&gorm.Session{DryRun: true}).Find(&[]string{})
}
