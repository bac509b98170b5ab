package store

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

type callbackRow struct {
	ID               int64
	UID              uuid.UUID
	Ref              uuid.UUID
	Event            callback.EventName
	Status           callback.Status
	Target           callback.TargetKind
	TargetURL        *string
	TargetHost       string // for the release before, which claims by it
	Lane             string
	TargetHeaders    []byte
	ContentType      string
	Body             []byte
	BodyBytes        int64 `gorm:"->;-:migration"` // no column: of a body that a claim leaves out
	AccountID        int64
	ProjectID        int64
	SSOClientID      *int64        // a trigger sets it
	Source           sourceColumns `gorm:"embedded"`
	CreatedByUserID  *int64
	ReplayOfID       *int64
	ReplayedByUserID *int64
	CauseID          *int64
	Recovered        bool // of a notice: its cause has arrived
	// NotifiedSSOClientID is for Recovered alone, which reads and writes the column itself.
	NotifiedSSOClientID *int64
	ReplayCount         int
	DedupKey            string
	OrderingKey         *string
	Held                bool
	AttemptCount        int
	FailureCount        int
	Mishaps             mishapColumns `gorm:"embedded"`
	NextAttemptAt       *int64
	LeaseUntil          *int64
	LocalSince          *int64
	HTTPStatus          *int
	ErrorCode           *callback.AttemptErrorCode
	ErrorMessage        *string
	CreatedAt           int64 `gorm:"autoCreateTime:false"`
	FinishedAt          *int64
	PayloadPurgedAt     *int64
}

func (callbackRow) TableName() string { return "callbacks" }

func targetHeadersPlace(uid uuid.UUID) string { return "callbacks.target_headers:" + uid.String() }

func (s *Store) callback(r callbackRow) (*callback.Callback, error) {
	headers, unreadable := s.sealer.openHeaders(r.TargetHeaders, targetHeadersPlace(r.UID))
	c := &callback.Callback{
		ID: r.ID, UID: r.UID, Ref: r.Ref, Event: r.event(), Status: r.Status,
		Target: r.Target, TargetURL: r.TargetURL, Lane: lane(r.Lane), TargetHeaders: headers, Unreadable: unreadable,
		ContentType: r.ContentType, Body: r.Body, BodyBytes: r.BodyBytes,
		AccountID: r.AccountID, ProjectID: r.ProjectID, SSOClientID: r.SSOClientID, Source: r.Source.source(),
		CreatedByUserID: r.CreatedByUserID, ReplayOfID: r.ReplayOfID, ReplayedByUserID: r.ReplayedByUserID, CauseID: r.CauseID,
		ReplayCount: r.ReplayCount, DedupKey: r.DedupKey, OrderingKey: textOf(r.OrderingKey), Held: r.Held,
		AttemptCount: r.AttemptCount, NextAttemptAt: fromMicrosPtr(r.NextAttemptAt), LeaseUntil: fromMicrosPtr(r.LeaseUntil),
		Tries: callback.Tries{
			FailureCount: r.FailureCount, LocalSince: fromMicrosPtr(r.LocalSince), Mishaps: r.Mishaps.mishaps(),
		},
		HTTPStatus: callback.FittingStatus(r.HTTPStatus), Error: attemptError(r.ErrorCode, r.ErrorMessage),
		CreatedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
		PayloadPurgedAt: fromMicrosPtr(r.PayloadPurgedAt),
	}
	if c.Paused = r.NextAttemptAt != nil && *r.NextAttemptAt == pausedUntil; c.Held || c.Paused {
		c.NextAttemptAt = nil // the column has its creation then, or the end of times
	}
	return c, nil
}

// lane reads a key. One that cannot be read is that of no lane, which claiming the row puts right.
func lane(key string) callback.Lane {
	l, _ := callback.ParseLane(key)
	return l
}

func attemptError(code *callback.AttemptErrorCode, message *string) *callback.AttemptError {
	if code == nil {
		return nil
	}
	if message == nil { // it tells of the partner's webhook
		return &callback.AttemptError{Code: *code, Message: callback.NoticeFailedMessage}
	}
	return &callback.AttemptError{Code: *code, Message: *message}
}

