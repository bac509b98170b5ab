package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

// textColumns are where the long texts stand, with the rows that a scope reaches.
var textColumns = map[models.TextField]struct {
	column string
	within func(*Store, context.Context, models.Scope) *gorm.DB
}{
	models.PayloadText:      {"body", (*Store).callbacksWithin},
	models.ResponseBodyText: {"response_body", (*Store).responsesWithin},
	models.HeadersText:      {"headers", (*Store).responsesWithin},
	models.CallHeadersText:  {"headers", (*Store).callsWithin},
	models.ResultsText:      {"results", (*Store).batchesWithin},
	models.RunInputText:     {"input", (*Store).inputsWithin},
	models.CustomDataText:   {"custom_data", (*Store).inputsWithin},
	models.JobInputText:     {"input", (*Store).jobsWithin},
	models.JobOutputText:    {"output", (*Store).jobsWithin},
	models.JobMetadataText:  {"metadata", (*Store).jobsWithin},
}

// Texts reads the texts of one field.
func (s *Store) Texts(
	ctx context.Context, scope models.Scope, field models.TextField, ids ...int64,
) (map[int64]string, error) {
	var rows []struct {
		ID   int64
		Text string
	}
	of := textColumns[field]
	asked := func() *gorm.DB { return of.within(s, ctx, scope).Where(s.among("id", &ids)) }
	err := s.readable(ctx, asked, of.column).Select("id, " + of.column + " AS text").Find(&rows).Error
	texts := make(map[int64]string, len(rows))
	for _, r := range rows {
		texts[r.ID] = r.Text
	}
	return texts, err
}

func (s *Store) callbacksWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return ofProject(s.reader(ctx).Model(&callbackRow{}), scope)
}

func (s *Store) batchesWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return ofProject(s.reader(ctx).Model(&batchRow{}), scope)
}

func (s *Store) jobsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return ofProject(s.reader(ctx).Model(&jobRow{}), scope)
}

func (s *Store) inputsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return s.reader(ctx).Model(&runInputRow{}).
		Where("EXISTS (?)", ofProject(s.reader(ctx).Model(&runRow{}), scope).Select("1").Where("runs.id = run_inputs.run_id"))
}

// responsesWithin narrows attempts to those whose answers are within the scope: not the partner's to notices, but for
// the platform.
func (s *Store) responsesWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&attemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("EXISTS (?)", s.callbacksWithin(ctx, scope).Select("1").
		Where("callbacks.id = callback_attempts.callback_id AND NOT "+isNotice))
}

// callsWithin narrows calls of executors to none but for the platform.
func (s *Store) callsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&batchAttemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("false")
}
