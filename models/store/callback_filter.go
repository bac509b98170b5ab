package store

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// ask is one thing that a filter can ask of a callback: a condition, and its parameter of that name, which is nil where
// the filter does not ask it.
type ask struct {
	name      string
	value     func(callback.Filter) any
	condition string
}

// asks are all of them.
var asks = append([]ask{
	{"statuses", func(f callback.Filter) any { return someOf(distinct(f.Status, nil)) }, "status IN @statuses"},
	{"events", eventsOf, "event IN @events"},
	{"http_status", func(f callback.Filter) any { return valueOf(f.HTTPStatus) }, "http_status = @http_status"},
	{"http_from", func(f callback.Filter) any { return valueOf(rangeOf(f).From) }, "http_status >= @http_from"},
	{"http_to", func(f callback.Filter) any { return valueOf(rangeOf(f).To) }, "http_status <= @http_to"},
	{"causes", func(f callback.Filter) any { return someOf(distinct(f.ErrorCode, nil)) }, "error_code IN @causes"},
	// Where a notice goes is for the platform, which finds notices by their events.
	{"host", func(f callback.Filter) any { return valueOf(f.HostName()) }, isHost("target_host") + " AND NOT " + isNotice},
	{"replay", func(f callback.Filter) any { return valueOf(f.IsReplay) }, "(replay_of_id IS NOT NULL) = @replay"},
	{"attempts", func(f callback.Filter) any { return valueOf(f.MinAttempts) }, "attempt_count >= @attempts"},
	{"uid", func(f callback.Filter) any { return valueOf(f.UID) }, "uid = @uid"},
	{"ref", func(f callback.Filter) any { return valueOf(f.Ref) }, "ref = @ref"},
	{"crawl", func(f callback.Filter) any { return rawOf(f.CrawlID) }, "crawl_id = @crawl"},
	{"run", func(f callback.Filter) any { return valueOf(f.RunUID) }, "run_id = (SELECT id FROM runs WHERE uid = @run)"},
	{"job", func(f callback.Filter) any { return valueOf(f.JobUUID) }, "job_id = (SELECT id FROM jobs WHERE uuid = @job)"},
	{"searched", searched, ""}, // exactParts answer it
	{heldFinished, heldBy(callback.ByFinished), holds[callback.ByFinished]},
	{heldNext, heldBy(callback.ByNextAttempt), holds[callback.ByNextAttempt]},
}, asksOfTimes()...)

// isHost is the condition of the host that is asked for, whatever its port is where none is.
func isHost(host string) string {
	return "(" + host + " = @host OR rtrim(" + host + ", '0123456789') = @host || ':')"
}

// What an order leaves out.
const (
	heldFinished = "held_finished"
	heldNext     = "held_next_attempt"
)

func heldBy(field callback.OrderField) func(callback.Filter) any {
	return func(f callback.Filter) any {
		if f.Sorted != field {
			return nil
		}
		return true
	}
}

// holds are the conditions of what has a time that lists are sorted by, as callbacks show it.
var holds = map[callback.OrderField]string{
	callback.ByFinished:    "finished_at IS NOT NULL",
	callback.ByNextAttempt: fmt.Sprintf("status = 'PENDING' AND NOT held AND next_attempt_at < %d", int64(pausedUntil)),
}

// timeColumns are those times, and what filters ask of them.
var timeColumns = map[callback.OrderField]struct {
	column        string
	since, before func(callback.Filter) *time.Time
}{
	callback.ByCreated: {
		"created_at",
		func(f callback.Filter) *time.Time { return f.CreatedAfter }, func(f callback.Filter) *time.Time { return f.CreatedBefore },
	},
	callback.ByFinished: {
		"finished_at",
		func(f callback.Filter) *time.Time { return f.FinishedAfter }, func(f callback.Filter) *time.Time { return f.FinishedBefore },
	},
	callback.ByNextAttempt: {
		"next_attempt_at",
		func(f callback.Filter) *time.Time { return f.NextAttemptAfter },
		func(f callback.Filter) *time.Time { return f.NextAttemptBefore },
	},
}

