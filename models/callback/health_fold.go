package callback

import (
	"context"
	"time"
)

const (
	// FoldInterval is how often each worker adds up what was counted. Until then a reader does: at 1,500 callbacks a
	// second, of an account with as many projects, that is some 10,000 parts.
	FoldInterval = 5 * time.Second
	// foldBatch bounds the parts of one transaction, which takes some milliseconds.
	foldBatch = 500
	// maxFolds bounds one look: the next one goes on.
	maxFolds = 100
	// HealthKept is how long hours are kept: for the 30 days that are shown, of which the first may have begun.
	HealthKept = 31 * 24 * time.Hour
	// besideTime is for how long workers of the release before, which count nothing, may work on beside the first one
	// of this: to the end of the next full hour.
	besideTime = 2 * time.Hour
)

// HealthKey is an hour of what is counted together: an account's callbacks, those of one of its projects, or an SSO
// client's notices. What it is not of is 0.
type HealthKey struct {
	SSOClientID, AccountID, ProjectID int64
	Hour                              int64 // its begin, in microseconds
}

// keys are the hours that a part counts in: those of the SSO client or, without one, of the project and the account.
func (k HealthKey) keys() []HealthKey {
	if k.SSOClientID != 0 {
		return []HealthKey{{SSOClientID: k.SSOClientID, Hour: k.Hour}}
	}
	return []HealthKey{k, {AccountID: k.AccountID, Hour: k.Hour}}
}

// HealthPart is a HealthCount as it waits to be added up.
type HealthPart struct {
	HealthKey
	Tally
	Unreadable error // nil: it could be read
}

// FoldTx is the database as adding up needs it.
type FoldTx interface {
	// StartHealth notes from when on everything is counted, unless that was noted before: always, where nothing has
	// ended yet.
	StartHealth(ctx context.Context, countedAt time.Time) error
	// TakeHealth removes up to limit parts, and returns them. Callers at the same moment wait for each other.
	TakeHealth(ctx context.Context, limit int) ([]HealthPart, error)
	// HealthHours returns those of the given hours that are there.
	HealthHours(ctx context.Context, keys []HealthKey) ([]HealthPart, error)
	// PutHealthHours writes hours, whether they are there or not.
	PutHealthHours(ctx context.Context, hours map[HealthKey]*Tally) error
}

// FoldHealth adds up what was counted since the last time, and returns of how many parts. Each transaction removes
// what it has added, so each part counts once, whoever dies.
func (u *Upkeep) FoldHealth(ctx context.Context) (folded int, err error) {
	if !u.counting.Load() {
		err := u.engine.db.InFoldTx(ctx, func(tx FoldTx) error {
			return tx.StartHealth(ctx, u.engine.now().Truncate(time.Hour).Add(besideTime))
		})
		if err != nil {
			return 0, err
		}
		u.counting.Store(true)
	}
	for range maxFolds {
		n := 0
		err := u.engine.db.InFoldTx(ctx, func(tx FoldTx) (err error) {
			n, err = u.foldHealth(ctx, tx)
			return err
		})
		if err != nil {
			return folded, err
		}
		if folded += n; n < foldBatch {
			break
		}
	}
	return folded, nil
}

func (u *Upkeep) foldHealth(ctx context.Context, tx FoldTx) (int, error) {
	parts, err := tx.TakeHealth(ctx, foldBatch)
	if err != nil || len(parts) == 0 {
		return 0, err
	}
	hours, keys := map[HealthKey]*Tally{}, []HealthKey{}
	add := func(k HealthKey, t Tally) {
		if hours[k] == nil {
			hours[k], keys = &Tally{}, append(keys, k)
		}
		hours[k].Merge(t)
	}
	for _, p := range parts {
		u.engine.readable(ctx, p)
		for _, k := range p.keys() {
			add(k, p.Tally)
		}
	}
	there, err := tx.HealthHours(ctx, keys)
	if err != nil {
		return 0, err
	}
	for _, h := range there {
		u.engine.readable(ctx, h)
		add(h.HealthKey, h.Tally)
	}
	return len(parts), tx.PutHealthHours(ctx, hours)
}

// readable tells of counts that cannot be read: they are left out, since whatever waits for them would wait for ever.
func (s *Service) readable(ctx context.Context, p HealthPart) {
	if p.Unreadable != nil {
		s.troubles.Unreadable(ctx, "health", "account", p.AccountID, "project", p.ProjectID, "ssoClient", p.SSOClientID,
			"hour", time.UnixMicro(p.Hour).UTC(), "error", p.Unreadable)
	}
}
