package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

type bulkReplayRow struct {
	ID              int64
	UID             uuid.UUID
	AccountID       *int64
	ProjectID       *int64
	SSOClientID     *int64
	Filter          []byte // JSON, as Skipped
	DryRun          bool
	Notices         bool
	ByPartner       bool
	Status          callback.BulkReplayStatus
	Counted         bool
	Made            bool
	Active          bool
	AfterAt         *int64
	AfterID         *int64
	Matched         int
	Replayed        int
	Open            int
	Succeeded       int
	Failed          int
	Skipped         []byte
	CreatedByUserID *int64
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	FinishedAt      *int64
	LookedAt        int64
}

func (bulkReplayRow) TableName() string { return "bulk_replays" }

// bulkReplayedRow is a replay that a bulk replay has made, until it was seen to have ended.
type bulkReplayedRow struct {
	BulkReplayID int64
	CallbackID   int64
	Tried        bool
	LookAt       int64
}

func (bulkReplayedRow) TableName() string { return "bulk_replayed" }

func bulkReplay(r bulkReplayRow) (*callback.BulkReplay, error) {
	b := &callback.BulkReplay{
		ID: r.ID, UID: r.UID, DryRun: r.DryRun, Notices: r.Notices, ByPartner: r.ByPartner, Status: r.Status, Counted: r.Counted, Made: r.Made,
		Owner: callback.BulkOwner{
			ProjectID: idOrZero(r.ProjectID), AccountID: idOrZero(r.AccountID), SSOClientID: idOrZero(r.SSOClientID),
		},
		Matched: r.Matched, Replayed: r.Replayed, Open: r.Open, Succeeded: r.Succeeded, Failed: r.Failed,
		Skipped: map[callback.SkipReason]int{}, CreatedByUserID: r.CreatedByUserID,
		StartedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
		LookedAt: fromMicros(r.LookedAt),
	}
	if r.AfterAt != nil && r.AfterID != nil {
		b.After = new(callback.BulkPlace(fromMicros(*r.AfterAt), *r.AfterID))
	}
	if err := json.Unmarshal(r.Filter, &b.Filter); err != nil {
		return nil, err
	}
	return b, json.Unmarshal(r.Skipped, &b.Skipped)
}

// BulkReplays finds bulk replays by id. Those of SSO clients have neither an account nor a project, and only the
// platform's scope and their own reach them.
func (s *Store) BulkReplays(
	ctx context.Context, scope models.Scope, ids ...int64,
) ([]*callback.BulkReplay, error) {
	return find(ofOwner(s.reader(ctx), scope).Where(s.among("id", &ids)), bulkReplay)
}

// bulkOwners are the columns of owners of bulk replays, and what stands in them.
var bulkOwners = map[callback.Parent]struct {
	column string
	id     func(callback.BulkOwner) int64
}{
	callback.OfProject:   {"project_id", func(o callback.BulkOwner) int64 { return o.ProjectID }},
	callback.OfAccount:   {"account_id", func(o callback.BulkOwner) int64 { return o.AccountID }},
	callback.OfSSOClient: {"sso_client_id", func(o callback.BulkOwner) int64 { return o.SSOClientID }},
}

// BulkReplayPages lists bulk replays. It passes over what dryRun leaves out: 20,000 of one owner take 4 ms.
func (s *Store) BulkReplayPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, dryRun *bool, page models.Page,
) (map[int64]*models.PageOf[*callback.BulkReplay], error) {
	of := bulkOwners[owner]
	return pagesOf(ctx, s, ids, page, func(id int64) *gorm.DB {
		return s.bulkReplays(ctx, scope, dryRun).Where(of.column+" = ?", id)
	}, bulkReplay, func(b *callback.BulkReplay) int64 { return of.id(b.Owner) })
}

// CountBulkReplays counts what BulkReplayPages lists.
func (s *Store) CountBulkReplays(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, dryRun *bool,
) (map[int64]int, error) {
	return countBy(s.bulkReplays(ctx, scope, dryRun), bulkOwners[owner].column, ids)
}

func (s *Store) bulkReplays(ctx context.Context, scope models.Scope, dryRun *bool) *gorm.DB {
	db := ofOwner(s.reader(ctx).Model(&bulkReplayRow{}), scope)
	if dryRun != nil {
		db = db.Where("dry_run = ?", *dryRun)
	}
	return db
}

