package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

// Callbacks finds callbacks by id.
func (s *Store) Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*models.Callback, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where(s.among("id", &ids)), s.callback)
}

// CallbackByUID finds one callback.
func (s *Store) CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*models.Callback, error) {
	return first(scoped(s.reader(ctx), scope, "account_id", "project_id").Where("uid = ?", uid), models.TypeCallback, s.callback)
}

// Replays finds the replays of callbacks.
func (s *Store) Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*models.Callback, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where(s.among("replay_of_id", &originalIDs)).Order("id"), s.callback)
}

// attemptsWithin narrows attempts to those of callbacks within the scope. It looks at the callback of each: a list of all the callbacks
// within the scope would be as long as the history.
func (s *Store) attemptsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&attemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("EXISTS (?)", s.callbacksWithin(ctx, scope).Select("1").Where("callbacks.id = callback_attempts.callback_id"))
}

func (s *Store) callbacksWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return scoped(s.reader(ctx).Model(&callbackRow{}), scope, "account_id", "project_id")
}

// attemptColumns are all but the answer's body, which can be 64 KiB.
const attemptColumns = "id, uid, callback_id, number, url, started_at, finished_at, duration_micros, dns_micros, connect_micros, " +
	"tls_micros, first_byte_micros, http_status, error_code, error_message"

// AttemptPages lists the attempts of callbacks.
func (s *Store) AttemptPages(ctx context.Context, scope models.Scope, callbackIDs []int64, page models.Page) (map[int64]*models.PageOf[*models.Attempt], error) {
	query := s.attemptsOf(ctx, scope, callbackIDs, func(callbackID clause.Expr) clause.Expr {
		return gorm.Expr("SELECT "+attemptColumns+" FROM callback_attempts WHERE callback_id = ? AND number > ? ORDER BY number LIMIT ?",
			callbackID, lastNumber(page), page.First+1)
	})
	return pagesFrom(query, callbackIDs, page.First, attempt, func(a *models.Attempt) int64 { return a.CallbackID }, upwards)
}

// CountAttempts counts what AttemptPages lists.
func (s *Store) CountAttempts(ctx context.Context, scope models.Scope, callbackIDs []int64) (map[int64]int, error) {
	return countsFrom(s.attemptsOf(ctx, scope, callbackIDs, func(callbackID clause.Expr) clause.Expr {
		return gorm.Expr("SELECT ? AS owner, count(*) AS count FROM callback_attempts WHERE callback_id = ?", callbackID, callbackID)
	}), callbackIDs)
}

// attemptsOf runs a query of the attempts of one callback for each of those within the scope, in one statement.
func (s *Store) attemptsOf(ctx context.Context, scope models.Scope, callbackIDs []int64, query func(callbackID clause.Expr) clause.Expr) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB { return s.callbacksWithin(ctx, scope).Select("id").Where("id IN ?", ids) }
	all := s.dialect.ofEach(callbackIDs, visible, query)
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}

// ResponseBodies reads the answers' bodies.
func (s *Store) ResponseBodies(ctx context.Context, scope models.Scope, attemptIDs ...int64) (map[int64][]byte, error) {
	found, err := find(s.attemptsWithin(ctx, scope).Select("id, response_body").Where(s.among("id", &attemptIDs)), attempt)
	if err != nil {
		return nil, err
	}
	bodies := make(map[int64][]byte, len(found))
	for _, a := range found {
		bodies[a.ID] = a.ResponseBody
	}
	return bodies, nil
}
