package run

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

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

// UsageTx counts what the runs of accounts hold.
type UsageTx interface {
	// ChangeUsage adds to what an account holds and returns what it holds then. Until the transaction ends, others of
	// the account wait.
	ChangeUsage(ctx context.Context, accountID int64, by Usage) (Usage, error)
}

// ActivationTx is UsageTx where a schedule may become ACTIVE.
type ActivationTx interface {
	UsageTx
	// CountActiveSchedules counts those of an account, up to a limit.
	CountActiveSchedules(ctx context.Context, accountID int64, limit int) (int, error)
}

// Quotas bound what the runs of one account may have, so that none can use up what all share. 0: no bound.
type Quotas struct {
	Schedules int   // ACTIVE ones
	Batches   int   // that have not ended
	Bytes     int64 // stored for runs that have not ended: inputs, results, and the callbacks that tell of them
}

// overLimit is the error of a batch or a run that a quota has ended.
func overLimit(why error, ref string) *models.StandardError {
	return ownError(http.StatusConflict, models.LabelLimitReached, why.Error(), ref)
}

// ownError is an error that neither an executor nor a receiver is to blame for.
func ownError(status int, label, message, ref string) *models.StandardError {
	return &models.StandardError{
		Message: message, Label: label, Scope: models.ScopeRingback, StatusCode: status,
		Params: map[string]any{}, Ref: ref,
	}
}

// holds is what a run has of its account's quotas.
func (r *Run) holds() Usage {
	if r.Status.Ended() {
		return Usage{}
	}
	return Usage{r.OpenBatches, r.StoredBytes}
}

// reserve notes what the runs of an account hold more, or less, than before. It is the last statement of a
// transaction that changes runs: the account is locked from then on. LIMIT_REACHED when it would hold more than it
// may; what holds less is never refused.
func (q Quotas) reserve(ctx context.Context, tx UsageTx, accountID int64, by Usage) error {
	if by == (Usage{}) {
		return nil
	}
	has, err := tx.ChangeUsage(ctx, accountID, by)
	if err != nil {
		return err
	}
	if most := q.Batches; most > 0 && by.OpenBatches > 0 && has.OpenBatches > most {
		return models.LimitReached("open batches of the account's runs", int64(most), "RINGBACK_QUOTA_BATCHES")
	}
	if most := q.Bytes; most > 0 && by.RunBytes > 0 && has.RunBytes > most {
		const what = "bytes stored for the account's runs that have not ended"
		return models.LimitReached(what, most, "RINGBACK_QUOTA_RUN_BYTES")
	}
	return nil
}

// reserveAll is reserve for many accounts: in one order, or two processes could wait for each other.
func (q Quotas) reserveAll(ctx context.Context, tx UsageTx, changed map[int64]Usage) error {
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		if err := q.reserve(ctx, tx, id, changed[id]); err != nil {
			return err
		}
	}
	return nil
}

// recountTimeout is what recounting may take where the disk is slow.
const recountTimeout = 30 * time.Second

// RecountUsages mends what accounts hold, and returns of how many: a process of an older version, which may run
// beside this one while a new release comes, ends batches and counts nothing.
func (s *Service) RecountUsages(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(models.LongStatements(ctx), recountTimeout)
	defer cancel()
	accounts, err := s.db.Upkeep.MiscountedAccounts(ctx)
	if err != nil {
		return 0, err
	}
	for i, id := range accounts {
		if err := s.db.Upkeep.RecountUsage(ctx, id); err != nil {
			return i, err
		}
	}
	return len(accounts), nil
}

// allowSchedule tells whether an account may have one more ACTIVE schedule. Others that ask wait until the
// transaction has ended.
func (q Quotas) allowSchedule(ctx context.Context, tx ActivationTx, accountID int64) error {
	most := q.Schedules
	if most <= 0 {
		return nil
	}
	if _, err := tx.ChangeUsage(ctx, accountID, Usage{}); err != nil { // which locks it
		return err
	}
	has, err := tx.CountActiveSchedules(ctx, accountID, most)
	if err == nil && has >= most {
		err = models.LimitReached("active schedules of the account", int64(most), "RINGBACK_QUOTA_SCHEDULES")
	}
	return err
}

// rowBytes is about what a row takes beside its texts.
const rowBytes = 512

// inputBytes is what a run stores from its beginning: its inputs, and the final callback.
func (r *Run) inputBytes(inputs []*Input) int64 {
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
func (r *Run) echoBytes(input *Input) int64 {
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
func (r *Run) batchBytes(input *Input) int64 {
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
