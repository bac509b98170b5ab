package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Partners finds who hears of failures of callbacks. It locks these: a settlement that is made again waits for the
// first one, and sees what that has written.
func (s *Store) Partners(ctx context.Context, callbackIDs ...int64) (map[int64]callback.Partner, error) {
	var rows []struct {
		ID           int64
		FailureCount int
		NoticeMode   tenant.NoticeMode
		CreatorID    *int64
	}
	err := s.writer(ctx).Table("callbacks").Clauses(
		clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "callbacks"}},
	).
		Select(
			"callbacks.id, callbacks.failure_count, COALESCE(sso_clients.notice_mode, '') AS notice_mode, " + creatorOfSource +
				" AS creator_id",
		).
		Joins("LEFT JOIN projects ON projects.id = callbacks.project_id").
		Joins("LEFT JOIN accounts ON accounts.id = projects.account_id").
		Joins("LEFT JOIN sso_clients ON sso_clients.id = accounts.sso_client_id AND sso_clients.webhook_url IS NOT NULL").
		Where(s.among("callbacks.id", &callbackIDs)).Order("callbacks.id").Scan(&rows).Error
	found := make(map[int64]callback.Partner, len(rows))
	for _, r := range rows {
		found[r.ID] = callback.Partner{NoticeMode: r.NoticeMode, FailureCount: r.FailureCount, CreatorID: r.CreatorID}
	}
	return found, err
}

// A worker of the release before can send no event that it does not know. So a digest is stored as a notice of a single
// failure is, but without a cause, which each of those has; the next release can store it by its own name. The first of
// these is the condition of an index.
const (
	isDigest   = "event = 'CALLBACK_FAILED' AND cause_id IS NULL"
	butDigests = "(event <> 'CALLBACK_FAILED' OR cause_id IS NOT NULL)"
	butOthers  = "(event <> 'CALLBACK_FAILED' OR cause_id IS NULL)"
)

// storedEvent is how the column has an event, and event reads it.
func storedEvent(e callback.EventName) callback.EventName {
	if e == callback.CallbacksFailedEvent {
		return callback.CallbackFailedEvent
	}
	return e
}

func (r callbackRow) event() callback.EventName {
	if r.Event == callback.CallbackFailedEvent && r.CauseID == nil {
		return callback.CallbacksFailedEvent
	}
	return r.Event
}

// storedEvents is how the column has events, each once. Where it has more by that, a condition leaves them out.
func storedEvents(events []callback.EventName) (stored []callback.EventName, but string) {
	for _, e := range events {
		stored = append(stored, storedEvent(e))
	}
	stored = distinct(stored, nil)
	each, digests := slices.Contains(events, callback.CallbackFailedEvent), slices.Contains(
		events, callback.CallbacksFailedEvent,
	)
	switch {
	case each && !digests:
		but = butDigests
	case digests && !each:
		but = butOthers
	}
	return stored, but
}

// LastDigest goes to the end of the index of digests.
func (s *Store) LastDigest(ctx context.Context, projectID int64) (*callback.Callback, error) {
	found, err := find(s.lastDigest(ctx, projectID), s.callback)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func (s *Store) lastDigest(ctx context.Context, projectID int64) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Select(historyColumns+", target_url, lane, body").
		Where("project_id = ? AND "+isDigest+" AND replay_of_id IS NULL", projectID).Order("callbacks.id DESC").Limit(1)
}

// RewriteDigest is fenced by the attempt count.
func (s *Store) RewriteDigest(ctx context.Context, id int64, body []byte) (bool, error) {
	result := s.writer(ctx).Model(&callbackRow{}).Where(
		"id = ? AND status = 'PENDING' AND attempt_count = 0", id,
	).Update("body", body)
	return result.RowsAffected == 1, result.Error
}
