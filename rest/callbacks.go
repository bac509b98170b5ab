package rest

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// logEntry is a callback of a run.
type logEntry struct {
	UID          uuid.UUID             `json:"uid"`
	ParentUID    *uuid.UUID            `json:"parent_uid"`
	RetryCount   int                   `json:"retry_count"`
	CreatedAt    string                `json:"created_at"`
	Status       callback.Status       `json:"status"`
	CallbackURL  *string               `json:"callback_url"`
	HTTPStatus   *int                  `json:"http_status"`
	HTTPResponse *httpResponse         `json:"http_response"`
	Error        *models.StandardError `json:"error"`
	BatchUID     *uuid.UUID            `json:"batch_uid"`
	RunUID       uuid.UUID             `json:"run_uid"`
	WorkspaceUID uuid.UUID             `json:"workspace_uid"`
}

type httpResponse struct {
	Body string `json:"body"`
}

func newLogEntry(e *run.LogEntry) logEntry {
	c := e.Callback
	entry := logEntry{
		UID: c.UID, ParentUID: e.ParentUID, RetryCount: e.RetryCount(), CreatedAt: models.FormatTime(c.CreatedAt),
		Status:      c.Status,
		CallbackURL: c.TargetURL, HTTPStatus: e.HTTPStatus(), Error: e.Error(),
		BatchUID: e.BatchUID, RunUID: e.RunUID, WorkspaceUID: tenant.ProjectUID(c.ProjectID),
	}
	if entry.HTTPStatus != nil {
		entry.HTTPResponse = &httpResponse{string(e.Attempt.ResponseBody)}
	}
	return entry
}

func (h *handler) listCallbacks(r *request) (any, error) {
	projectID, err := r.project()
	if err != nil {
		return nil, err
	}
	query, err := readLogQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	query.ProjectID = projectID
	found, err := h.service.Runs.Log.Entries(r.Context(), r.actor, query)
	if err != nil {
		return nil, err
	}
	entries := make([]logEntry, len(found))
	for i, e := range found {
		entries[i] = newLogEntry(e)
	}
	return entries, nil
}

// readLogQuery reads the parameters of the list. Others are ignored.
func readLogQuery(raw string) (run.LogQuery, error) {
	query := run.LogQuery{Limit: run.DefaultLogLimit}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query, badInput("query", "must be name=value pairs with & between them, percent-encoded")
	}
	for _, text := range repeated(values, "status") {
		query.Status = append(query.Status, callback.Status(text))
	}
	for _, text := range repeated(values, "run_uid") {
		uid, err := uuid.Parse(text)
		if err != nil {
			return query, badInput("run_uid", "must be a UUID")
		}
		query.RunUID = append(query.RunUID, uid)
	}
	for _, text := range repeated(values, "sort") {
		by, err := run.ParseLogSort(text)
		if err != nil {
			return query, err
		}
		query.Sort = append(query.Sort, by)
	}
	if err := readTime(values, "created_after", &query.CreatedAfter); err != nil {
		return query, err
	}
	if err := readTime(values, "created_before", &query.CreatedBefore); err != nil {
		return query, err
	}
	if err := readNumber(values, "limit", &query.Limit); err != nil {
		return query, err
	}
	return query, readNumber(values, "offset", &query.Offset)
}

// repeated returns the values of an array, in either of its two spellings.
func repeated(values url.Values, name string) []string {
	return append(values[name], values[name+"[]"]...)
}

// readNumber leaves the default where nothing is given.
func readNumber(values url.Values, name string, n *int) error {
	given := values[name]
	if len(given) == 0 {
		return nil
	}
	read, err := strconv.Atoi(given[0])
	if err != nil || len(given) > 1 {
		return badInput(name, "must be one whole number")
	}
	*n = read
	return nil
}

// readTime leaves it unset where nothing is given.
func readTime(values url.Values, name string, at **time.Time) error {
	given := values[name]
	if len(given) == 0 {
		return nil
	}
	read, err := parseTime(name, given[0])
	if err == nil && len(given) > 1 {
		err = badInput(name, "must be one time")
	}
	*at = &read
	return err
}

func (h *handler) getCallback(r *request) (any, error) { return r.logEntry(h.service.Runs.Log.Entry) }

func (h *handler) replayCallback(r *request) (any, error) {
	log := h.service.Runs.Log
	return r.logEntry(func(_ context.Context, actor *models.Actor, projectID int64, uid string) (*run.LogEntry, error) {
		return once(h, r, func(ctx context.Context) (*run.LogEntry, error) {
			return log.Replay(ctx, actor, projectID, uid)
		}, func(id int64) (*run.LogEntry, error) {
			replay, err := h.service.Callbacks.Callback(r.Context(), actor.Scope(models.RoleViewer), id)
			if err != nil {
				return nil, err
			}
			return log.Entry(r.Context(), actor, projectID, replay.UID.String())
		})
	})
}

// logEntry is what is read or made of the callback that the path names.
func (r *request) logEntry(
	of func(ctx context.Context, actor *models.Actor, projectID int64, uid string) (*run.LogEntry, error),
) (any, error) {
	projectID, err := r.project()
	if err != nil {
		return nil, err
	}
	entry, err := of(r.Context(), r.actor, projectID, r.PathValue("callback_uid"))
	if err != nil {
		return nil, err
	}
	return newLogEntry(entry), nil
}
