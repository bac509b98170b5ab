package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// isNotice tells the notices to a partner's webhook from the callbacks to customers.
const isNotice = "target = 'SSO_CLIENT'"

// historyColumns are what the history shows of a callback: neither its body nor its headers, which only its delivery
// needs, and without what is only for the platform.
var historyColumns = "callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, " +
	sourceNames +
	", created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, recovered, dedup_key, ordering_key, held, attempt_count, failure_count, " +
	"panic_count, interruption_count, unreadable_since, next_attempt_at, " +
	"lease_until, http_status, error_code, callbacks.created_at, finished_at, payload_purged_at"

// historyShown are the columns of callbacks that a scope may see.
func historyShown(scope models.Scope) string {
	return historyColumns + shown(scope, isNotice, "target_url", "lane", "error_message")
}

// shown adds columns to a list: of a notice they tell of the partner's webhook, and are NULL for all but the platform and
// the partner.
func shown(scope models.Scope, ofNotice string, columns ...string) (list string) {
	for _, c := range columns {
		if scope.SeesNotices() {
			list += ", " + c
		} else {
			list += ", CASE WHEN NOT " + ofNotice + " THEN " + c + " END AS " + c
		}
	}
	return list
}

// history selects callbacks as the history shows them.
func (s *Store) history(ctx context.Context, scope models.Scope) *gorm.DB {
	return s.callbacksWithin(ctx, scope).Select(historyShown(scope))
}

// Callbacks finds callbacks by id.
func (s *Store) Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*callback.Callback, error) {
	return find(s.history(ctx, scope).Where(s.among("id", &ids)), s.callback)
}

// CallbackByUID finds one callback.
func (s *Store) CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*callback.Callback, error) {
	return first(s.history(ctx, scope).Where("uid = ?", uid), models.TypeCallback, s.callback)
}

// Replays finds the replays of callbacks.
func (s *Store) Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*callback.Callback, error) {
	return planned(ctx, s, func(s *Store) ([]*callback.Callback, error) {
		return find(s.history(ctx, scope).Where(s.among("replay_of_id", &originalIDs)).Order("id"), s.callback)
	})
}

// attemptsWithin narrows attempts to those of callbacks within the scope. It looks at the callback of each: a list of
// all the callbacks within the scope would be as long as the history.
func (s *Store) attemptsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&attemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("EXISTS (?)", s.callbacksWithin(ctx, scope).Select("1").Where("callbacks.id = "+
		"callback_attempts.callback_id"))
}

// attemptColumns are all but the answer's body, which can be 64 KiB, the headers, of 32 KiB, and what is only for the
// platform.
const attemptColumns = "id, uid, callback_id, number, started_at, finished_at, duration_micros, dns_micros, " +
	"connect_micros, " +
	"tls_micros, first_byte_micros, http_status, error_code"

// attemptsShown are the columns of attempts that a scope may see.
func attemptsShown(scope models.Scope) string {
	return attemptColumns + shown(scope, "(SELECT "+isNotice+" FROM callbacks WHERE callbacks.id = "+
		"callback_attempts.callback_id)", "url", "error_message", "warning", "connection")
}

// AttemptPages lists the attempts of callbacks.
func (s *Store) AttemptPages(
	ctx context.Context, scope models.Scope, callbackIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*callback.Attempt], error) {
	return planned(ctx, s, func(s *Store) (map[int64]*models.PageOf[*callback.Attempt], error) {
		query := s.attemptsOf(ctx, scope, callbackIDs, func(callbackID clause.Expr) clause.Expression {
			above, below, direction := numbersOf(page)
			return gorm.Expr("SELECT "+attemptsShown(scope)+" FROM callback_attempts WHERE callback_id = ? AND number > ? "+
				"AND number < ? ORDER BY number"+direction+" LIMIT ?",
				callbackID, above, below, page.First+1)
		})
		return pagesFrom(
			query, callbackIDs, page, attempt, func(a *callback.Attempt) int64 { return a.CallbackID }, upwards,
		)
	})
}

// CountAttempts counts what AttemptPages lists.
func (s *Store) CountAttempts(ctx context.Context, scope models.Scope, callbackIDs []int64) (map[int64]int, error) {
	return planned(ctx, s, func(s *Store) (map[int64]int, error) {
		return countsFrom(s.attemptsOf(ctx, scope, callbackIDs, func(callbackID clause.Expr) clause.Expression {
			return gorm.Expr(
				"SELECT ? AS owner, count(*) AS count FROM callback_attempts WHERE callback_id = ?", callbackID, callbackID,
			)
		}), callbackIDs)
	})
}

// attemptsOf runs a query of the attempts of one callback for each of those within the scope, in one statement.
func (s *Store) attemptsOf(
	ctx context.Context, scope models.Scope, callbackIDs []int64, query func(callbackID clause.Expr) clause.Expression,
) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB { return s.callbacksWithin(ctx, scope).Select("id").Where("id IN ?", ids) }
	all := s.dialect.ofEach(callbackIDs, visible, query)
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}
