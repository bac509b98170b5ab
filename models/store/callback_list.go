package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// CallbackPages lists the callbacks of owners.
func (s *Store) CallbackPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) (map[int64]*models.PageOf[*callback.Callback], error) {
	turned := callback.OrderOf(page.Order).Direction == callback.Ascending
	if turned { // every list is read as one of the newest first
		page = page.Turned()
	}
	pages, err := planned(ctx, s, func(s *Store) (map[int64]*models.PageOf[*callback.Callback], error) {
		if merged, err := s.mergedPage(ctx, scope, owner, filter, page); merged != nil || err != nil {
			return merged, err
		}
		l := s.newCallbackList(scope, owner, filter, page)
		query := s.queryPages(ctx, scope, owner, ids, filter, page)
		if l.looks() {
			return s.lookedPages(query, l, ids)
		}
		return pagesFrom(query, ids, page, s.callback, owners[owner].id, l.compare)
	})
	for _, p := range pages {
		if turned {
			p.Turn()
		}
	}
	return pages, err
}

func (s *Store) queryPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) *gorm.DB {
	return s.callbacksOf(ctx, scope, owner, ids, s.newCallbackList(scope, owner, filter, page).page)
}

// CountCallbacks counts what CallbackPages lists, up to models.MaxCounted and one more.
func (s *Store) CountCallbacks(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter,
) (map[int64]models.Count, error) {
	return planned(ctx, s, func(s *Store) (map[int64]models.Count, error) {
		counts := make(map[int64]models.Count, len(ids))
		if len(ids) == 0 {
			return counts, nil
		}
		var rows []struct {
			Owner         int64
			Count, Looked int
		}
		err := s.queryCounts(ctx, scope, owner, ids, filter).Find(&rows).Error
		for _, r := range rows {
			counts[r.Owner] = models.CountOf(min(r.Count, models.MaxCounted+1))
			if r.Looked > s.looked {
				counts[r.Owner] = models.Count{N: counts[r.Owner].N}
			}
		}
		return counts, err
	})
}

func (s *Store) queryCounts(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter,
) *gorm.DB {
	all := models.Page{First: models.MaxCounted}
	return s.callbacksOf(ctx, scope, owner, ids, s.newCallbackList(scope, owner, filter, all).counted)
}

// callbackList is a list of callbacks: those of an owner that a filter lets through, in an order.
//
// Its entries are read from indexes. Where these answer all that the filter asks, no more of them are read than the page
// shows. Where they do not, up to models.MaxLooked are looked through (callback_look.go).
type callbackList struct {
	dialect dialect
	scope   models.Scope
	owner   string // the condition of whose they are
	filter  callback.Filter
	window  models.Page
	order   callback.OrderField // of the list
	most    int                 // that are looked through
	counts  bool                // it is counted
	reading
}

// reading is how the entries of a list are read.
type reading struct {
	by      callback.OrderField // in which order
	byID    bool                // which is as good as by their creation
	ofOwner bool                // in the order of an index of the owner's, which is one of an expression
	ended   index               // of what an account or a project has that has ended; empty: the list is none of these
	exact   []string            // conditions of ids, which an index each answers; nil: there are none
	anyhow  bool                // in the order of the lanes
	open    []string            // conditions that are asked of the callbacks themselves
	through bool                // of all, as no index answers them, and not just of what has not ended
}

func (s *Store) newCallbackList(
	scope models.Scope, owner callback.Parent, filter callback.Filter, window models.Page,
) callbackList {
	l := callbackList{
		dialect: s.dialect, scope: scope, filter: filter, window: window, most: s.looked,
		owner: owners[owner].column + " = @owner", order: callback.OrderOf(window.Order).Field,
	}
	if l.order != callback.ByCreated {
		l.filter.Sorted = l.order
	}
	switch {
	case owner == callback.OfAll && scope.SSOClientID() == 0 && !scope.Everything():
		l.owner = isNowhere
	case owner == callback.OfAll:
		l.owner = "callbacks.id > @owner"
	case owner == callback.OfAccount && scope.ProjectID() != 0:
		l.owner = "project_id = @project"
	case owner == callback.OfSSOClient && filter.Host != nil: // which finds no notices
		l.owner = isNowhere
	}
	l.reading = l.readingOf(owner)
	if l.exact != nil { // no plan is to take the index of the owner
		l.owner = strings.Replace(l.owner, " = ", " + 0 = ", 1)
	}
	return l
}

