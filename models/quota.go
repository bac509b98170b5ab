package models

import (
	"context"
	"fmt"
	"time"
)

// Quotas bound what one account, and one user, may have, so that none can use up what all share. 0: no bound.
type Quotas struct {
	Schedules int   // ACTIVE ones of an account
	Batches   int   // of an account, that have not ended
	RunBytes  int64 // stored for the runs of an account that have not ended: inputs, results, and the callbacks that tell of them
	Projects  int   // of an account
	Sessions  int   // of a user; beyond it the least recently used ends
}

// Usage is what runs that have not ended hold of their account's quotas.
type Usage struct {
	OpenBatches int
	RunBytes    int64
}

func (u Usage) plus(v Usage) Usage {
	return Usage{u.OpenBatches + v.OpenBatches, u.RunBytes + v.RunBytes}
}

func (u Usage) minus(v Usage) Usage {
	return Usage{u.OpenBatches - v.OpenBatches, u.RunBytes - v.RunBytes}
}

// QuotaStore counts what accounts and users have.
type QuotaStore interface {
	// ChangeUsage adds to what an account holds and returns what it holds then. Until the transaction ends, others of the account wait.
	ChangeUsage(ctx context.Context, accountID int64, by Usage) (Usage, error)
	// MiscountedAccounts are those that hold something else than their runs do.
	MiscountedAccounts(ctx context.Context) ([]int64, error)
	// RecountUsage sets what an account holds to what its runs hold. Until the transaction ends, others of the account wait.
	RecountUsage(ctx context.Context, accountID int64) error
	// CountActiveSchedules and CountLiveProjects count up to a limit.
	CountActiveSchedules(ctx context.Context, accountID int64, limit int) (int, error)
	CountLiveProjects(ctx context.Context, accountID int64, limit int) (int, error)
}

// limitReached is the error of a quota: what, how many, and the operator's variable for it.
func limitReached(what string, most int64, variable string) error {
	return &Error{Code: CodeLimitReached, Message: fmt.Sprintf("%s: at most %d (%s)", what, most, variable)}
}

// charge notes what the runs of an account hold more, or less, than before. It is the last statement of a transaction that changes runs: the
// account is locked from then on. LIMIT_REACHED when it would hold more than it may; what holds less is never refused.
func (s *Service) charge(ctx context.Context, tx Store, accountID int64, by Usage) error {
	if by == (Usage{}) {
		return nil
	}
	has, err := tx.ChangeUsage(ctx, accountID, by)
	if err != nil {
		return err
	}
	if most := s.rules.Quotas.Batches; most > 0 && by.OpenBatches > 0 && has.OpenBatches > most {
		return limitReached("open batches of the account's runs", int64(most), "RINGBACK_QUOTA_BATCHES")
	}
	if most := s.rules.Quotas.RunBytes; most > 0 && by.RunBytes > 0 && has.RunBytes > most {
		return limitReached("bytes stored for the account's runs that have not ended", most, "RINGBACK_QUOTA_RUN_BYTES")
	}
	return nil
}

// recountTimeout is what recounting may take where the disk is slow.
const recountTimeout = 30 * time.Second

// RecountUsages mends what accounts hold, and returns of how many: a process of an older version, which may run beside this one while
// a new release comes, ends batches and counts nothing.
func (s *Service) RecountUsages(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, recountTimeout)
	defer cancel()
	accounts, err := s.store.MiscountedAccounts(ctx)
	if err != nil {
		return 0, err
	}
	for i, id := range accounts {
		if err := s.store.InTx(ctx, func(tx Store) error { return tx.RecountUsage(ctx, id) }); err != nil {
			return i, err
		}
	}
	return len(accounts), nil
}

// allowProject tells whether an account may have one more project. Others that ask wait until the transaction has ended.
func (s *Service) allowProject(ctx context.Context, tx Store, accountID int64) error {
	return allowOne(ctx, tx, accountID, s.rules.Quotas.Projects, tx.CountLiveProjects, "projects of the account", "RINGBACK_QUOTA_PROJECTS")
}

func allowOne(ctx context.Context, tx Store, accountID int64, most int, count func(context.Context, int64, int) (int, error), what, variable string) error {
	if most <= 0 {
		return nil
	}
	if _, err := tx.ChangeUsage(ctx, accountID, Usage{}); err != nil {
		return err
	}
	has, err := count(ctx, accountID, most)
	if err != nil {
		return err
	}
	if has >= most {
		return limitReached(what, int64(most), variable)
	}
	return nil
}
