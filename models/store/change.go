package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/live"
)

type callbackWatchRow struct {
	AccountID int64 `gorm:"primaryKey;autoIncrement:false"` // below 0: an SSO client, of whose accounts they are
	ProjectID int64 `gorm:"primaryKey;autoIncrement:false"` // 0: all of the account's
	Since     int64
	Until     int64
}

func (callbackWatchRow) TableName() string { return "callback_watches" }

// callbackChangeRow is written by the triggers of callbacks.
type callbackChangeRow struct {
	ID         int64
	Place      int64
	CallbackID int64
	AccountID  int64
	ProjectID  int64
	At         int64

	SSOClientID *int64 `gorm:"->;-:migration"` // no column: of the account, where it was asked for
}

func (callbackChangeRow) TableName() string { return "callback_changes" }

func callbackChange(r callbackChangeRow) (live.Row, error) {
	return live.Row{
		ID: r.ID, Place: r.Place, CallbackID: r.CallbackID,
		Owner: live.Owner{AccountID: r.AccountID, ProjectID: r.ProjectID, SSOClientID: idOrZero(r.SSOClientID)},
	}, nil
}

// LivePorts are those of live.NewService.
func (s *Store) LivePorts() live.Ports {
	return live.Ports{Store: s, InPurgeTx: inTx(s, func(tx *Store) live.PurgeTx { return tx })}
}

// watchMargin is what a renewal may take until it is committed: one that comes later than that before the end may leave
// a gap.
const watchMargin = 20 * time.Second

// watch renews watches in the order of their owners, so that two processes wait for each other in no ring.
const watch = `INSERT INTO callback_watches (account_id, project_id, since, until)
SELECT account_id, project_id, {clock}, {clock} + ? FROM given WHERE true ORDER BY account_id, project_id
ON CONFLICT (account_id, project_id) DO UPDATE SET until = excluded.until,
	since = CASE WHEN callback_watches.until > excluded.since + ? THEN callback_watches.since ELSE excluded.since END
RETURNING account_id, project_id, since`

// Watch renews watches.
func (s *Store) Watch(
	ctx context.Context, owners []live.Owner, lasts time.Duration,
) (map[live.Owner]time.Time, error) {
	given, args := s.given(len(owners),
		columnOf("account_id", "bigint", owners, watchedAccount),
		columnOf("project_id", "bigint", owners, func(o live.Owner) int64 { return o.ProjectID }),
	)
	var rows []callbackWatchRow
	err := s.writer(ctx).Raw(given+strings.ReplaceAll(watch, "{clock}", s.dialect.clock()),
		append(args, lasts.Microseconds(), watchMargin.Microseconds())...).Scan(&rows).Error
	since := make(map[live.Owner]time.Time, len(rows))
	for _, r := range rows {
		owner := live.Owner{AccountID: r.AccountID, ProjectID: r.ProjectID}
		if r.AccountID < 0 {
			owner = live.Owner{SSOClientID: -r.AccountID}
		}
		since[owner] = fromMicros(r.Since)
	}
	return since, err
}

// watchedAccount is the account as the watch of an owner has it.
func watchedAccount(o live.Owner) int64 {
	if o.SSOClientID != 0 {
		return -o.SSOClientID
	}
	return o.AccountID
}

// CallbackWriters asks the database who has callbacks locked for writing.
func (s *Store) CallbackWriters(ctx context.Context) (names []string, err error) {
	query := s.dialect.writersOf("callbacks")
	if query == "" {
		return nil, nil
	}
	return names, s.reader(ctx).Raw(query).Scan(&names).Error
}

// Place reads where the changes end that are all there.
func (s *Store) Place(ctx context.Context) (place int64, err error) {
	return place, s.reader(ctx).Raw("SELECT " + s.dialect.place("callback_changes")).Scan(&place).Error
}

// CallbackChanges reads the changes from a place on.
func (s *Store) CallbackChanges(
	ctx context.Context, owners []live.Owner, from int64, limit int,
) ([]live.Row, error) {
	var accountIDs, ssoClientIDs []int64
	for _, o := range owners {
		if o.SSOClientID != 0 {
			ssoClientIDs = append(ssoClientIDs, o.SSOClientID)
		} else {
			accountIDs = append(accountIDs, o.AccountID)
		}
	}
	db := s.reader(ctx).Where("place >= ?", from).Order("place, callback_changes.id").Limit(limit)
	if len(ssoClientIDs) == 0 {
		return find(db.Select("callback_changes.*").Where(s.among("account_id", &accountIDs)), callbackChange)
	}
	return find(db.Select("callback_changes.*, accounts.sso_client_id").
		Joins("JOIN accounts ON accounts.id = callback_changes.account_id").
		Where("? OR ?", s.among("account_id", &accountIDs), s.among("sso_client_id", &ssoClientIDs)), callbackChange)
}

// PurgeCallbackChanges looks at the oldest only: they are in the order of their times, but for a moment.
func (s *Store) PurgeCallbackChanges(
	ctx context.Context, before time.Time, limit int,
) (entities, rows int, err error) {
	gone := s.writer(ctx).Exec("DELETE FROM callback_changes WHERE id IN (SELECT id FROM "+
		"(SELECT id, at FROM callback_changes ORDER BY id LIMIT ?) AS oldest WHERE at < ?)", limit, micros(before))
	if gone.Error != nil {
		return 0, 0, gone.Error
	}
	ended := s.writer(ctx).Exec("DELETE FROM callback_watches WHERE until < ?", micros(before))
	return int(gone.RowsAffected), int(gone.RowsAffected), ended.Error
}

// namedBy finds what has a uid that lists are searched by: see searchedUIDs.
const namedBy = `SELECT 'Callback' AS type, callback_id AS raw FROM callback_attempts WHERE uid = @uid
UNION ALL SELECT 'Run', id FROM runs WHERE uid = @uid
UNION ALL SELECT 'Batch', id FROM run_batches WHERE uid = @uid
UNION ALL SELECT 'Job', id FROM jobs WHERE uuid = @uid`

// NamedBy looks into the indexes of the uids.
func (s *Store) NamedBy(ctx context.Context, uid uuid.UUID) (ids []models.ObjectID, err error) {
	return ids, s.reader(ctx).Raw(namedBy, map[string]any{"uid": uid}).Scan(&ids).Error
}