// readingOf chooses how the list of an owner is read.
func (l callbackList) readingOf(owner callback.Parent) reading {
	exact, answered := exactParts(l.filter)
	answers := []string{answered, "created_at_since", "created_at_before"}
	r := reading{by: callback.ByCreated, exact: exact, through: true}
	whole := owner == callback.OfAccount || owner == callback.OfProject || owner == callback.OfSSOClient
	switch {
	case exact != nil:
	case l.order == callback.ByFinished && (whole || owner == callback.OfAll):
		r.ofOwner = whole
		r.by, answers = l.order, []string{"finished_at_since", "finished_at_before", heldFinished}
	case owner == callback.OfAll && l.order == callback.ByNextAttempt:
		r.exact, r.anyhow = []string{"status = 'PENDING' AND NOT held"}, true
	case owner == callback.OfAll:
		r.byID, answers = true, nil
	case whole:
		return l.readingOfEnded(r, answers)
	}
	r.open = l.conditions(l.asked(answers...))
	if owner == callback.OfAll && l.scope.SSOClientID() != 0 {
		r.open = append(r.open, ofPartner)
	}
	return r
}

// ofPartner is the condition of the partner's in the list of all.
const ofPartner = "callbacks.account_id IN (SELECT accounts.id FROM accounts WHERE accounts.sso_client_id = @partner)"

// looks tells whether entries are looked through.
func (l callbackList) looks() bool { return l.exact != nil || l.sorts() || len(l.open) > 0 }

// sorts tells whether the order of the list is another one than that of its entries.
func (l callbackList) sorts() bool { return l.order != l.by }

// asked are what the filter asks, but for some.
func (l callbackList) asked(but ...string) (list []ask) {
	for _, a := range asks {
		if a.value(l.filter) != nil && !slices.Contains(but, a.name) {
			list = append(list, a)
		}
	}
	return list
}

// conditions are those of what is asked.
func (l callbackList) conditions(asked []ask) (conditions []string) {
	for _, a := range asked {
		conditions = append(conditions, a.condition)
		if _, but := storedEvents(l.filter.Event); a.name == "events" && but != "" {
			conditions = append(conditions, but)
		}
	}
	return conditions
}

// page selects what was asked for of the list, and one more.
func (l callbackList) page(owner clause.Expr) clause.Expression {
	columns := historyShown(l.scope)
	switch {
	case l.looks():
		return l.lookedPage(owner, columns)
	case l.ended == "":
		return l.statement("SELECT "+columns+" FROM callbacks WHERE "+l.where(l.span())+l.sorted(), owner)
	}
	with, parts := l.parts(false)
	return l.statement("WITH RECURSIVE "+with+" SELECT "+columns+" FROM (SELECT id FROM ("+parts+") AS parts"+l.sorted()+
		") AS chosen CROSS JOIN callbacks WHERE callbacks.id = chosen.id", owner)
}

// counted counts the callbacks of the list.
func (l callbackList) counted(owner clause.Expr) clause.Expression {
	if l.counts = true; l.looks() {
		return l.lookedCount(owner)
	}
	all := "SELECT id FROM callbacks WHERE " + l.where(l.span()) + l.sorted()
	if l.ended != "" {
		with, parts := l.parts(true)
		all = "WITH RECURSIVE " + with + " " + parts + " LIMIT @limit"
	}
	return l.statement("SELECT CAST(@owner AS BIGINT) AS owner, count(*) AS count FROM ("+all+") AS counted", owner)
}

