package store

import (
	"context"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// partnerRow is who hears of a callback, and how the callback is named to them.
type partnerRow struct {
	ID           int64
	FailureCount int
	SSOClientID  int64
	NoticeMode   tenant.NoticeMode
	Events       string
	CreatorID    *int64
	callback.SourceNames
}

// partnerColumns are those of a partnerRow, but for its id.
var partnerColumns = "callbacks.failure_count, COALESCE(sso_clients.id, 0) AS sso_client_id, " +
	"COALESCE(sso_clients.notice_mode, '') AS notice_mode, COALESCE(sso_clients.webhook_events, '') AS events, " +
	creatorOfSource + " AS creator_id, " + namesOfSource

// withPartners joins callbacks with who hears of them now: nobody, where there is no webhook.
const withPartners = `LEFT JOIN projects ON projects.id = callbacks.project_id
LEFT JOIN accounts ON accounts.id = projects.account_id
LEFT JOIN sso_clients ON sso_clients.id = accounts.sso_client_id AND sso_clients.webhook_url IS NOT NULL`

// Partners finds who hears of failures of callbacks. It locks these: a settlement that is made again waits for the
// first one, and sees what that has written.
func (s *Store) Partners(ctx context.Context, callbackIDs ...int64) (map[int64]callback.Partner, error) {
	var rows []partnerRow
	err := s.writer(ctx).Table("callbacks").Clauses(
		clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "callbacks"}},
	).Select("callbacks.id, " + partnerColumns).Joins(withPartners).
		Where(s.among("callbacks.id", &callbackIDs)).Order("callbacks.id").Scan(&rows).Error
	return partners(rows), err
}

func partners(rows []partnerRow) map[int64]callback.Partner {
	found := make(map[int64]callback.Partner, len(rows))
	for _, r := range rows {
		found[r.ID] = callback.Partner{
			SSOClientID: r.SSOClientID, NoticeMode: r.NoticeMode, Events: tenant.ParseWebhookEvents(r.Events),
			FailureCount: r.FailureCount, CreatorID: r.CreatorID, Names: r.SourceNames,
		}
	}
	return found
}

const noteNotified = `UPDATE callbacks SET notified_sso_client_id = given.sso_client_id FROM given
WHERE callbacks.id = given.id AND (notified_sso_client_id IS NULL OR notified_sso_client_id <> given.sso_client_id)`

// NoteNotified notes which SSO clients are notified of failures, by the ids of the originals.
func (s *Store) NoteNotified(ctx context.Context, ssoClientIDs map[int64]int64) error {
	if len(ssoClientIDs) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(ssoClientIDs))
	given, args := s.given(len(ids),
		columnOf("id", "bigint", ids, func(id int64) int64 { return id }),
		columnOf("sso_client_id", "bigint", ids, func(id int64) int64 { return ssoClientIDs[id] }),
	)
	return s.writer(ctx).Exec(given+noteNotified, args...).Error
}

// Recovered looks first, which locks nothing: nearly always nobody wants to hear of an arrival. Of two that arrive at
// the same moment, the update lets one through.
func (s *Store) Recovered(ctx context.Context, callbackIDs ...int64) (map[int64]callback.Partner, error) {
	var rows []struct {
		Partner    partnerRow `gorm:"embedded"`
		OriginalID int64
	}
	err := s.writer(ctx).Table("callbacks").
		Select("callbacks.id, original.id AS original_id, "+partnerColumns).
		Joins("JOIN callbacks AS original ON original.id = COALESCE(callbacks.replay_of_id, callbacks.id)").
		Joins(withPartners).
		Where(s.among("callbacks.id", &callbackIDs)).
		Where("original.notified_sso_client_id = sso_clients.id AND sso_clients.webhook_events LIKE ?",
			"%"+string(tenant.WebhookRecovered)+"%").
		Order("callbacks.id").Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	originals := make([]int64, len(rows))
	for i, r := range rows {
		originals[i] = r.OriginalID
	}
	var waited []callbackRow
	err = s.writer(ctx).Model(&waited).Clauses(returning("id")).
		Where(s.among("id", &originals)).Where("notified_sso_client_id IS NOT NULL").
		Update("notified_sso_client_id", nil).Error
	waiting := make(map[int64]bool, len(waited))
	for _, r := range waited {
		waiting[r.ID] = true
	}
	var first []partnerRow // to arrive, of each original
	for _, r := range rows {
		if waiting[r.OriginalID] {
			first = append(first, r.Partner)
			delete(waiting, r.OriginalID)
		}
	}
	return partners(first), err
}

// A worker of the release before can send no event that it does not know. So digests, tests and notices of arrivals are
// stored as notices of a single failure are: that one sends them as it sends those, to the target that stands beside the
// event. Digests and tests have no cause, and notices of arrivals are marked. The next release can store them by their
// own names. The first of these is the condition of an index.
const (
	storedAsNotice = "event = 'CALLBACK_FAILED' AND cause_id IS NULL"
	isTest         = "substr(dedup_key, 1, 5) = 'test:'" // callback.IsTestKey
)

// noticeKinds are the events that are stored as CALLBACK_FAILED, with what tells each from the others.
var noticeKinds = []struct {
	event     callback.EventName
	condition string
}{
	{callback.CallbackFailedEvent, "cause_id IS NOT NULL AND NOT recovered"},
	{callback.CallbackRecoveredEvent, "recovered"},
	{callback.CallbacksFailedEvent, "cause_id IS NULL AND NOT " + isTest},
	{callback.TestEvent, isTest},
}

// storedEvent is how the column has an event, and event reads it.
func storedEvent(e callback.EventName) callback.EventName {
	switch e {
	case callback.CallbackRecoveredEvent, callback.CallbacksFailedEvent, callback.TestEvent:
		return callback.CallbackFailedEvent
	}
	return e
}

func (r callbackRow) event() callback.EventName {
	switch {
	case r.Recovered:
		return callback.CallbackRecoveredEvent
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
