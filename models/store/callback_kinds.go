package store

import (
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

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
)

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
			)+l.sorted()+")",
		)
		each = append(each, "SELECT id, created_at FROM ongoing")
	}
	if each == nil { // two conditions that exclude each other
		queries = []string{"ended AS (SELECT id, created_at FROM callbacks WHERE " + isNowhere + ")"}
		each = []string{"SELECT id, created_at FROM ended"}
	}
	return strings.Join(queries, ", "), strings.Join(each, " UNION ALL ")
}

// ended selects what has ended: in the order of the list or, with a filter, from the kinds that it lets through.
func (l callbackList) ended(counting bool) (queries []string) {
	if l.narrowing() == "" {
		return []string{
			"ended AS (SELECT id, created_at FROM callbacks WHERE " + l.where(since, before, l.above(), isEnded) + l.sorted() + ")",
		}
	}
	_, but := storedEvents(l.filter.Event)
	condition := l.where(since, before, l.above(), but, ofKind, code+" = code")
	ended := "ended AS (" + l.dialect.firstOfKinds(condition+l.sorted()) + l.sorted() + ")"
	if counting {
		ended = "ended AS (" + l.dialect.countedOfKinds(condition, l.sorted()) + ")"
	}
	return []string{"asked (of_status, of_event) AS (@pairs)", l.kinds(), ended}
}

// pairs are those of status and event that are asked for.
func (l callbackList) pairs(statuses []callback.Status) clause.Expr {
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
	return slices.DeleteFunc(distinct(l.filter.Status, callback.Statuses()), func(s callback.Status) bool {
		return s.Ended() != ended || l.filter.Sorted == callback.ByFinished && !ended ||
			l.filter.Sorted == callback.ByNextAttempt && s != callback.StatusPending
	})
}

// narrowing is what the filter asks of a row that an index by kind is asked as well.
func (l callbackList) narrowing() string {
	if l.looks() {
		return ""
	}
	column := timeColumns[l.by].column
	return allOf(l.asked(column+"_since", column+"_before")...)
}
