package store

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// ReceiverPorts are those of receiver.NewService.
func (s *Store) ReceiverPorts() receiver.Ports {
	return receiver.Ports{
		InTestTx:      inTx(s, func(tx *Store) receiver.TestTx { return tx }),
		InRateTx:      inTx(s, func(tx *Store) receiver.RateTx { return tx }),
		InRetryTx:     inTx(s, func(tx *Store) receiver.RetryTx { return tx }),
		InRetryManyTx: inTx(s, func(tx *Store) receiver.RetryManyTx { return tx }),
		InPurgeTx:     inTx(s, func(tx *Store) receiver.PurgeTx { return tx }),
		Diagnoses:     s,
		InDiagnosisTx: inTx(s, func(tx *Store) receiver.DiagnosisTx { return tx }),
	}
}

// LastProjectOfSSOClient finds the newest project of the accounts of an SSO client.
func (s *Store) LastProjectOfSSOClient(ctx context.Context, ssoClientID int64) (int64, error) {
	var ids []int64
	err := s.writer(ctx).Model(&projectRow{}).
		Where("deleted_at IS NULL AND account_id IN (SELECT id FROM accounts WHERE sso_client_id = ?)", ssoClientID).
		Order("id DESC").Limit(1).Pluck("id", &ids).Error
	if err == nil && len(ids) == 0 {
		return 0, models.NotFound(tenant.TypeProject)
	}
	return append(ids, 0)[0], err
}

// PurgeRates deletes what nobody counts any more.
func (s *Store) PurgeRates(ctx context.Context, beganBefore time.Time, limit int) (keys, rows int, err error) {
	old := s.writer(ctx).Model(&rateRow{}).Select("key").Where("began_at < ?", micros(beganBefore)).Limit(limit)
	result := s.writer(ctx).Where("key IN (?)", old).Delete(&rateRow{})
	return int(result.RowsAffected), int(result.RowsAffected), result.Error
}