func errorCode(e *callback.AttemptError) *string {
	if e == nil {
		return nil
	}
	return new(string(e.Code))
}

func errorMessage(e *callback.AttemptError) *string {
	if e == nil {
		return nil
	}
	return &e.Message
}

func (s *Store) callbackColumns(c *callback.Callback) (*callbackRow, error) {
	headers, err := s.sealer.sealHeaders(c.TargetHeaders, targetHeadersPlace(c.UID))
	if c.Unreadable != nil { // what it was copied from could not be opened, and so cannot this
		headers = closedBox
	}
	row := &callbackRow{
		UID: c.UID, Ref: c.Ref, Event: storedEvent(c.Event), Status: c.Status,
		Target: c.Target, TargetURL: c.TargetURL, TargetHost: c.Lane.Host, Lane: c.Lane.String(), TargetHeaders: headers,
		ContentType: c.ContentType, Body: c.Body,
		AccountID: c.AccountID, ProjectID: c.ProjectID, Source: sourceColumnsOf(c.Source), CreatedByUserID: c.CreatedByUserID,
		ReplayOfID: c.ReplayOfID, ReplayedByUserID: c.ReplayedByUserID, CauseID: c.CauseID,
		Recovered: c.Event == callback.CallbackRecoveredEvent,
		DedupKey:  c.DedupKey, OrderingKey: nullText(c.OrderingKey), Held: c.Held,
		AttemptCount: c.AttemptCount, FailureCount: c.FailureCount,
		NextAttemptAt: nextAttempt(c), LeaseUntil: microsPtr(c.LeaseUntil),
		CreatedAt: micros(c.CreatedAt),
	}
	if c.Held { // whatever is PENDING has a time
		row.NextAttemptAt = &row.CreatedAt
	}
	return row, err
}

// CallbackPorts are the engine's.
func (s *Store) CallbackPorts() callback.Ports {
	return callback.Ports{
		Reader: s, Bulk: s, Health: s, Preview: s, LeaseStore: s, SweepStore: s, BulkStore: s, AttemptStore: s,
		Record:         s.Record,
		InDeliveryTx:   inTx(s, func(tx *Store) callback.DeliveryTx { return tx }),
		InSettlementTx: inTx(s, func(tx *Store) callback.SettlementTx { return tx }),
		InReplayTx:     inTx(s, func(tx *Store) callback.ReplayTx { return tx }),
		InBulkTx:       inTx(s, func(tx *Store) callback.BulkTx { return tx }),
		InBulkPartTx:   inTx(s, func(tx *Store) callback.BulkPartTx { return tx }),
		InCancelTx:     inTx(s, func(tx *Store) callback.CancelTx { return tx }),
		InSweepTx:      inTx(s, func(tx *Store) callback.SweepTx { return tx }),
		InPurgeTx:      inTx(s, func(tx *Store) callback.PurgeTx { return tx }),
		InFoldTx:       inTx(s, func(tx *Store) callback.FoldTx { return tx }),
	}
}

// CreateCallbacks inserts callbacks.
func (s *Store) CreateCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	for some := range parts(callbacks, callbackTexts) {
		if err := s.createCallbacks(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func callbackTexts(c *callback.Callback) int {
	texts := len(c.Body) + len(textOf(c.TargetURL)) + len(c.DedupKey)
	for _, h := range c.TargetHeaders {
		texts += len(h.Key) + len(h.Value)
	}
	return texts
}

func (s *Store) createCallbacks(ctx context.Context, callbacks []*callback.Callback) error {
	rows := make([]*callbackRow, len(callbacks))
	for i, c := range callbacks {
		var err error
		if rows[i], err = s.callbackColumns(c); err != nil {
			return err
		}
	}
	ids, err := s.insertGiven(ctx, "callbacks", len(rows), newCallbacks(rows)...)
	for _, c := range callbacks {
		c.ID = ids[c.UID]
	}
	return taken(err, callbacks)
}

// taken tells of a dedup key that was there before.
func taken(err error, callbacks []*callback.Callback) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}
	keys := make([]string, len(callbacks))
	for i, c := range callbacks {
		keys[i] = c.DedupKey
	}
	return models.Conflict("", "this callback exists already (%s)", strings.Join(keys, ", "))
}

