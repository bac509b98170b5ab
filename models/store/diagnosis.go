package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/receiver"
)

type diagnosisRow struct {
	ID             int64
	UID            uuid.UUID
	AccountID      *int64
	ProjectID      *int64
	SSOClientID    *int64
	URL            string
	CheckSignature bool
	Steps          []byte // JSON
	CreatedAt      int64  `gorm:"autoCreateTime:false"`
	Deadline       int64
	StartedAt      *int64
	FinishedAt     *int64
}

func (diagnosisRow) TableName() string { return "diagnoses" }

func diagnosis(r diagnosisRow) (*receiver.Diagnosis, error) {
	d := &receiver.Diagnosis{
		ID: r.ID, UID: r.UID, AccountID: idOrZero(r.AccountID), URL: r.URL, CheckSignature: r.CheckSignature,
		Of:        receiver.Of{ProjectID: idOrZero(r.ProjectID), SSOClientID: idOrZero(r.SSOClientID)},
		CreatedAt: fromMicros(r.CreatedAt), Deadline: fromMicros(r.Deadline),
		StartedAt: fromMicrosPtr(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}
	return d, json.Unmarshal(r.Steps, &d.Steps)
}

// Diagnoses finds diagnoses by id. Those of SSO clients have neither an account nor a project, and only the platform's
// scope and their own reach them.
func (s *Store) Diagnoses(ctx context.Context, scope models.Scope, ids ...int64) ([]*receiver.Diagnosis, error) {
	return find(ofOwner(s.reader(ctx), scope).Where(s.among("id", &ids)), diagnosis)
}

// CreateDiagnosis inserts a diagnosis.
func (s *Store) CreateDiagnosis(ctx context.Context, d *receiver.Diagnosis) error {
	steps, err := json.Marshal(d.Steps)
	if err != nil {
		return err
	}
	row := diagnosisRow{
		UID: d.UID, AccountID: idOrNull(d.AccountID), ProjectID: idOrNull(d.ProjectID),
		SSOClientID: idOrNull(d.SSOClientID), URL: d.URL, CheckSignature: d.CheckSignature, Steps: steps,
		CreatedAt: micros(d.CreatedAt), Deadline: micros(d.Deadline),
	}
	err = s.writer(ctx).Create(&row).Error
	d.ID = row.ID
	return err
}

const isAsked = "deadline > ? AND started_at IS NULL AND finished_at IS NULL"

// DiagnosisAsked reads the index of deadlines from a time on.
func (s *Store) DiagnosisAsked(ctx context.Context, after time.Time) (bool, error) {
	return exists(s.reader(ctx).Model(&diagnosisRow{}).Where(isAsked, micros(after)))
}

// TakeDiagnoses passes over what others take at the moment.
func (s *Store) TakeDiagnoses(
	ctx context.Context, now, after time.Time, limit int,
) ([]*receiver.Diagnosis, error) {
	taken, err := find(s.writer(ctx).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
		Where(isAsked, micros(after)).Order("deadline, id").Limit(limit), diagnosis)
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	ids := make([]int64, len(taken))
	for i, d := range taken {
		ids[i], d.StartedAt = d.ID, &now
	}
	err = s.writer(ctx).Model(&diagnosisRow{}).Where(s.among("id", &ids)).Update("started_at", micros(now)).Error
	return taken, err
}

// WriteDiagnosis replaces all steps: there is one writer.
func (s *Store) WriteDiagnosis(ctx context.Context, d *receiver.Diagnosis, now time.Time) (bool, error) {
	steps, err := json.Marshal(d.Steps)
	if err != nil {
		return false, err
	}
	result := s.writer(ctx).Model(&diagnosisRow{}).
		Where("id = ? AND finished_at IS NULL AND deadline > ?", d.ID, micros(now)).
		Updates(map[string]any{"url": d.URL, "steps": steps, "finished_at": microsPtr(d.FinishedAt)})
	return result.RowsAffected > 0, result.Error
}

// PurgeDiagnoses deletes what nobody looks at any more.
func (s *Store) PurgeDiagnoses(
	ctx context.Context, endedBefore time.Time, limit int,
) (diagnoses, rows int, err error) {
	old := s.writer(ctx).Model(&diagnosisRow{}).Select("id").Where("deadline < ?", micros(endedBefore)).
		Order("deadline, id").Limit(limit)
	result := s.writer(ctx).Where("id IN (?)", old).Delete(&diagnosisRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