// CreateBulkReplay inserts a bulk replay.
func (s *Store) CreateBulkReplay(ctx context.Context, b *callback.BulkReplay) error {
	filter, err := json.Marshal(b.Filter)
	if err != nil {
		return err
	}
	row := bulkReplayRow{
		UID: b.UID, AccountID: idOrNull(b.Owner.AccountID), ProjectID: idOrNull(b.Owner.ProjectID),
		SSOClientID: idOrNull(b.Owner.SSOClientID), Filter: filter, DryRun: b.DryRun, Notices: b.Notices, ByPartner: b.ByPartner, Status: b.Status,
		Active: b.Active(), Skipped: []byte("{}"), CreatedByUserID: b.CreatedByUserID, CreatedAt: micros(b.StartedAt),
	}
	err = s.writer(ctx).Create(&row).Error
	b.ID = row.ID
	return err
}

// LockBulkReplay reads one bulk replay for an update.
func (s *Store) LockBulkReplay(ctx context.Context, scope models.Scope, id int64) (*callback.BulkReplay, error) {
	return first(ofOwner(s.locking(ctx), scope).Where("id = ?", id), callback.TypeBulkReplay, bulkReplay)
}

// UpdateBulkReplay writes what changes of a bulk replay.
func (s *Store) UpdateBulkReplay(ctx context.Context, b *callback.BulkReplay) error {
	skipped, err := json.Marshal(b.Skipped)
	if err != nil {
		return err
	}
	values := map[string]any{
		"status": b.Status, "counted": b.Counted, "made": b.Made, "active": b.Active(), "matched": b.Matched,
		"replayed": b.Replayed, "open": b.Open, "succeeded": b.Succeeded, "failed": b.Failed, "skipped": skipped,
		"finished_at": microsPtr(b.FinishedAt), "after_at": nil, "after_id": nil,
		"looked_at": micros(b.LookedAt),
	}
	if b.After != nil {
		values["after_at"], values["after_id"] = micros(b.After.At), b.After.ID
	}
	result := s.writer(ctx).Model(&bulkReplayRow{}).Where("id = ?", b.ID).Updates(values)
	return mustChange(result, callback.TypeBulkReplay)
}

// maxDryRuns is how many of the same callbacks count at once: they change nothing, but each is work.
const maxDryRuns = 5

