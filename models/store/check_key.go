package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

// encryptionCheckRow is a value that only the right key opens: the database's check value. There is one at most, under
// the id 1.
type encryptionCheckRow struct {
	ID          int64
	CheckSealed []byte
}

func (encryptionCheckRow) TableName() string { return "encryption_checks" }

const checkPlace = "encryption_checks.check_sealed"

// CheckKey returns an error when the database was sealed with another key than the store's. A database without a check
// value gets one: it is new, or older than check values, and then something that it has sealed must open.
func (s *Store) CheckKey(ctx context.Context) error {
	if err := s.checkKey(ctx); err != nil {
		return fmt.Errorf("check the encryption key: %w", err)
	}
	return nil
}

func (s *Store) checkKey(ctx context.Context) error {
	value, err := s.checkValue(ctx)
	if err != nil {
		return err
	}
	if value == nil {
		if err := s.checkSealed(ctx); err != nil {
			return err
		}
		made := encryptionCheckRow{ID: 1, CheckSealed: s.sealer.seal([]byte("ringback"), checkPlace)}
		if err := s.writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&made).Error; err != nil {
			return err
		}
		// Of processes that start together with different keys one was the first.
		if value, err = s.checkValue(ctx); err != nil {
			return err
		}
	}
	_, err = s.sealer.open(value, checkPlace)
	return err
}

func (s *Store) checkValue(ctx context.Context) ([]byte, error) {
	var rows []encryptionCheckRow
	if err := s.writer(ctx).Where("id = 1").Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].CheckSealed, nil
}

// checkSealed opens the newest of what the key has sealed. Projects and SSO clients have a signing secret each, and
// whatever else is sealed belongs to a project: where there is no such secret, the headers of accounts and actions are
// left.
func (s *Store) checkSealed(ctx context.Context) error {
	secrets, err := find(s.reader(ctx).Order("id DESC").Limit(1), s.signingSecret)
	if err == nil && len(secrets) > 0 {
		err = secrets[0].Unreadable
	}
	if err != nil || len(secrets) > 0 {
		return err
	}
	accounts, err := find(s.reader(ctx).Where("length(api_callback_headers) > 0").Order("id DESC").Limit(1), s.account)
	if err == nil && len(accounts) > 0 {
		err = accounts[0].Callback.Unreadable
	}
	if err != nil || len(accounts) > 0 {
		return err
	}
	actions, err := find(s.reader(ctx).Where("length(executor_headers) > 0").Order("id DESC").Limit(1), s.action)
	if err != nil || len(actions) == 0 {
		return err
	}
	return actions[0].Executor.Unreadable
}
