package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

// callbackOwner is what callbacks are listed by: the column, the table of the owners and the field.
type callbackOwner struct {
	column string
	table  any
	id     func(*models.Callback) int64
}

var owners = func() map[models.CallbackOwner]callbackOwner {
	list := map[models.CallbackOwner]callbackOwner{
		models.OwnerAccount: {"account_id", &accountRow{}, func(c *models.Callback) int64 { return c.AccountID }},
		models.OwnerProject: {"project_id", &projectRow{}, func(c *models.Callback) int64 { return c.ProjectID }},
	}
	for _, kind := range callbackSources {
		if !kind.part {
			list[models.CallbackOwner(kind.typeName)] = callbackOwner{kind.column, kind.row, func(c *models.Callback) int64 { return c.Source.Of.Raw }}
		}
	}
	return list
}()

// CallbackPages lists the callbacks of owners.
func (s *Store) CallbackPages(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter, page models.Page) (pages map[int64]*models.PageOf[*models.Callback], err error) {
	err = s.planned(ctx, func(s *Store) (err error) {
		query := s.queryPages(ctx, scope, owner, ids, filter, page)
		pages, err = pagesFrom(query, ids, page.First, s.callback, owners[owner].id, newestFirst)
		return err
	})
	return pages, err
}

func (s *Store) queryPages(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter, page models.Page) *gorm.DB {
	return s.callbacksOf(ctx, scope, owner, ids, func(id clause.Expr) clause.Expr {
		return s.newCallbackList(scope, owner, id, filter, page.After).page(page.First + 1)
	})
}

// CountCallbacks counts what CallbackPages lists, up to models.MaxCounted and one more.
func (s *Store) CountCallbacks(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter) (counts map[int64]int, err error) {
	err = s.planned(ctx, func(s *Store) (err error) {
		counts, err = countsFrom(s.queryCounts(ctx, scope, owner, ids, filter), ids)
		return err
	})
	return counts, err
}

func (s *Store) queryCounts(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, filter models.CallbackFilter) *gorm.DB {
	return s.callbacksOf(ctx, scope, owner, ids, func(id clause.Expr) clause.Expr {
		counted := s.newCallbackList(scope, owner, id, filter, nil).counted(models.MaxCounted + 1)
		return gorm.Expr("SELECT ? AS owner, count(*) AS count FROM (?) AS counted", id, counted)
	})
}

// callbacksOf runs a query of the callbacks of one owner for each of those that the scope reaches, in one statement.
func (s *Store) callbacksOf(ctx context.Context, scope models.Scope, owner models.CallbackOwner, ids []int64, query func(id clause.Expr) clause.Expr) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB {
		return s.visibleOwners(ctx, scope, owner).Select("id").Where("id IN ?", ids)
	}
	all := s.dialect.ofEach(ids, visible, query)
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}

// visibleOwners are those whose callbacks the scope reaches, all of them; only of an account a project's key reaches just its own.
func (s *Store) visibleOwners(ctx context.Context, scope models.Scope, owner models.CallbackOwner) *gorm.DB {
	db := s.reader(ctx).Model(owners[owner].table)
	switch {
	case owner == models.OwnerAccount && scope.ProjectID() != 0:
		return db.Where("id IN (SELECT account_id FROM projects WHERE id = ?)", scope.ProjectID())
	case owner == models.OwnerAccount:
		return scoped(db, scope, "id", noProject)
	case owner == models.OwnerProject:
		return scoped(db, scope, "account_id", "id")
	}
	return scoped(db, scope, "account_id", "project_id")
}

// An ended callback never changes again. Those of an account or a project, nearly all of a long history, are in one index in the order
// of the list, and in another one by kind (status, event and HTTP status) and within a kind in the order of the list. A page without a
// filter reads from the first, and one with a filter the beginnings of the kinds that it lets through: as many rows in a long history
// as in a short one, whether many match or none. What has not ended is in an index of its own.
//
// Each index has its own words for what it holds, and the statement that is to go through it says them: so no plan can take another
// one and look through all that the account has, which seems as good where the statistics are old.
const (
	isOngoing = "finished_at IS NULL"
	isEnded   = "next_attempt_at IS NULL AND lease_until IS NULL"
	ofKind    = "status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event"
	// code is the HTTP status as the index by kind has it: NULL is neither found nor sorted as a value is.
	code = "coalesce(http_status, -1)"
	// newest is the order of a list, up to so many.
	newest = " ORDER BY created_at DESC, id DESC LIMIT ?"
)