// OverlappingBulkReplay finds one of the same owner, of an account and its project, or of an account and its SSO client
// where both replay notices. Dry runs overlap each other where there are maxDryRuns.
func (s *Store) OverlappingBulkReplay(
	ctx context.Context, with *callback.BulkReplay,
) (*callback.BulkReplay, error) {
	db, of := s.reader(ctx), with.Owner
	var same *gorm.DB
	if of.SSOClientID != 0 {
		same = db.Where("sso_client_id = ?", of.SSOClientID).
			Or("notices AND account_id IN (SELECT id FROM accounts WHERE sso_client_id = ?)", of.SSOClientID)
	} else {
		same = db.Where("account_id = ?", of.AccountID)
		if of.ProjectID != 0 {
			same = same.Where("(project_id IS NULL OR project_id = ?)", of.ProjectID)
		}
		if same = db.Where(same); with.Notices {
			same = same.Or("sso_client_id = (SELECT sso_client_id FROM accounts WHERE id = ?)", of.AccountID)
		}
	}
	allowed := 0
	if with.DryRun {
		allowed = maxDryRuns - 1
	}
	found, err := find(db.Where("status IN ?", []callback.BulkReplayStatus{
		callback.BulkCounting, callback.BulkRunning, callback.BulkPaused,
	}).Where("dry_run = ?", with.DryRun).Where(same).Order("id").Offset(allowed).Limit(1), bulkReplay)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

const bulkReplayWaits = "active AND looked_at <= ?"

// BulkReplayWaits reads the index of those that are active.
func (s *Store) BulkReplayWaits(ctx context.Context, before time.Time) (bool, error) {
	return exists(s.reader(ctx).Model(&bulkReplayRow{}).Where(bulkReplayWaits, micros(before)))
}

// TakeBulkReplay passes over what others look at.
func (s *Store) TakeBulkReplay(ctx context.Context, now, before time.Time) (*callback.BulkReplay, error) {
	taken, err := find(s.writer(ctx).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
		Where(bulkReplayWaits, micros(before)).Order("looked_at, id").Limit(1), bulkReplay)
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	b := taken[0]
	return b, s.writer(ctx).Model(&bulkReplayRow{}).Where("id = ?", b.ID).Update("looked_at", micros(now)).Error
}

// LockCallbacks locks callbacks as their replays need them.
func (s *Store) LockCallbacks(ctx context.Context, ids ...int64) ([]*callback.Callback, error) {
	return find(s.locking(ctx).Select(claimedCallback+", replay_count").Where(s.among("id", &ids)).Order("id"), s.callback)
}

// AddBulkReplayed inserts a row for each replay.
func (s *Store) AddBulkReplayed(
	ctx context.Context, b *callback.BulkReplay, now time.Time, replayIDs ...int64,
) error {
	rows := make([]bulkReplayedRow, len(replayIDs))
	for i, id := range replayIDs {
		rows[i] = bulkReplayedRow{BulkReplayID: b.ID, CallbackID: id, LookAt: micros(now)}
	}
	return s.writer(ctx).CreateInBatches(rows, models.MaxPageSize).Error
}

// When a replay that has not ended is looked at again: soon where its first attempt has not, so that others may be made.
const (
	untriedAgain = 500 * time.Millisecond
	triedAgain   = 10 * time.Second
)

// LookAtReplayed reads what has become of replays in the order in which they are to be looked at.
func (s *Store) LookAtReplayed(
	ctx context.Context, b *callback.BulkReplay, now time.Time, limit int,
) (ended callback.BulkEnded, err error) {
	var rows []struct {
		CallbackID   int64
		Status       *callback.Status
		AttemptCount int
	}
	err = s.reader(ctx).Table("bulk_replayed AS made").
		Select("made.callback_id, callbacks.status, callbacks.attempt_count").
		Joins("LEFT JOIN callbacks ON callbacks.id = made.callback_id").
		Where("made.bulk_replay_id = ? AND made.look_at <= ?", b.ID, micros(now)).
		Order("made.look_at, made.callback_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return ended, err
	}
	var over, tried, untried []int64
	for _, r := range rows {
		switch {
		case r.Status == nil || *r.Status == callback.StatusFailed: // what is gone has ended long ago
			ended.Failed++
			over = append(over, r.CallbackID)
		case *r.Status == callback.StatusSuccess:
			ended.Succeeded++
			over = append(over, r.CallbackID)
		case r.AttemptCount > 0 && *r.Status == callback.StatusPending: // it waits for a retry
			tried = append(tried, r.CallbackID)
		default:
			untried = append(untried, r.CallbackID)
		}
	}
	return ended, s.noteReplayed(ctx, now, over, tried, untried)
}

func (s *Store) noteReplayed(ctx context.Context, now time.Time, over, tried, untried []int64) error {
	if len(over) > 0 {
		if err := s.writer(ctx).Where(s.among("callback_id", &over)).Delete(&bulkReplayedRow{}).Error; err != nil {
			return err
		}
	}
	if len(tried) > 0 {
		err := s.writer(ctx).Model(&bulkReplayedRow{}).Where(s.among("callback_id", &tried)).
			Updates(map[string]any{"tried": true, "look_at": micros(now.Add(triedAgain))}).Error
		if err != nil {
			return err
		}
	}
	if len(untried) == 0 {
		return nil
	}
	return s.writer(ctx).Model(&bulkReplayedRow{}).Where(s.among("callback_id", &untried)).
		Update("look_at", micros(now.Add(untriedAgain))).Error
}

// CountUntried reads their index.
func (s *Store) CountUntried(ctx context.Context, b *callback.BulkReplay, limit int) (int, error) {
	waiting := s.reader(ctx).Model(&bulkReplayedRow{}).Select("1").
		Where("bulk_replay_id = ? AND NOT tried", b.ID).Limit(limit)
	return count(s.reader(ctx).Table("(?) AS waiting", waiting))
}

// PurgeBulkReplays deletes what ended before a time.
func (s *Store) PurgeBulkReplays(
	ctx context.Context, endedBefore time.Time, limit int,
) (bulkReplays, rows int, err error) {
	old := s.writer(ctx).Model(&bulkReplayRow{}).Select("id").
		Where("finished_at < ? AND NOT active", micros(endedBefore)).Order("finished_at, id").Limit(limit)
	result := s.writer(ctx).Where("id IN (?)", old).Delete(&bulkReplayRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