// newCallbacks are the columns that a callback has from the start.
func newCallbacks(rows []*callbackRow) []column {
	return append([]column{
		uuidsOf("uid", rows, func(r *callbackRow) uuid.UUID { return r.UID }),
		uuidsOf("ref", rows, func(r *callbackRow) uuid.UUID { return r.Ref }),
		columnOf("event", "text", rows, func(r *callbackRow) string { return string(r.Event) }),
		columnOf("status", "text", rows, func(r *callbackRow) string { return string(r.Status) }),
		columnOf("target", "text", rows, func(r *callbackRow) string { return string(r.Target) }),
		columnOf("target_url", "text", rows, func(r *callbackRow) *string { return r.TargetURL }),
		columnOf("target_host", "text", rows, func(r *callbackRow) string { return r.TargetHost }),
		columnOf("lane", "text", rows, func(r *callbackRow) string { return r.Lane }),
		columnOf("target_headers", "bytea", rows, func(r *callbackRow) []byte { return r.TargetHeaders }),
		columnOf("content_type", "text", rows, func(r *callbackRow) string { return r.ContentType }),
		columnOf("body", "bytea", rows, func(r *callbackRow) []byte { return r.Body }),
		columnOf("account_id", "bigint", rows, func(r *callbackRow) int64 { return r.AccountID }),
		columnOf("project_id", "bigint", rows, func(r *callbackRow) int64 { return r.ProjectID }),
		columnOf("created_by_user_id", "bigint", rows, func(r *callbackRow) *int64 { return r.CreatedByUserID }),
		columnOf("replay_of_id", "bigint", rows, func(r *callbackRow) *int64 { return r.ReplayOfID }),
		columnOf("replayed_by_user_id", "bigint", rows, func(r *callbackRow) *int64 { return r.ReplayedByUserID }),
		columnOf("cause_id", "bigint", rows, func(r *callbackRow) *int64 { return r.CauseID }),
		columnOf("recovered", "boolean", rows, func(r *callbackRow) bool { return r.Recovered }),
		columnOf("dedup_key", "text", rows, func(r *callbackRow) string { return r.DedupKey }),
		columnOf("ordering_key", "text", rows, func(r *callbackRow) *string { return r.OrderingKey }),
		columnOf("held", "boolean", rows, func(r *callbackRow) bool { return r.Held }),
		columnOf("attempt_count", "bigint", rows, func(r *callbackRow) int { return r.AttemptCount }),
		columnOf("failure_count", "bigint", rows, func(r *callbackRow) int { return r.FailureCount }),
		columnOf("next_attempt_at", "bigint", rows, func(r *callbackRow) *int64 { return r.NextAttemptAt }),
		columnOf("lease_until", "bigint", rows, func(r *callbackRow) *int64 { return r.LeaseUntil }),
		columnOf("created_at", "bigint", rows, func(r *callbackRow) int64 { return r.CreatedAt }),
	}, newSources(rows)...)
}

// CallbacksByDedupKey finds the callbacks of events, without their bodies and headers.
func (s *Store) CallbacksByDedupKey(ctx context.Context, keys ...string) ([]*callback.Callback, error) {
	return find(s.ofDedupKeys(ctx, keys), s.callback)
}

func (s *Store) ofDedupKeys(ctx context.Context, keys []string) *gorm.DB {
	return s.history(
		ctx, models.PlatformActor().Scope(models.RoleViewer),
	).Where(s.among(s.dialect.byBytes("dedup_key"), &keys))
}

// LockCallback reads one callback for an update.
func (s *Store) LockCallback(ctx context.Context, scope models.Scope, id int64) (*callback.Callback, error) {
	locked := scoped(s.locking(ctx), scope, "account_id", "project_id").Select(
		lineColumns+", target_headers, body, replay_count",
	).Where("id = ?", id)
	return first(locked, models.TypeCallback, s.callback)
}