// callbackList is a list of callbacks: those of an owner that a filter lets through.
type callbackList struct {
	dialect dialect
	columns string
	owner   clause.Expr
	span    []clause.Expr // of the list: the owner, and the time
	filter  models.CallbackFilter
	indexed bool // as above; of a crawl, a run or a job there is one index, in the order of the list
}

func (s *Store) newCallbackList(scope models.Scope, owner models.CallbackOwner, id clause.Expr, filter models.CallbackFilter, after *models.Cursor) callbackList {
	l := callbackList{
		dialect: s.dialect, columns: historyShown(scope), owner: gorm.Expr(owners[owner].column+" = ?", id), filter: filter,
		indexed: owner == models.OwnerAccount || owner == models.OwnerProject,
	}
	if owner == models.OwnerAccount && scope.ProjectID() != 0 {
		l.owner = gorm.Expr("project_id = ?", scope.ProjectID())
	}
	l.span = []clause.Expr{l.owner}
	if filter.CreatedAfter != nil {
		l.span = append(l.span, gorm.Expr("created_at >= ?", micros(*filter.CreatedAfter)))
	}
	if filter.CreatedBefore != nil {
		l.span = append(l.span, gorm.Expr("created_at < ?", micros(*filter.CreatedBefore)))
	}
	if after != nil {
		l.span = append(l.span, gorm.Expr("(created_at, id) < (?, ?)", after.At.UnixMicro(), after.ID))
	}
	return l
}

// page selects the first n of the list.
func (l callbackList) page(n int) clause.Expr {
	if !l.indexed {
		return gorm.Expr("SELECT "+l.columns+" FROM callbacks WHERE ?"+newest, l.where(l.narrowing()...), n)
	}
	with, parts := l.parts(n, false)
	return gorm.Expr("WITH RECURSIVE ? SELECT "+l.columns+" FROM (SELECT id FROM (?) AS parts"+newest+") AS chosen "+
		"CROSS JOIN callbacks WHERE callbacks.id = chosen.id", with, parts, n)
}

// counted selects the callbacks of the list in any order, and no more than n.
func (l callbackList) counted(n int) clause.Expr {
	if !l.indexed {
		return gorm.Expr("SELECT id FROM callbacks WHERE ?"+newest, l.where(l.narrowing()...), n)
	}
	with, parts := l.parts(n, true)
	return gorm.Expr("WITH RECURSIVE ? ? LIMIT ?", with, parts, n)
}

// parts are what has ended and what has not, n of each, as far as the filter asks for them, with the queries that they are made of.
// To be counted they need no order, but an index is sure to be read only for its order: a scan of the table may seem as good.
func (l callbackList) parts(n int, counting bool) (with, parts clause.Expr) {
	var queries, each []clause.Expr
	ongoing := l.ongoing()
	if statuses := l.statuses(true); len(statuses) > 0 {
		queries, each = l.ended(statuses, n, counting), append(each, gorm.Expr("SELECT id, created_at FROM ended"))
		if !counting {
			// What was ongoing leaves dead entries in its index until that is vacuumed: nobody walks over them past the end of the page.
			ongoing = append(ongoing, gorm.Expr("created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = ?), 0)", n))
		}
	}
	if len(l.statuses(false)) > 0 {
		queries = append(queries, gorm.Expr("ongoing AS (SELECT id, created_at FROM callbacks WHERE ?"+newest+")", l.where(ongoing...), n))
		each = append(each, gorm.Expr("SELECT id, created_at FROM ongoing"))
	}
	return joined(", ", queries), joined(" UNION ALL ", each)
}

