package store

import (
	"context"
	"slices"
	"strings"

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

// A worker of the release before can send no event that it does not know. So digests and tests are stored as notices of
// a single failure are, of which neither has the cause: that one sends them as it sends those, to the target that stands
// beside the event. The next release can store them by their own names. The first of these is the condition of an index.
const (
	storedAsNotice = "event = 'CALLBACK_FAILED' AND cause_id IS NULL"
	isTest         = "substr(dedup_key, 1, 5) = 'test:'" // callback.IsTestKey
)

// noticeKinds are the events that are stored as CALLBACK_FAILED, with what tells each from the others.
var noticeKinds = []struct {
	event     callback.EventName
	condition string
}{
	{callback.CallbackFailedEvent, "cause_id IS NOT NULL"},
	{callback.CallbacksFailedEvent, "cause_id IS NULL AND NOT " + isTest},
	{callback.TestEvent, isTest},
}

// storedEvent is how the column has an event, and event reads it.
func storedEvent(e callback.EventName) callback.EventName {
	if e == callback.CallbacksFailedEvent || e == callback.TestEvent {
		return callback.CallbackFailedEvent
	}
	return e
}

func (r callbackRow) event() callback.EventName {
	switch {
	case r.Event != callback.CallbackFailedEvent || r.CauseID != nil:
		return r.Event
	case callback.IsTestKey(r.DedupKey):
		return callback.TestEvent
	}
	return callback.CallbacksFailedEvent
}

// storedEvents is how the column has events, each once. Where it has more by that, a condition leaves them out.
func storedEvents(events []callback.EventName) (stored []callback.EventName, but string) {
	for _, e := range events {
		stored = append(stored, storedEvent(e))
	}
	var asked []string
	for _, kind := range noticeKinds {
		if slices.Contains(events, kind.event) {
			asked = append(asked, kind.condition)
		}
	}
	if len(asked) > 0 && len(asked) < len(noticeKinds) {
		but = "(event <> 'CALLBACK_FAILED' OR " + strings.Join(asked, " OR ") + ")"
	}
	return distinct(stored, nil), but
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
		Where("project_id = ? AND "+storedAsNotice+" AND NOT "+isTest+" AND replay_of_id IS NULL", projectID).Order("callbacks.id DESC").Limit(1)
}

// RewriteDigest is fenced by the attempt count.
func (s *Store) RewriteDigest(ctx context.Context, id int64, body []byte) (bool, error) {
	result := s.writer(ctx).Model(&callbackRow{}).Where(
		"id = ? AND status = 'PENDING' AND attempt_count = 0", id,
	).Update("body", body)
	return result.RowsAffected == 1, result.Error
}