// The words of where a list is read, and in which order, up to so many.
const (
	newest = " ORDER BY {key desc} LIMIT @limit"
	oldest = " ORDER BY {key} LIMIT @limit"
	since  = "{at} >= @since"
	before = "({key}) < ({before})"
	above  = "({key}) > ({above})"
)

// statement has the columns of the order in place of the words, and the parameters.
func (l callbackList) statement(text string, owner clause.Expr) clause.Expression {
	name := timeColumns[l.by].column
	at := name
	if l.ofOwner {
		at += " + 0"
	}
	words := []string{
		"{at}", at, "{name}", name, "{key}", at + ", id", "{key desc}", at + " DESC, id DESC",
		"{before}", "@before, @before_id", "{above}", "@above, @above_id",
	}
	if l.byID {
		words = []string{
			"{at}", at, "{name}", name, "{key}", "id", "{key desc}", "id DESC", "{before}", "@before_id", "{above}", "@above_id",
		}
	}
	return named(strings.NewReplacer(words...).Replace(text), l.arguments(owner))
}

// named is a statement whose parameters have names.
func named(statement string, args map[string]any) clause.Expression {
	return clause.NamedExpr{SQL: statement, Vars: []any{args}}
}

// span is the condition of where the list is read.
func (l callbackList) span() string {
	var conditions []string
	if !l.byID {
		conditions = append(conditions, since)
	}
	conditions = append(conditions, before, l.above())
	if l.by != callback.ByCreated {
		conditions = append(conditions, holds[l.by])
	}
	return allOf(conditions...)
}

// above is the condition of what is in front of a place.
func (l callbackList) above() string {
	if l.window.Before == nil {
		return ""
	}
	return above
}

// sorted is the order of the entries, or the other way round where the page is the end of the list.
func (l callbackList) sorted() string {
	if l.window.FromEnd {
		return oldest
	}
	return newest
}

// compare puts callbacks in the order of the list, the last time first.
func (l callbackList) compare(a, b *callback.Callback) int {
	if l.byID {
		return cmp.Compare(b.ID, a.ID)
	}
	order := callback.Order{Field: l.order}
	return order.Place(b).Compare(order.Place(a))
}

// arguments are the parameters of all the texts.
func (l callbackList) arguments(owner clause.Expr) map[string]any {
	args := map[string]any{
		"owner": owner, "project": l.scope.ProjectID(), "partner": l.scope.SSOClientID(),
		"limit": l.limit(), "most": l.bound(), "shown": l.window.First + 1,
	}
	for _, a := range asks {
		if value := a.value(l.filter); value != nil {
			args[a.name] = value
		}
	}
	l.setSpan(args)
	if l.ended != "" && (len(l.statuses(true)) > 0 || l.ended == byCause) {
		args["kinds"] = l.kinds()
	}
	return args
}

// setSpan sets the parameters of where the list is read: in the time that is asked for, and between two places. Where it
// is sorted, these are places in that order, and the entries are all of that time.
func (l callbackList) setSpan(args map[string]any) {
	args["since"], args["before"], args["before_id"] = int64(math.MinInt64), int64(math.MaxInt64), int64(math.MaxInt64)
	args["below"], args["below_id"] = args["before"], args["before_id"]
	if front := l.window.Before; front != nil {
		args["above"], args["above_id"] = front.At.UnixMicro(), front.ID
	}
	after, asked := l.window.After, timeColumns[l.by]
	if l.sorts() && after != nil {
		args["below"], args["below_id"], after = after.At.UnixMicro(), after.ID, nil
	}
	if after != nil {
		args["before"], args["before_id"] = after.At.UnixMicro(), after.ID
	}
	if at := asked.since(l.filter); at != nil {
		args["since"] = micros(*at)
	}
	if at := asked.before(l.filter); at != nil && !l.byID && (after == nil || micros(*at) <= after.At.UnixMicro()) {
		args["before"], args["before_id"] = micros(*at), int64(math.MinInt64)
	}
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
