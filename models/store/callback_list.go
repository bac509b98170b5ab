package store

import (
	"context"
	"math"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// callbackOwner is what callbacks are listed by: the column, the table of the owners and the field.
type callbackOwner struct {
	column string
	table  any
	id     func(*callback.Callback) int64
}

var owners = func() map[callback.Parent]callbackOwner {
	list := map[callback.Parent]callbackOwner{
		callback.OfAccount: {"account_id", &accountRow{}, func(c *callback.Callback) int64 { return c.AccountID }},
		callback.OfProject: {"project_id", &projectRow{}, func(c *callback.Callback) int64 { return c.ProjectID }},
	}
	for _, kind := range callbackSources {
		if !kind.part {
			list[callback.Parent(kind.typeName)] = callbackOwner{
				kind.column, kind.row, func(c *callback.Callback) int64 { return c.Source.Of.Raw },
			}
		}
	}
	return list
}()

// CallbackPages lists the callbacks of owners.
func (s *Store) CallbackPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) (map[int64]*models.PageOf[*callback.Callback], error) {
	return planned(ctx, s, func(s *Store) (map[int64]*models.PageOf[*callback.Callback], error) {
		query := s.queryPages(ctx, scope, owner, ids, filter, page)
		return pagesFrom(query, ids, page, s.callback, owners[owner].id, newestFirst)
	})
}

func (s *Store) queryPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) *gorm.DB {
	return s.callbacksOf(ctx, scope, owner, ids, func(id clause.Expr) clause.Expression {
		return s.newCallbackList(scope, owner, filter, page).page(id)
	})
}

// CountCallbacks counts what CallbackPages lists, up to models.MaxCounted and one more.
func (s *Store) CountCallbacks(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter,
) (map[int64]int, error) {
	return planned(ctx, s, func(s *Store) (map[int64]int, error) {
		return countsFrom(s.queryCounts(ctx, scope, owner, ids, filter), ids)
	})
}

func (s *Store) queryCounts(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter,
) *gorm.DB {
	return s.callbacksOf(ctx, scope, owner, ids, func(id clause.Expr) clause.Expression {
		counted := s.newCallbackList(scope, owner, filter, models.Page{First: models.MaxCounted}).counted(id)
		return gorm.Expr("SELECT ? AS owner, count(*) AS count FROM (?) AS counted", id, counted)
	})
}

// callbacksOf runs a query of the callbacks of one owner for each of those that the scope reaches, in one statement.
func (s *Store) callbacksOf(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64,
	query func(id clause.Expr) clause.Expression,
) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB {
		return s.visibleOwners(ctx, scope, owner).Select("id").Where("id IN ?", ids)
	}
	all := s.dialect.ofEach(ids, visible, query)
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}

// visibleOwners are those whose callbacks the scope reaches, all of them; only of an account a project's key reaches
// just its own.
func (s *Store) visibleOwners(ctx context.Context, scope models.Scope, owner callback.Parent) *gorm.DB {
	db := s.reader(ctx).Model(owners[owner].table)
	switch {
	case owner == callback.OfAccount && scope.ProjectID() != 0:
		return db.Where("id IN (SELECT account_id FROM projects WHERE id = ?)", scope.ProjectID())
	case owner == callback.OfAccount:
		return scoped(db, scope, "id", noProject)
	case owner == callback.OfProject:
		return scoped(db, scope, "account_id", "id")
	}
	return scoped(db, scope, "account_id", "project_id")
}

// An ended callback never changes again. Those of an account or a project, nearly all of a long history, are in one
// index in the order of the list, and in another one by kind (status, event and HTTP status) and within a kind in the
// order of the list. A page without a filter reads from the first, and one with a filter the beginnings of the kinds
// that it lets through: as many rows in a long history as in a short one, whether many match or none. What has not
// ended is in an index of its own.
//
// Each index has its own words for what it holds, and the statement that is to go through it says them: so no plan can
// take another one and look through all that the account has, which seems as good where the statistics are old.
//
// testdata/sql has the statements written out. A first page and a later one, and any time, have the same.
const (
	isOngoing = "finished_at IS NULL"
	isEnded   = "next_attempt_at IS NULL AND lease_until IS NULL"
	ofKind    = "status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event"
	// code is the HTTP status as the index by kind has it: NULL is neither found nor sorted as a value is.
	code = "coalesce(http_status, -1)"
	// newest and oldest are the order of a list, up to so many, and the other way round.
	newest = " ORDER BY created_at DESC, id DESC LIMIT @limit"
	oldest = " ORDER BY created_at, id LIMIT @limit"
	since  = "created_at >= @since"
	before = "(created_at, id) < (@before, @before_id)"
	above  = "(created_at, id) > (@above, @above_id)"
)

