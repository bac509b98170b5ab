package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

type callbackRow struct {
	ID               int64
	UID              uuid.UUID
	Ref              uuid.UUID
	Event            models.EventName
	Status           models.Status
	Target           models.TargetKind
	TargetURL        *string
	TargetHeaders    []byte
	ContentType      string
	Body             []byte
	AccountID        int64
	ProjectID        int64
	CrawlID          *int64
	ReportDownloadID *int64
	ReplayOfID       *int64
	CauseID          *int64
	DedupKey         string
	AttemptCount     int
	FailureCount     int
	Epoch            int
	NextAttemptAt    *int64
	LeaseUntil       *int64
	WakeAt           *int64
	HTTPStatus       *int
	ErrorCode        *models.AttemptErrorCode
	ErrorMessage     *string
	CreatedAt        int64 `gorm:"autoCreateTime:false"`
	FinishedAt       *int64
}

func (callbackRow) TableName() string { return "callbacks" }

func targetHeadersPlace(uid uuid.UUID) string { return "callbacks.target_headers:" + uid.String() }

func (s *Store) callback(r callbackRow) (*models.Callback, error) {
	headers, err := s.sealer.openHeaders(r.TargetHeaders, targetHeadersPlace(r.UID))
	if err != nil {
		return nil, err
	}
	return &models.Callback{
		ID: r.ID, UID: r.UID, Ref: r.Ref, Event: r.Event, Status: r.Status,
		Target: r.Target, TargetURL: r.TargetURL, TargetHeaders: headers, ContentType: r.ContentType, Body: r.Body,
		AccountID: r.AccountID, ProjectID: r.ProjectID, CrawlID: r.CrawlID, ReportDownloadID: r.ReportDownloadID,
		ReplayOfID: r.ReplayOfID, CauseID: r.CauseID, DedupKey: r.DedupKey,
		AttemptCount: r.AttemptCount, FailureCount: r.FailureCount, Epoch: r.Epoch,
		NextAttemptAt: fromMicrosPtr(r.NextAttemptAt), LeaseUntil: fromMicrosPtr(r.LeaseUntil), WakeAt: fromMicrosPtr(r.WakeAt),
		HTTPStatus: r.HTTPStatus, Error: attemptError(r.ErrorCode, r.ErrorMessage),
		CreatedAt: fromMicros(r.CreatedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

func attemptError(code *models.AttemptErrorCode, message *string) *models.AttemptError {
	if code == nil {
		return nil
	}
	return &models.AttemptError{Code: *code, Message: *message}
}

func attemptErrorColumns(e *models.AttemptError) (code *models.AttemptErrorCode, message *string) {
	if e == nil {
		return nil, nil
	}
	return &e.Code, &e.Message
}

// CreateCallback inserts a callback.
func (s *Store) CreateCallback(ctx context.Context, c *models.Callback) error {
	headers, err := s.sealer.sealHeaders(c.TargetHeaders, targetHeadersPlace(c.UID))
	if err != nil {
		return err
	}
	row := callbackRow{
		UID: c.UID, Ref: c.Ref, Event: c.Event, Status: c.Status,
		Target: c.Target, TargetURL: c.TargetURL, TargetHeaders: headers, ContentType: c.ContentType, Body: c.Body,
		AccountID: c.AccountID, ProjectID: c.ProjectID, CrawlID: c.CrawlID, ReportDownloadID: c.ReportDownloadID,
		ReplayOfID: c.ReplayOfID, CauseID: c.CauseID, DedupKey: c.DedupKey,
		NextAttemptAt: microsPtr(c.NextAttemptAt), WakeAt: microsPtr(c.WakeAt), CreatedAt: micros(c.CreatedAt),
	}
	err = s.writer(ctx).Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.Conflict("", "this callback exists already (%s)", c.DedupKey)
	}
	c.ID = row.ID
	return err
}

// CallbackByDedupKey finds the callback of an event.
func (s *Store) CallbackByDedupKey(ctx context.Context, key string) (*models.Callback, error) {
	return first(s.reader(ctx).Where("dedup_key = ?", key), models.TypeCallback, s.callback)
}

// LockCallback reads one callback for an update.
func (s *Store) LockCallback(ctx context.Context, scope models.Scope, id int64) (*models.Callback, error) {
	return first(scoped(s.locking(ctx), scope, "account_id").Where("id = ?", id), models.TypeCallback, s.callback)
}

// ClaimCallback gives a due callback to the caller. Of two at the same moment the second waits for the first's row lock
// and then finds the condition false.
func (s *Store) ClaimCallback(ctx context.Context, id int64, now, leaseUntil time.Time) (*models.Callback, error) {
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{}).
		Where("id = ? AND status = ? AND next_attempt_at <= ?", id, models.StatusPending, micros(now)).
		Updates(map[string]any{
			"status": models.StatusRunning, "attempt_count": gorm.Expr("attempt_count + 1"),
			"lease_until": micros(leaseUntil), "next_attempt_at": nil, "wake_at": nil,
		}).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.callback(rows[0])
}

// SettleCallback writes what became of a claimed callback.
func (s *Store) SettleCallback(ctx context.Context, c *models.Callback) (bool, error) {
	code, message := attemptErrorColumns(c.Error)
	result := s.writer(ctx).Model(&callbackRow{}).
		Where("id = ? AND status = ? AND attempt_count = ?", c.ID, models.StatusRunning, c.AttemptCount).
		Updates(map[string]any{
			"status": c.Status, "target_url": c.TargetURL, "failure_count": c.FailureCount,
			"next_attempt_at": microsPtr(c.NextAttemptAt), "lease_until": nil, "wake_at": microsPtr(c.WakeAt),
			"http_status": c.HTTPStatus, "error_code": code, "error_message": message, "finished_at": microsPtr(c.FinishedAt),
		})
	return result.RowsAffected == 1, result.Error
}

// InterruptExpired takes callbacks from workers that are gone.
func (s *Store) InterruptExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	expired := s.locked(ctx).Select("id").Where("status = ? AND lease_until <= ?", models.StatusRunning, micros(now)).
		Order("lease_until").Limit(limit)
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(returning("id")).Where("id IN (?)", expired).Updates(map[string]any{
		"status": models.StatusPending, "next_attempt_at": micros(now), "wake_at": micros(now), "lease_until": nil,
	}).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return len(ids), s.interruptAttempts(ctx, ids, now)
}

// DueForWaking takes waiting callbacks whose time to be woken has come.
func (s *Store) DueForWaking(ctx context.Context, now, next time.Time, limit int) ([]*models.Callback, error) {
	due := s.locked(ctx).Select("id").Where("status = ? AND wake_at <= ?", models.StatusPending, micros(now)).
		Order("wake_at").Limit(limit)
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).
		Clauses(returning("id", "status", "attempt_count", "epoch", "next_attempt_at", "wake_at")).
		Where("id IN (?)", due).
		Updates(map[string]any{"wake_at": micros(next), "epoch": gorm.Expr("epoch + 1")}).Error
	if err != nil {
		return nil, err
	}
	callbacks := make([]*models.Callback, len(rows))
	for i, r := range rows {
		callbacks[i], err = s.callback(r)
		if err != nil {
			return nil, err
		}
	}
	return callbacks, nil
}

// locked selects callbacks that no other sweep has in hand. SQLite drops the clause and needs none: it has one writer.
func (s *Store) locked(ctx context.Context) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}

func returning(columns ...string) clause.Returning {
	list := make([]clause.Column, len(columns))
	for i, c := range columns {
		list[i] = clause.Column{Name: c}
	}
	return clause.Returning{Columns: list}
}
