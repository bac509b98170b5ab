package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

// Callbacks finds callbacks by id.
func (s *Store) Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*models.Callback, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where("id IN ?", ids), s.callback)
}

// CallbackByUID finds one callback.
func (s *Store) CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*models.Callback, error) {
	return first(scoped(s.reader(ctx), scope, "account_id", "project_id").Where("uid = ?", uid), models.TypeCallback, s.callback)
}

// owners are the columns and fields that callbacks are listed by.
var owners = map[models.CallbackOwner]struct {
	column string
	id     func(*models.Callback) int64
}{
	models.OwnerAccount: {"account_id", func(c *models.Callback) int64 { return c.AccountID }},
	models.OwnerProject: {"project_id", func(c *models.Callback) int64 { return c.ProjectID }},
	models.OwnerCrawl:   {"crawl_id", func(c *models.Callback) int64 { return *c.CrawlID }},
	models.OwnerRun:     {"run_id", func(c *models.Callback) int64 { return *c.RunID }},
	models.OwnerJob:     {"job_id", func(c *models.Callback) int64 { return *c.JobID }},
}

// CallbackPages lists the callbacks of owners.
func (s *Store) CallbackPages(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter, page models.Page) (map[int64]*models.PageOf[*models.Callback], error) {
	by := owners[owner]
	return pagesOf(ctx, s, ids, page, func(id int64) *gorm.DB {
		return s.filtered(ctx, scope, filter).Where(by.column+" = ?", id)
	}, s.callback, by.id)
}

// CountCallbacks counts what CallbackPages lists.
func (s *Store) CountCallbacks(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter) (map[int64]int, error) {
	return countBy(s.filtered(ctx, scope, filter), owners[owner].column, ids)
}

func (s *Store) filtered(ctx context.Context, scope models.Scope, filter models.CallbackFilter) *gorm.DB {
	db := scoped(s.reader(ctx).Model(&callbackRow{}), scope, "account_id", "project_id")
	if len(filter.Status) > 0 {
		db = db.Where("status IN ?", filter.Status)
	}
	if len(filter.Event) > 0 {
		db = db.Where("event IN ?", filter.Event)
	}
	if filter.CreatedAfter != nil {
		db = db.Where("created_at >= ?", micros(*filter.CreatedAfter))
	}
	if filter.CreatedBefore != nil {
		db = db.Where("created_at < ?", micros(*filter.CreatedBefore))
	}
	if filter.HTTPStatus != nil {
		db = db.Where("http_status = ?", *filter.HTTPStatus)
	}
	return db
}

// Replays finds the replays of callbacks.
func (s *Store) Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*models.Callback, error) {
	return find(scoped(s.reader(ctx), scope, "account_id", "project_id").Where("replay_of_id IN ?", originalIDs).Order("id"), s.callback)
}

// attemptsWithin narrows attempts to those of callbacks within the scope.
func (s *Store) attemptsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&attemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("callback_id IN (?)", scoped(s.reader(ctx).Model(&callbackRow{}), scope, "account_id", "project_id").Select("id"))
}

// attemptColumns are all but the answer's body, which can be 64 KiB.
const attemptColumns = "id, uid, callback_id, number, url, started_at, finished_at, duration_micros, dns_micros, connect_micros, " +
	"tls_micros, first_byte_micros, http_status, error_code, error_message"

// AttemptPages lists the attempts of callbacks.
func (s *Store) AttemptPages(ctx context.Context, scope models.Scope, callbackIDs []int64, page models.Page) (map[int64]*models.PageOf[*models.Attempt], error) {
	return numberedPages(ctx, s, callbackIDs, page, "number", func(id int64) *gorm.DB {
		return s.attemptsWithin(ctx, scope).Select(attemptColumns).Where("callback_id = ?", id)
	}, attempt, func(a *models.Attempt) int64 { return a.CallbackID })
}

// CountAttempts counts what AttemptPages lists.
func (s *Store) CountAttempts(ctx context.Context, scope models.Scope, callbackIDs []int64) (map[int64]int, error) {
	return countBy(s.attemptsWithin(ctx, scope), "callback_id", callbackIDs)
}

// ResponseBodies reads the answers' bodies.
func (s *Store) ResponseBodies(ctx context.Context, scope models.Scope, attemptIDs ...int64) (map[int64][]byte, error) {
	found, err := find(s.attemptsWithin(ctx, scope).Select("id, response_body").Where("id IN ?", attemptIDs), attempt)
	if err != nil {
		return nil, err
	}
	bodies := make(map[int64][]byte, len(found))
	for _, a := range found {
		bodies[a.ID] = a.ResponseBody
	}
	return bodies, nil
}