// asksOfTimes are named by the column and the end, as in created_at_since.
func asksOfTimes() (list []ask) {
	for _, field := range []callback.OrderField{callback.ByCreated, callback.ByFinished, callback.ByNextAttempt} {
		of, held := timeColumns[field], holds[field]
		for _, end := range []struct {
			name, is string
			at       func(callback.Filter) *time.Time
		}{{"_since", " >= @", of.since}, {"_before", " < @", of.before}} {
			value := func(f callback.Filter) any { return valueOf(microsPtr(end.at(f))) }
			list = append(list, ask{of.column + end.name, value, allOf(held, of.column+end.is+of.column+end.name)})
		}
	}
	return list
}

// valueOf is nil where there is none, and not a pointer to nothing.
func valueOf[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func someOf[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func rangeOf(f callback.Filter) callback.StatusRange {
	if f.HTTPStatusRange == nil {
		return callback.StatusRange{}
	}
	return *f.HTTPStatusRange
}

func eventsOf(f callback.Filter) any {
	stored, _ := storedEvents(f.Event)
	return someOf(stored)
}

func rawOf(id *models.ObjectID) any {
	if id == nil {
		return nil
	}
	return id.Raw
}

// exactParts are the conditions of an id or a uid that a filter asks for, with the names of what they answer. Each is of
// an index of its own, and together they are what is meant: an id can be that of a callback, and of what it tells of.
func exactParts(f callback.Filter) (conditions []string, answered string) {
	switch {
	case f.Search != nil:
		search, _ := callback.ParseSearch(*f.Search) // no uid, where nobody has checked it
		return searchParts(search), "searched"
	case f.UID != nil:
		return []string{"uid = @uid"}, "uid"
	case f.Ref != nil: // that of the original, which stays for as long as its replays do
		return []string{"uid = @ref", replayOf("@ref")}, "ref"
	}
	for _, name := range []string{"crawl", "run", "job"} {
		i := slices.IndexFunc(asks, func(a ask) bool { return a.name == name })
		if asks[i].value(f) != nil {
			return []string{asks[i].condition}, name
		}
	}
	return nil, ""
}

func replayOf(uid string) string {
	return "replay_of_id = (SELECT id FROM callbacks AS original WHERE original.uid = " + uid + ")"
}

// searchedUIDs find callbacks by a uid: their own or their original's, an attempt's, or that of what they tell of.
var searchedUIDs = []string{
	"uid = @searched", replayOf("@searched"),
	"callbacks.id = (SELECT callback_id FROM callback_attempts AS attempt WHERE attempt.uid = @searched)",
	"run_id = (SELECT id FROM runs WHERE runs.uid = @searched)",
	"batch_id = (SELECT id FROM run_batches WHERE run_batches.uid = @searched)",
	"job_id = (SELECT id FROM jobs WHERE uuid = @searched)",
}

// searchedIDs find callbacks by an id of a type.
var searchedIDs = func() map[string][]string {
	conditions := map[string][]string{
		models.TypeCallback: {"callbacks.id = @searched"},
		tenant.TypeProject:  {"project_id = @searched AND " + isEnded, "project_id = @searched AND " + isOngoing},
		tenant.TypeAccount:  {"account_id = @searched AND " + isEnded, "account_id = @searched AND " + isOngoing},
	}
	for _, kind := range callbackSources {
		conditions[kind.typeName] = []string{kind.column + " = @searched"}
	}
	return conditions
}()

// searchParts: a bare number can be an id of any type, and of a type that callbacks know nothing of there are none.
func searchParts(s callback.Search) (conditions []string) {
	if s.ID.Raw == 0 {
		return searchedUIDs
	}
	for _, typeName := range slices.Sorted(maps.Keys(searchedIDs)) {
		if s.ID.Type == "" || s.ID.Type == typeName {
			conditions = append(conditions, searchedIDs[typeName]...)
		}
	}
	if conditions == nil {
		return []string{isNowhere}
	}
	return conditions
}

// isNowhere is the condition of no callback.
const isNowhere = "callbacks.id IS NULL"

// searched is the parameter of a search.
func searched(f callback.Filter) any {
	if f.Search == nil {
		return nil
	}
	s, err := callback.ParseSearch(*f.Search)
	if err == nil && s.ID.Raw != 0 {
		return s.ID.Raw
	}
	return s.UID
}