// ended selects what has ended: in the order of the list or, with a filter, from the kinds that it lets through.
func (l callbackList) ended(statuses []models.Status, n int, counting bool) []clause.Expr {
	if len(l.narrowing()) == 0 {
		return []clause.Expr{gorm.Expr("ended AS (SELECT id, created_at FROM callbacks WHERE ?"+newest+")", l.where(gorm.Expr(isEnded)), n)}
	}
	_, but := storedEvents(l.filter.Event)
	condition := l.where(append(but, gorm.Expr(ofKind), gorm.Expr(code+" = code"))...)
	query := gorm.Expr("?"+newest, l.dialect.firstOfKinds(condition, n), n)
	if counting {
		query = l.dialect.countedOfKinds(condition, n)
	}
	return append(l.kinds(statuses), gorm.Expr("ended AS (?)", query))
}

// kinds are the pairs of status and event that are asked for, with each HTTP status that there is of them. Each step goes through the
// index to the next HTTP status, and past the last one to NULL.
func (l callbackList) kinds(statuses []models.Status) []clause.Expr {
	type pair struct{ status, event string }
	var pairs []pair
	events, _ := storedEvents(distinct(l.filter.Event, models.EventNames()))
	for _, status := range statuses {
		for _, event := range events {
			pairs = append(pairs, pair{string(status), string(event)})
		}
	}
	rows, args := l.dialect.rows(len(pairs), []column{
		columnOf("of_status", "text", pairs, func(p pair) string { return p.status }),
		columnOf("of_event", "text", pairs, func(p pair) string { return p.event }),
	})
	asked := gorm.Expr("asked (of_status, of_event) AS ("+rows+")", args...)
	if l.filter.HTTPStatus != nil {
		return []clause.Expr{asked, gorm.Expr("kinds AS (SELECT of_status, of_event, nullif(CAST(? AS BIGINT), -1) AS code FROM asked)", *l.filter.HTTPStatus)}
	}
	// Not min(code): that goes through the index too, or through all of the kind, as it seems better.
	next := func(from, after string) clause.Expr {
		return gorm.Expr("SELECT of_status, of_event, (SELECT "+code+" FROM callbacks WHERE ? AND "+ofKind+after+" ORDER BY "+code+" LIMIT 1) FROM "+from, l.owner)
	}
	return []clause.Expr{asked, gorm.Expr("kinds (of_status, of_event, code) AS (? UNION ALL ?)",
		next("asked", ""), next("kinds WHERE code IS NOT NULL", " AND "+code+" > code"))}
}

// ongoing are the conditions of what has not ended.
func (l callbackList) ongoing() []clause.Expr {
	state := isOngoing
	if slices.Equal(l.statuses(false), []models.Status{models.StatusRunning}) {
		state = isRunning // no more than the workers have in hand, however many wait
	}
	return append(l.narrowing(), gorm.Expr(state))
}

// statuses are those that the filter lets through, of what has ended or of what has not.
func (l callbackList) statuses(ended bool) []models.Status {
	return slices.DeleteFunc(distinct(l.filter.Status, models.Statuses()), func(s models.Status) bool { return s.Ended() != ended })
}

// narrowing is what the filter asks of a row, beside its time.
func (l callbackList) narrowing() (conditions []clause.Expr) {
	if len(l.filter.Status) > 0 {
		conditions = append(conditions, gorm.Expr("status IN ?", distinct(l.filter.Status, nil)))
	}
	if len(l.filter.Event) > 0 {
		events, but := storedEvents(l.filter.Event)
		conditions = append(append(conditions, gorm.Expr("event IN ?", events)), but...)
	}
	if l.filter.HTTPStatus != nil {
		conditions = append(conditions, gorm.Expr("http_status = ?", *l.filter.HTTPStatus))
	}
	return conditions
}

// where adds conditions to the span.
func (l callbackList) where(more ...clause.Expr) clause.Expr {
	return joined(" AND ", slices.Concat(l.span, more))
}

// distinct returns what is given, each once, or all where nothing is.
func distinct[T ~string](given, all []T) []T {
	if len(given) == 0 {
		return all
	}
	return slices.Compact(slices.Sorted(slices.Values(given)))
}