// callbackList is a list of callbacks: those of an owner that a filter lets through.
type callbackList struct {
	dialect dialect
	scope   models.Scope
	owner   string // the condition of whose they are
	filter  callback.Filter
	window  models.Page
	indexed bool // as above; of a crawl, a run or a job there is one index, in the order of the list
}

func (s *Store) newCallbackList(
	scope models.Scope, owner callback.Parent, filter callback.Filter, window models.Page,
) callbackList {
	l := callbackList{
		dialect: s.dialect, scope: scope, owner: owners[owner].column + " = @owner", filter: filter, window: window,
		indexed: owner == callback.OfAccount || owner == callback.OfProject,
	}
	if owner == callback.OfAccount && scope.ProjectID() != 0 {
		l.owner = "project_id = @project"
	}
	return l
}

// page selects what was asked for of the list, and one more.
func (l callbackList) page(owner clause.Expr) clause.Expression {
	args, order := l.arguments(owner), l.order()
	columns := historyShown(l.scope)
	if !l.indexed {
		return named("SELECT "+columns+" FROM callbacks WHERE "+l.where(since, before, l.above(), l.narrowing())+order, args)
	}
	with, parts := l.parts(false)
	return named("WITH RECURSIVE "+with+" SELECT "+columns+" FROM (SELECT id FROM ("+parts+") AS parts"+order+") AS chosen "+
		"CROSS JOIN callbacks WHERE callbacks.id = chosen.id", args)
}

// counted selects the callbacks of the list in any order.
func (l callbackList) counted(owner clause.Expr) clause.Expression {
	args := l.arguments(owner)
	if !l.indexed {
		return named("SELECT id FROM callbacks WHERE "+l.where(since, before, l.narrowing())+newest, args)
	}
	with, parts := l.parts(true)
	return named("WITH RECURSIVE "+with+" "+parts+" LIMIT @limit", args)
}

// named is a statement whose parameters have names.
func named(statement string, args map[string]any) clause.Expression {
	return clause.NamedExpr{SQL: statement, Vars: []any{args}}
}

// arguments are the parameters of all the texts.
func (l callbackList) arguments(owner clause.Expr) map[string]any {
	after := l.window.After
	args := map[string]any{
		"owner": owner, "project": l.scope.ProjectID(), "limit": l.window.First + 1,
		"since": int64(math.MinInt64), "before": int64(math.MaxInt64), "before_id": int64(math.MaxInt64),
	}
	if l.filter.CreatedAfter != nil {
		args["since"] = micros(*l.filter.CreatedAfter)
	}
	if after != nil {
		args["before"], args["before_id"] = after.At.UnixMicro(), after.ID
	}
	if at := l.filter.CreatedBefore; at != nil && (after == nil || micros(*at) <= after.At.UnixMicro()) {
		args["before"], args["before_id"] = micros(*at), int64(math.MinInt64)
	}
	if at := l.window.Before; at != nil {
		args["above"], args["above_id"] = at.At.UnixMicro(), at.ID
	}
	if len(l.filter.Status) > 0 {
		args["statuses"] = distinct(l.filter.Status, nil)
	}
	if len(l.filter.Event) > 0 {
		args["events"], _ = storedEvents(l.filter.Event)
	}
	if l.filter.HTTPStatus != nil {
		args["http_status"] = *l.filter.HTTPStatus
	}
	if statuses := l.statuses(true); len(statuses) > 0 {
		args["asked"] = l.asked(statuses)
	}
	return args
}

// order is that of the list, or the other way round where the page is the end of it.
func (l callbackList) order() string {
	if l.window.FromEnd {
		return oldest
	}
	return newest
}

// above is the condition of what is in front of a place.
func (l callbackList) above() string {
	if l.window.Before == nil {
		return ""
	}
	return above
}

