package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// pauseColumns are those of a project and of an account.
type pauseColumns struct {
	PausedAt       *int64
	PausedByUserID *int64
	PauseToldAt    *int64
}

func (c pauseColumns) pause() tenant.Pause {
	return tenant.Pause{PausedAt: fromMicrosPtr(c.PausedAt), PausedByUserID: c.PausedByUserID}
}

// pausedUntil is when what waits for a pause to end is due: at the end of the year 9999, so that no claim, no sweep and
// no count meets it, also of the release before. isPaused are the words of its index.
const pausedUntil = 253_402_300_799_000_000

var isPaused = fmt.Sprintf("status = 'PENDING' AND next_attempt_at = %d", int64(pausedUntil))

// nextAttempt is when a callback is due, as its column has it.
func nextAttempt(c *callback.Callback) *int64 {
	if c.Paused {
		return new(int64(pausedUntil))
	}
	return microsPtr(c.NextAttemptAt)
}

// projectPaused tells whether a project's callbacks wait: callback.Owners says so too.
const projectPaused = "accounts.paused_at IS NOT NULL OR projects.paused_at IS NOT NULL AND projects.deleted_at IS NULL"

// pauseDue looks at what has been due in a lane for the longest, and no further: where the others there are many, those
// that pause come with the next claims.
const pauseDue = `SELECT id FROM callbacks WHERE id IN (
	SELECT id FROM (
		SELECT id, project_id FROM callbacks WHERE {pending} AND lane = ? AND next_attempt_at <= ? ORDER BY next_attempt_at, id LIMIT ?
	) AS head WHERE ?
) AND {waits}{skip locked}`

// PauseDue lets what is due in a lane wait for a pause to end.
func (s *Store) PauseDue(
	ctx context.Context, lane string, projectIDs []int64, now time.Time, look int,
) error {
	chosen := gorm.Expr(s.on(callback.LeasedCallbacks, pauseDue), lane, micros(now), look,
		s.among("project_id", &projectIDs))
	return s.writer(ctx).Exec(s.on(callback.LeasedCallbacks, "UPDATE {table} SET next_attempt_at = ? WHERE {chosen}"),
		int64(pausedUntil), chosen).Error
}

// resumable steps from project to project through the index of what waits for a pause to end.
var resumable = `WITH RECURSIVE waiting (project_id, number) AS (
	SELECT (SELECT project_id + 0 FROM callbacks WHERE ` + isPaused + ` AND project_id + 0 > ? ORDER BY project_id + 0, id LIMIT 1), 1
	UNION ALL
	SELECT (SELECT project_id + 0 FROM callbacks
		WHERE ` + isPaused + ` AND project_id + 0 > waiting.project_id ORDER BY project_id + 0, id LIMIT 1), number + 1
	FROM waiting WHERE project_id IS NOT NULL AND number < ?
)
SELECT waiting.project_id, NOT (` + projectPaused + `) AS resumed
FROM waiting JOIN projects ON projects.id = waiting.project_id JOIN accounts ON accounts.id = projects.account_id ORDER BY waiting.project_id`

// ResumedProjects walks over the projects with callbacks that wait for a pause to end.
func (s *Store) ResumedProjects(ctx context.Context, after int64, limit int) (resumed []int64, next int64, err error) {
	type pausedProject struct {
		ProjectID int64
		Resumed   bool
	}
	rows, err := planned(ctx, s, func(s *Store) (found []pausedProject, err error) {
		err = s.resumable(ctx, after, limit).Scan(&found).Error
		return found, err
	})
	for _, r := range rows {
		if r.Resumed {
			resumed = append(resumed, r.ProjectID)
		}
	}
	if len(rows) == limit {
		next = rows[limit-1].ProjectID
	}
	return resumed, next, err
}

func (s *Store) resumable(ctx context.Context, after int64, limit int) *gorm.DB {
	return s.reader(ctx).Raw(resumable, after, limit)
}

// Resume makes due what waited for a pause to end, the oldest first. What has gone wrong on our side before counts from
// the next attempt on: nobody could mend it meanwhile.
func (s *Store) Resume(ctx context.Context, projectID int64, now time.Time, limit int) (lanes []string, err error) {
	return planned(ctx, s, func(s *Store) (lanes []string, err error) {
		err = s.resume(ctx, projectID, now, limit).Scan(&lanes).Error
		return lanes, err
	})
}

func (s *Store) resume(ctx context.Context, projectID int64, now time.Time, limit int) *gorm.DB {
	paused := gorm.Expr(s.on(callback.LeasedCallbacks, "SELECT id FROM {table} WHERE "+isPaused+" AND project_id + 0 = ? ORDER BY id "+
		"LIMIT ?{skip locked}"), projectID, limit)
	return s.writer(ctx).Raw(s.on(callback.LeasedCallbacks, `UPDATE {table} SET next_attempt_at = ?, local_since = NULL, unreadable_since = NULL
	WHERE {chosen} RETURNING lane`), micros(now), paused)
}

// pausedTables are what can be paused, by what its log line names it.
var pausedTables = map[string]string{tenant.TypeProject: "projects", tenant.TypeAccount: "accounts"}

// TellPauses notes pauses of before a time as told, and returns those that were not.
func (s *Store) TellPauses(ctx context.Context, pausedBy, now time.Time) (pauses []callback.LongPause, err error) {
	for kind, table := range pausedTables {
		var rows []struct{ ID, PausedAt int64 }
		err := s.writer(ctx).Raw("UPDATE "+table+" SET pause_told_at = ? WHERE paused_at <= ? AND "+
			"(pause_told_at IS NULL OR pause_told_at <= paused_at) RETURNING id, paused_at", micros(now), micros(pausedBy)).
			Scan(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			pauses = append(pauses, callback.LongPause{
				Of: models.ObjectID{Type: kind, Raw: r.ID}, Since: fromMicros(r.PausedAt),
			})
		}
	}
	return pauses, nil
}

// CountPauses counts the projects, or accounts, that are paused, and tells since when the first is.
func (s *Store) CountPauses(ctx context.Context, kind string) (n int, since *time.Time, err error) {
	alive := ""
	if kind == tenant.TypeProject {
		alive = " AND deleted_at IS NULL"
	}
	var found struct {
		N     int
		Since *int64
	}
	err = s.reader(ctx).Raw("SELECT count(*) AS n, min(paused_at) AS since FROM " + pausedTables[kind] +
		" WHERE paused_at IS NOT NULL" + alive).Scan(&found).Error
	return found.N, fromMicrosPtr(found.Since), err
}
