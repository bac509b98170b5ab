package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/callback"
)

// healthColumns are what an hour and a part have in common.
type healthColumns struct {
	SSOClientID   int64 `gorm:"primaryKey;autoIncrement:false"`
	AccountID     int64 `gorm:"primaryKey;autoIncrement:false"`
	ProjectID     int64 `gorm:"primaryKey;autoIncrement:false"`
	Hour          int64 `gorm:"primaryKey;autoIncrement:false"`
	LastSuccessAt *int64
	FailingSince  *int64
	LastFailureAt *int64
	Tally         []byte
}

const healthNames = "sso_client_id, account_id, project_id, hour, last_success_at, failing_since, last_failure_at, tally"

type healthHourRow struct {
	Of healthColumns `gorm:"embedded"`
}

func (healthHourRow) TableName() string { return "callback_health_hours" }

type healthPartRow struct {
	ID int64         `gorm:"primaryKey"`
	Of healthColumns `gorm:"embedded"`
}

func (healthPartRow) TableName() string { return "callback_health_parts" }

type healthSinceRow struct {
	ID        int64
	CountedAt int64
}

func (healthSinceRow) TableName() string { return "callback_health_since" }

func healthPart(r healthColumns) (callback.HealthPart, error) {
	tally, unreadable := callback.DecodeTally(r.Tally)
	tally.Answers = callback.Answers{
		LastSuccess: fromMicrosPtr(r.LastSuccessAt), FailingSince: fromMicrosPtr(r.FailingSince),
		LastFailure: fromMicrosPtr(r.LastFailureAt),
	}
	return callback.HealthPart{
		HealthKey: callback.HealthKey{SSOClientID: r.SSOClientID, AccountID: r.AccountID, ProjectID: r.ProjectID, Hour: r.Hour},
		Tally:     tally, Unreadable: unreadable,
	}, nil
}

// tallyColumns are those of what was counted.
func tallyColumns[T any](list []T, tally func(T) *callback.Tally) []column {
	at := func(name string, of func(*callback.Tally) *time.Time) column {
		return columnOf(name, "bigint", list, func(v T) *int64 { return microsPtr(of(tally(v))) })
	}
	return []column{
		at("last_success_at", func(t *callback.Tally) *time.Time { return t.LastSuccess }),
		at("failing_since", func(t *callback.Tally) *time.Time { return t.FailingSince }),
		at("last_failure_at", func(t *callback.Tally) *time.Time { return t.LastFailure }),
		columnOf("tally", "bytea", list, func(v T) []byte { return tally(v).Encode() }),
	}
}

// addHealth asks for the account's SSO client only where there is a notice. One without an SSO client is nobody's.
const addHealth = `INSERT INTO callback_health_parts (` + healthNames + `)
SELECT CASE WHEN notice THEN (SELECT sso_client_id FROM accounts WHERE accounts.id = account_id) ELSE 0 END, account_id, project_id,
	hour, last_success_at, failing_since, last_failure_at, tally
FROM given WHERE NOT notice OR EXISTS (SELECT 1 FROM accounts WHERE accounts.id = account_id AND sso_client_id IS NOT NULL)`

// AddHealth notes what became of callbacks.
func (s *Store) AddHealth(ctx context.Context, counts []callback.HealthCount) error {
	for part := range parts(counts, noTexts) {
		given, args := s.given(len(part), countedColumns(part)...)
		if err := s.writer(ctx).Exec(given+addHealth, args...).Error; err != nil {
			return err
		}
	}
	return nil
}

func countedColumns(counts []callback.HealthCount) []column {
	return append([]column{
		columnOf("account_id", "bigint", counts, func(c callback.HealthCount) int64 { return c.AccountID }),
		columnOf("project_id", "bigint", counts, func(c callback.HealthCount) int64 { return c.ProjectID }),
		columnOf("notice", "boolean", counts, func(c callback.HealthCount) bool { return c.Notice }),
		columnOf("hour", "bigint", counts, func(c callback.HealthCount) int64 { return micros(c.Hour) }),
	}, tallyColumns(counts, func(c callback.HealthCount) *callback.Tally { return &c.Tally })...)
}

