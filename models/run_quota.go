package models

import (
	"context"
	"net/http"
	"time"
)

// Quotas bound what one account may have, so that none can use up what all share. 0: no bound.
type Quotas struct {
	Schedules int   // ACTIVE ones
	Batches   int   // that have not ended
	RunBytes  int64 // stored for the runs that have not ended: inputs, results, and the callbacks that tell of them
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

// RunQuotaStore counts what the runs of accounts have.
type RunQuotaStore interface {
	// ChangeUsage adds to what an account holds and returns what it holds then. Until the transaction ends, others of the account wait.
	ChangeUsage(ctx context.Context, accountID int64, by Usage) (Usage, error)
	// MiscountedAccounts are those that hold something else than their runs do.
	MiscountedAccounts(ctx context.Context) ([]int64, error)
	// RecountUsage sets what an account holds to what its runs hold. Until the transaction ends, others of the account wait.
	RecountUsage(ctx context.Context, accountID int64) error
	// CountActiveSchedules counts up to a limit.
	CountActiveSchedules(ctx context.Context, accountID int64, limit int) (int, error)
}

// overLimit is the error of a batch or a run that a quota has ended.
func overLimit(why error, ref string) *StandardError {
	return &StandardError{
		Message: why.Error(), Label: LabelLimitReached, Scope: ScopeRingback, StatusCode: http.StatusConflict, Params: map[string]any{}, Ref: ref,
	}
}

// holds is what a run has of its account's quotas.
func (r *Run) holds() Usage {
	if r.Status.Ended() {
		return Usage{}
	}
	return Usage{r.OpenBatches, r.StoredBytes}
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
		return LimitReached("open batches of the account's runs", int64(most), "RINGBACK_QUOTA_BATCHES")
	}
	if most := s.rules.Quotas.RunBytes; most > 0 && by.RunBytes > 0 && has.RunBytes > most {
		return LimitReached("bytes stored for the account's runs that have not ended", most, "RINGBACK_QUOTA_RUN_BYTES")
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

// allowSchedule tells whether an account may have one more ACTIVE schedule. Others that ask wait until the transaction has ended.
func (s *Service) allowSchedule(ctx context.Context, tx Store, accountID int64) error {
	most := s.rules.Quotas.Schedules
	if most <= 0 {
		return nil
	}
	if _, err := tx.ChangeUsage(ctx, accountID, Usage{}); err != nil { // which locks it
		return err
	}
	has, err := tx.CountActiveSchedules(ctx, accountID, most)
	if err == nil && has >= most {
		err = LimitReached("active schedules of the account", int64(most), "RINGBACK_QUOTA_SCHEDULES")
	}
	return err
}

// rowBytes is about what a row takes beside its texts.
const rowBytes = 512

// inputBytes is what a run stores from its beginning: its inputs, and the final callback.
func (r *Run) inputBytes(inputs []*RunInput) int64 {
	n := int64(2 * rowBytes)
	for _, i := range inputs[:min(len(inputs), 1)] {
		n += r.echoBytes(i)
	}
	for _, i := range inputs {
		n += rowBytes + int64(len(i.Input)+len(i.CustomData))
	}
	return n
}

// echoBytes is what a callback of the run repeats of an input, with its headers.
func (r *Run) echoBytes(input *RunInput) int64 {
	n := int64(len(input.Input) + len(input.CustomData))
	if r.Callback.URL != nil {
		n += int64(len(*r.Callback.URL))
	}
	for _, h := range r.Callback.Headers {
		n += int64(len(h.Key) + len(h.Value))
	}
	return n
}

// batchBytes is what a batch of an input stores, whatever comes of it: the batch, and its callback where it has one.
func (r *Run) batchBytes(input *RunInput) int64 {
	if r.CallbackOn != CallbackOnAll {
		return rowBytes
	}
	return 2*rowBytes + r.echoBytes(input)
}

// resultBytes is what the results of a batch store: in the batch, and in its callback.
func (r *Run) resultBytes(b *Batch) int64 {
	n := int64(len(b.Results))
	if r.CallbackOn != CallbackOnFinal {
		n *= 2
	}
	return n
}