// parts are what has ended and what has not, up to the limit of each, as far as the filter asks for them, with the
// queries that they are made of. To be counted they need no order, but an index is sure to be read only for its order:
// a scan of the table may seem as good.
func (l callbackList) parts(counting bool) (with, parts string) {
	var queries, each []string
	from := since
	if len(l.statuses(true)) > 0 {
		queries, each = l.ended(counting), append(each, "SELECT id, created_at FROM ended")
		if !counting {
			// What was ongoing leaves dead entries in its index until that is vacuumed: nobody walks over them past the end of
			// the page.
			from = "created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = @limit), @since)"
			if l.window.FromEnd {
				from = since + " AND created_at <= coalesce((SELECT max(created_at) FROM ended HAVING count(*) = @limit), @before)"
			}
		}
	}
	if len(l.statuses(false)) > 0 {
		queries = append(
			queries,
			"ongoing AS (SELECT id, created_at FROM callbacks WHERE "+l.where(
				from, before, l.above(), l.narrowing(), l.ongoing(),
			)+l.order()+")",
		)
		each = append(each, "SELECT id, created_at FROM ongoing")
	}
	return strings.Join(queries, ", "), strings.Join(each, " UNION ALL ")
}

// ended selects what has ended: in the order of the list or, with a filter, from the kinds that it lets through.
func (l callbackList) ended(counting bool) (queries []string) {
	if l.narrowing() == "" {
		return []string{
			"ended AS (SELECT id, created_at FROM callbacks WHERE " + l.where(since, before, l.above(), isEnded) + l.order() + ")",
		}
	}
	_, but := storedEvents(l.filter.Event)
	condition := l.where(since, before, l.above(), but, ofKind, code+" = code")
	ended := "ended AS (" + l.dialect.firstOfKinds(condition+l.order()) + l.order() + ")"
	if counting {
		ended = "ended AS (" + l.dialect.countedOfKinds(condition, l.order()) + ")"
	}
	return []string{"asked (of_status, of_event) AS (@asked)", l.kinds(), ended}
}

// asked are the pairs of status and event that are asked for.
func (l callbackList) asked(statuses []callback.Status) clause.Expr {
	type pair struct{ status, event string }
	var pairs []pair
	events, _ := storedEvents(distinct(l.filter.Event, callback.EventNames()))
	for _, status := range statuses {
		for _, event := range events {
			pairs = append(pairs, pair{string(status), string(event)})
		}
	}
	rows, args := l.dialect.rows(len(pairs), []column{
		columnOf("of_status", "text", pairs, func(p pair) string { return p.status }),
		columnOf("of_event", "text", pairs, func(p pair) string { return p.event }),
	})
	return gorm.Expr(rows, args...)
}

// kinds are those pairs with each HTTP status that there is of them. Each step goes through the index to the next HTTP
// status, and past the last one to NULL.
func (l callbackList) kinds() string {
	if l.filter.HTTPStatus != nil {
		return "kinds AS (SELECT of_status, of_event, nullif(CAST(@http_status AS BIGINT), -1) AS code FROM asked)"
	}
	// Not min(code): that goes through the index too, or through all of the kind, as it seems better.
	next := func(from, after string) string {
		return "SELECT of_status, of_event, (SELECT " + code + " FROM callbacks WHERE " + l.where(ofKind, after) +
			" ORDER BY " + code + " LIMIT 1) FROM " + from
	}
	return "kinds (of_status, of_event, code) AS (" + next("asked", "") + " UNION ALL " +
		next("kinds WHERE code IS NOT NULL", code+" > code") + ")"
}

// ongoing is the condition of what has not ended.
func (l callbackList) ongoing() string {
	if slices.Equal(l.statuses(false), []callback.Status{callback.StatusRunning}) {
		return isRunning // no more than the workers have in hand, however many wait
	}
	return isOngoing
}

// statuses are those that the filter lets through, of what has ended or of what has not.
func (l callbackList) statuses(ended bool) []callback.Status {
	return slices.DeleteFunc(
		distinct(l.filter.Status, callback.Statuses()), func(s callback.Status) bool { return s.Ended() != ended },
	)
}

// narrowing is what the filter asks of a row, beside its time.
func (l callbackList) narrowing() string {
	var conditions []string
	if len(l.filter.Status) > 0 {
		conditions = append(conditions, "status IN @statuses")
	}
	if len(l.filter.Event) > 0 {
		_, but := storedEvents(l.filter.Event)
		conditions = append(conditions, "event IN @events", but)
	}
	if l.filter.HTTPStatus != nil {
		conditions = append(conditions, "http_status = @http_status")
	}
	return allOf(conditions...)
}

// where adds conditions to that of the owner.
func (l callbackList) where(conditions ...string) string {
	return l.owner + " AND " + allOf(conditions...)
}

// allOf joins conditions; one that is empty says nothing.
func allOf(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return c == "" }), " AND ")
}

// distinct returns what is given, each once, or all where nothing is.
func distinct[T ~string](given, all []T) []T {
	if len(given) == 0 {
		return all
	}
	return slices.Compact(slices.Sorted(slices.Values(given)))
}
