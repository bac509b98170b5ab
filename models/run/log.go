package run

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Limits of one look into the callback log.
const (
	DefaultLogLimit = 10
	MaxLogLimit     = 20
	MaxLogSorts     = 10
	MaxLogRuns      = 20
	// MaxLogLooked is how many callbacks a page may lie behind, and how many are sorted by anything but their time.
	MaxLogLooked = models.MaxLooked
)

// Errors of a page that would have to look at more callbacks than that.
var (
	ErrLogOffset = models.Invalid("offset", "no page begins behind more than %d: ask for a part of the time at once, by "+
		"created_after and created_before", MaxLogLooked)
	ErrLogSort = models.Invalid("sort", "at most %d are sorted by anything but created_at, and there are more: ask for fewer, "+
		"by status, run_uid, created_after or created_before", MaxLogLooked)
)

// LogColumn is what the callback log can be sorted by.
type LogColumn string

// Columns of the callback log.
const (
	LogCreatedAt  LogColumn = "created_at"
	LogStatus     LogColumn = "status"
	LogHTTPStatus LogColumn = "http_status" // entries without one come last, either way
	LogRetryCount LogColumn = "retry_count"
)

var logColumns = []LogColumn{LogCreatedAt, LogStatus, LogHTTPStatus, LogRetryCount}

// LogSort sorts by one column.
type LogSort struct {
	Column     LogColumn
	Descending bool
}

// ParseLogSort reads a column's name, with a minus before it for descending. The error is BAD_USER_INPUT on sort.
func ParseLogSort(text string) (LogSort, error) {
	name, descending := strings.CutPrefix(text, "-")
	if !slices.Contains(logColumns, LogColumn(name)) {
		return LogSort{}, models.Invalid("sort",
			`must be created_at, status, http_status or retry_count, each with "-" before it for descending`)
	}
	return LogSort{LogColumn(name), descending}, nil
}

// LogQuery asks for some of the callbacks of a project's runs. A filter that is empty narrows nothing.
type LogQuery struct {
	ProjectID     int64
	Status        []callback.Status
	RunUID        []uuid.UUID // at most 20
	CreatedAfter  *time.Time  // or at that time
	CreatedBefore *time.Time
	Limit         int       // 1 to 20
	Offset        int       // of the first one; 0 or more
	Sort          []LogSort // at most 10, the first counts most; what they leave open, and all without any: newest first
}

// ByTime tells whether the order is that of time, either way.
func (q LogQuery) ByTime() bool { return len(q.Sort) == 0 || q.Sort[0].Column == LogCreatedAt }

func (q LogQuery) check() error {
	for _, status := range q.Status {
		if !slices.Contains(callback.Statuses(), status) {
			return models.Invalid("status", "must be PENDING, RUNNING, FAILED or SUCCESS")
		}
	}
	if q.Offset < 0 {
		return models.Invalid("offset", "must be 0 or more, not %d", q.Offset)
	}
	if len(q.RunUID) > MaxLogRuns {
		return models.Invalid("run_uid", "must have at most %d elements, not %d", MaxLogRuns, len(q.RunUID))
	}
	if len(q.Sort) > MaxLogSorts {
		return models.Invalid("sort", "must have at most %d elements, not %d", MaxLogSorts, len(q.Sort))
	}
	return models.CheckRange("limit", q.Limit, 1, MaxLogLimit)
}

// LogEntry is a callback of a run with the uids of what belongs to it.
type LogEntry struct {
	Callback  *callback.Callback // without its body and headers
	ParentUID *uuid.UUID
	RunUID    uuid.UUID
	BatchUID  *uuid.UUID // nil for the final callback
	// Attempt is the last one that came to an end of its own, nil where there is none yet.
	Attempt *callback.Attempt
}

// RetryCount is how many attempts there were after the first.
func (e *LogEntry) RetryCount() int { return max(e.Callback.AttemptCount-1, 0) }

// HTTPStatus is what the receiver answered last, nil where no answer came.
func (e *LogEntry) HTTPStatus() *int {
	if e.Attempt == nil {
		return nil
	}
	return e.Attempt.HTTPStatus
}

// Error says why the last attempt failed, nil where it did not.
func (e *LogEntry) Error() *models.StandardError {
	if e.Attempt == nil || e.Attempt.Error == nil {
		return nil
	}
	failed := &models.StandardError{
		Message: e.Attempt.Error.Message, Label: string(e.Attempt.Error.Code), Scope: models.ScopeCallback,
		StatusCode: http.StatusFailedDependency, Params: map[string]any{}, Ref: e.Attempt.UID.String(),
	}
	if e.Attempt.HTTPStatus != nil {
		failed.Params["http_status"] = *e.Attempt.HTTPStatus
	}
	return failed
}

// LogReader reads the callbacks of runs, without the notices about them.
type LogReader interface {
	// LogEntries returns entries without their attempts, in one statement.
	LogEntries(ctx context.Context, scope models.Scope, query LogQuery) ([]*LogEntry, error)
	// LogEntry returns one entry of a project without its attempt.
	LogEntry(ctx context.Context, scope models.Scope, projectID int64, uid uuid.UUID) (*LogEntry, error)
	// LastAttempts returns by callback the last attempt that has finished and was not interrupted, with the answer's
	// body.
	LastAttempts(ctx context.Context, scope models.Scope, callbackIDs ...int64) (map[int64]*callback.Attempt, error)
}

// Log is the callback log.
type Log struct {
	engine   *callback.Service
	projects tenant.Queries
	reader   LogReader
}

// Entries lists the callbacks of a project's runs. Viewer and up.
func (l *Log) Entries(ctx context.Context, actor *models.Actor, query LogQuery) ([]*LogEntry, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	if _, err := l.projects.Project(ctx, actor, query.ProjectID); err != nil {
		return nil, err
	}
	entries, err := l.reader.LogEntries(ctx, actor.Scope(models.RoleViewer), query)
	if err != nil {
		return nil, err
	}
	return entries, l.addLastAttempts(ctx, actor, entries...)
}

// Entry returns one callback of a project's runs. Viewer and up. BAD_USER_INPUT on uid when it is no UUID.
func (l *Log) Entry(ctx context.Context, actor *models.Actor, projectID int64, uid string) (*LogEntry, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, models.Invalid("uid", "must be a UUID")
	}
	if _, err := l.projects.Project(ctx, actor, projectID); err != nil {
		return nil, err
	}
	entry, err := l.reader.LogEntry(ctx, actor.Scope(models.RoleViewer), projectID, id)
	if err != nil {
		return nil, err
	}
	return entry, l.addLastAttempts(ctx, actor, entry)
}

// Replay is callback.Service.Replay for one callback of a project's runs; it returns the new one.
func (l *Log) Replay(ctx context.Context, actor *models.Actor, projectID int64, uid string) (*LogEntry, error) {
	original, err := l.Entry(ctx, actor, projectID, uid)
	if err != nil {
		return nil, err
	}
	replay, err := l.engine.Replay(ctx, actor, original.Callback.ID)
	if err != nil {
		return nil, err
	}
	return &LogEntry{
		Callback: replay, ParentUID: &original.Callback.UID, RunUID: original.RunUID, BatchUID: original.BatchUID,
	}, nil
}

func (l *Log) addLastAttempts(ctx context.Context, actor *models.Actor, entries ...*LogEntry) error {
	if len(entries) == 0 {
		return nil
	}
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.Callback.ID
	}
	attempts, err := l.reader.LastAttempts(ctx, actor.Scope(models.RoleViewer), ids...)
	for _, e := range entries {
		e.Attempt = attempts[e.Callback.ID]
	}
	return err
}
