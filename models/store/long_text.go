package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

// textColumns are where the long texts stand, with the rows that a scope reaches.
var textColumns = map[models.TextField]struct {
	column string
	within rowsWithin
}{
	models.PayloadText:      {"body", (*Store).bodiesWithin},
	models.ResponseBodyText: {"response_body", answersTo((*Store).bodiesWithin)},
	models.HeadersText:      {"headers", answersTo((*Store).callbacksWithin)},
	models.CallHeadersText:  {"headers", (*Store).callsWithin},
	models.ResultsText:      {"results", payloads((*Store).batchesWithin)},
	models.RunInputText:     {"input", payloads((*Store).inputsWithin)},
	models.CustomDataText:   {"custom_data", payloads((*Store).inputsWithin)},
	models.JobInputText:     {"input", payloads((*Store).jobsWithin)},
	models.JobOutputText:    {"output", payloads((*Store).jobsWithin)},
	models.JobMetadataText:  {"metadata", payloads((*Store).jobsWithin)},
}

// rowsWithin narrows a query to the rows that a scope reaches.
type rowsWithin = func(*Store, context.Context, models.Scope) *gorm.DB

// payloads narrows it to those whose bodies the scope reaches.
func payloads(within rowsWithin) rowsWithin {
	return func(s *Store, ctx context.Context, scope models.Scope) *gorm.DB {
		return within(s, ctx, scope.Payloads())
	}
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

// bodiesWithin narrows callbacks to those whose bodies are within the scope: of a partner its notices in any case.
func (s *Store) bodiesWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.callbacksWithin(ctx, scope)
	if scope.SSOClientID() == 0 {
		return query
	}
	return query.Where("("+isNotice+" OR account_id IN ("+accountsOfPartner(scope.Payloads())+"))", scope.SSOClientID())
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

// answersTo narrows attempts to those whose answers are within the scope, by their callbacks: not the partner's to notices,
// but for the platform and the partner.
func answersTo(callbacks rowsWithin) rowsWithin {
	return func(s *Store, ctx context.Context, scope models.Scope) *gorm.DB {
		query := s.reader(ctx).Model(&attemptRow{})
		if scope.Everything() {
			return query
		}
		of := callbacks(s, ctx, scope).Select("1").Where("callbacks.id = callback_attempts.callback_id")
		if !scope.SeesNotices() {
			of = of.Where("NOT " + isNotice)
		}
		return query.Where("EXISTS (?)", of)
	}
}

// callsWithin narrows calls of executors to none but for the platform.
func (s *Store) callsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	query := s.reader(ctx).Model(&batchAttemptRow{})
	if scope.Everything() {
		return query
	}
	return query.Where("false")
}
