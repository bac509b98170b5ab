package store

import (
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

// An ended callback never changes again. Those of an account or a project, nearly all of a long history, are in one
// index in the order of the list, and in others by kind, and within a kind in the order of the list. A page without a
// filter reads from the first, and one with a filter the beginnings of the kinds that it lets through: as many rows in a
// long history as in a short one, whether many match or none. What has not ended is in an index of its own, and what of
// it the filter lets through is looked for among as many as may be looked through.
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
	// isOfHost: where a notice goes is for the platform, which finds notices by their events.
	isOfHost = "status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT'"
)

// index is one of what has ended.
type index string

// Indexes of what has ended, by what is asked.
const (
	inListOrder index = "in order" // nothing
	byKind      index = "by kind"  // statuses, events and an HTTP status, all together
	byCause     index = "by cause" // causes; it has what has not ended as well
	byHost      index = "by host"  // a host
)

// readingOfEnded chooses the index of what has ended of an account or a project.
func (l callbackList) readingOfEnded(r reading, answers []string) reading {
	asked := l.asked(answers...)
	only := func(names ...string) bool {
		return len(l.asked(slices.Concat(answers, names, []string{heldFinished})...)) == 0
	}
	switch {
	case l.order != callback.ByCreated:
		r.ended, r.open = inListOrder, l.conditions(asked)
	case only("statuses"):
		r.ended, r.through = inListOrder, false
		if len(l.filter.Status) > 0 {
			r.ended = byKind
		}
	case only("statuses", "events", "http_status"):
		r.ended, r.through = byKind, false
		if len(l.statuses(false)) > 0 {
			r.open, r.through = l.conditions(asked), len(l.statuses(true)) == 0
		}
	case len(distinct(l.filter.ErrorCode, nil)) == 1 || only("causes") && l.filter.Sorted == "":
		r.ended, r.open = byCause, l.conditions(l.asked(append(answers, "causes")...))
	case only("host"):
		r.ended, r.through = byHost, false
		if len(l.statuses(false)) > 0 {
			r.open = l.conditions(asked)
		}
	case l.filter.Host != nil:
		r.ended, r.open = byHost, l.conditions(asked)
	default:
		r.ended, r.open = inListOrder, l.conditions(asked)
	}
	return r
}

// parts are what has ended and what has not, up to the limit of each, as far as the filter asks for them, with the
// queries that they are made of. To be counted they need no order, but an index is sure to be read only for its order:
// a scan of the table may seem as good.
func (l callbackList) parts(counting bool) (with, parts string) {
	var queries, each []string
	from := since
	if len(l.statuses(true)) > 0 || l.ended == byCause {
		queries, each = l.endedParts(counting), append(each, "SELECT id, created_at FROM ended")
		if !counting {
			// What was ongoing leaves dead entries in its index until that is vacuumed: nobody walks over them past the end of
			// the page.
			from = "created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = @limit), @since)"
			if l.window.FromEnd {
				from = since + " AND created_at <= coalesce((SELECT max(created_at) FROM ended HAVING count(*) = @limit), @before)"
			}
		}
	}
	if len(l.statuses(false)) > 0 && l.ended != byCause {
		queries = append(
			queries,
			"ongoing AS (SELECT id, created_at FROM callbacks WHERE "+l.where(
				from, before, l.above(), l.narrowing(), l.ongoing(),
			)+strings.Replace(l.sorted(), "@limit", "@most", 1)+")",
		)
		each = append(each, "SELECT id, created_at FROM ongoing")
	}
	if each == nil { // two conditions that exclude each other
		queries = []string{"ended AS (SELECT id, created_at FROM callbacks WHERE " + isNowhere + ")"}
		each = []string{"SELECT id, created_at FROM ended"}
	}
	return strings.Join(queries, ", "), strings.Join(each, " UNION ALL ")
}

// endedParts select what has ended: in the order of the list or from the kinds that the filter lets through.
func (l callbackList) endedParts(counting bool) (queries []string) {
	span := allOf(since, before, l.above())
	if l.ended == inListOrder {
		return []string{"ended AS (SELECT id, created_at FROM callbacks WHERE " + l.where(span, isEnded) + l.sorted() + ")"}
	}
	var condition string
	switch l.ended {
	case byCause:
		queries, condition = []string{"kinds (of_cause) AS (@kinds)"}, l.where(span, "error_code = of_cause")
	case byHost:
		queries = l.hosts()
		condition = l.where(span, isOfHost, l.dialect.byBytes("target_host")+" = of_host")
	default:
		_, but := storedEvents(l.filter.Event)
		queries = []string{"asked (of_status, of_event) AS (@kinds)", l.codes()}
		condition = l.where(span, but, ofKind, code+" = code")
	}
	ended := l.dialect.firstOfKinds(condition+l.sorted()) + l.sorted()
	if counting {
		ended = l.dialect.countedOfKinds(condition, l.sorted())
	}
	return append(queries, "ended AS ("+ended+")")
}

// kinds are those that the filter lets through, of the index that is read.
func (l callbackList) kinds() clause.Expr {
	if l.ended == byCause {
		causes := distinct(l.filter.ErrorCode, nil)
		rows, args := l.dialect.rows(len(causes), []column{
			columnOf("of_cause", "text", causes, func(c callback.AttemptErrorCode) string { return string(c) }),
		})
		return gorm.Expr(rows, args...)
	}
	return l.pairs()
}

// hosts are the host that is asked for and, where that has no port, those of its ports that there are: each step goes
// through the index to the next one. Between these are IPv6 addresses that begin as it does.
func (l callbackList) hosts() []string {
	of := l.dialect.byBytes("target_host")
	return []string{
		"hosts (of_host) AS (SELECT " + l.dialect.byBytes("CAST(@host AS TEXT)") +
			" UNION ALL SELECT " + l.dialect.byBytes("(@host || ':')") +
			" UNION ALL SELECT (SELECT " + of + " FROM callbacks WHERE " + l.where(isOfHost, of+" > of_host", of+" < @host || ';'") +
			" ORDER BY " + of + " LIMIT 1) FROM hosts WHERE of_host <> @host)",
		"kinds (of_host) AS (SELECT of_host FROM hosts WHERE " + isHost("of_host") + " LIMIT " + strconv.Itoa(callback.MaxPorts) + ")",
	}
}

// pairs are those of status and event that are asked for.
func (l callbackList) pairs() clause.Expr {
	type pair struct{ status, event string }
	var pairs []pair
	events, _ := storedEvents(distinct(l.filter.Event, callback.EventNames()))
	for _, status := range l.statuses(true) {
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

// codes are those pairs with each HTTP status that there is of them. Each step goes through the index to the next HTTP
// status, and past the last one to NULL.
func (l callbackList) codes() string {
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

// narrowing is what is asked of the entries of what has not ended: their statuses, which nearly all of them have or none.
func (l callbackList) narrowing() string {
	if len(l.open) > 0 {
		return ""
	}
	return allOf(l.conditions(l.asked("created_at_since", "created_at_before", heldFinished))...)
}