// StartHealth asks whether anything had ended before.
func (s *Store) StartHealth(ctx context.Context, countedAt time.Time) error {
	return s.writer(ctx).Exec(`INSERT INTO callback_health_since (id, counted_at)
		SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM callbacks WHERE finished_at IS NOT NULL) THEN CAST(? AS BIGINT) ELSE 0 END
		WHERE NOT EXISTS (SELECT 1 FROM callback_health_since) ON CONFLICT (id) DO NOTHING`, micros(countedAt)).Error
}

// takeHealth goes through the parts in the order of whose they are: those of the same are added up at once.
const takeHealth = `DELETE FROM callback_health_parts WHERE (sso_client_id, account_id, project_id, id) IN (
	SELECT sso_client_id, account_id, project_id, id FROM callback_health_parts
	ORDER BY sso_client_id, account_id, project_id, id LIMIT ?
) RETURNING ` + healthNames

// TakeHealth removes parts that the same transaction adds up.
func (s *Store) TakeHealth(ctx context.Context, limit int) ([]callback.HealthPart, error) {
	if err := s.LockKey(ctx, "callback_health"); err != nil {
		return nil, err
	}
	return findHealth(s.writer(ctx).Raw(takeHealth, limit))
}

func findHealth(db *gorm.DB) ([]callback.HealthPart, error) {
	var rows []healthColumns
	if err := db.Scan(&rows).Error; err != nil {
		return nil, err
	}
	return convert(rows, healthPart)
}

// keyColumns are those of hours.
func keyColumns(keys []callback.HealthKey) []column {
	return []column{
		columnOf("sso_client_id", "bigint", keys, func(k callback.HealthKey) int64 { return k.SSOClientID }),
		columnOf("account_id", "bigint", keys, func(k callback.HealthKey) int64 { return k.AccountID }),
		columnOf("project_id", "bigint", keys, func(k callback.HealthKey) int64 { return k.ProjectID }),
		columnOf("hour", "bigint", keys, func(k callback.HealthKey) int64 { return k.Hour }),
	}
}

// HealthHours reads hours that are there.
func (s *Store) HealthHours(ctx context.Context, keys []callback.HealthKey) (found []callback.HealthPart, err error) {
	for part := range slices.Chunk(keys, partRows) {
		given, args := s.given(len(part), keyColumns(part)...)
		some, err := findHealth(s.writer(ctx).Raw(given+"SELECT "+healthNames+" FROM given JOIN callback_health_hours USING "+
			"(sso_client_id, account_id, project_id, hour)", args...))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// PutHealthHours writes hours.
func (s *Store) PutHealthHours(ctx context.Context, hours map[callback.HealthKey]*callback.Tally) error {
	keys := make([]callback.HealthKey, 0, len(hours))
	for k := range hours {
		keys = append(keys, k)
	}
	for part := range slices.Chunk(keys, partRows) {
		tallies := tallyColumns(part, func(k callback.HealthKey) *callback.Tally { return hours[k] })
		statement, args := s.insertion("callback_health_hours", len(part), append(keyColumns(part), tallies...)...)
		// SQLite takes an ON after FROM for that of a join.
		err := s.writer(ctx).Exec(statement+`WHERE true ON CONFLICT (sso_client_id, account_id, project_id, hour) DO UPDATE SET
			last_success_at = excluded.last_success_at, failing_since = excluded.failing_since,
			last_failure_at = excluded.last_failure_at, tally = excluded.tally`, args...).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeHealth keeps an SSO client's last hour: there is no history by which to tell how it has fared.
const purgeHealth = `DELETE FROM callback_health_hours WHERE (sso_client_id, account_id, project_id, hour) IN (
	SELECT sso_client_id, account_id, project_id, hour FROM callback_health_hours AS old
	WHERE hour + 0 < ? AND (sso_client_id = 0 OR EXISTS (SELECT 1 FROM callback_health_hours AS newer
		WHERE newer.sso_client_id = old.sso_client_id AND newer.account_id = 0 AND newer.project_id = 0 AND newer.hour > old.hour))
	ORDER BY hour + 0 LIMIT ?
)`

// PurgeHealth deletes hours that are over since long.
func (s *Store) PurgeHealth(ctx context.Context, before time.Time, limit int) (hours, rows int, err error) {
	result := s.writer(ctx).Exec(purgeHealth, micros(before), limit)
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
