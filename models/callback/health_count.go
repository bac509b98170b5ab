package callback

import (
	"context"
	"time"
)

// HealthTx is how the end of callbacks is written and counted.
type HealthTx interface {
	// SettleCallbacks writes what became of claimed callbacks, and reports for each whether it did. One that was
	// claimed again since stays as it is: the attempt count is the fence. One whose lease ran out but that nobody has
	// claimed again is still the first claimer's to settle. It is called by settleCallbacks, which counts, and by
	// nobody else.
	SettleCallbacks(ctx context.Context, callbacks ...*Callback) (owned []bool, err error)
	// AddHealth notes counts. It changes no row that others write, so that nobody waits for anybody; FoldHealth adds
	// them up.
	AddHealth(ctx context.Context, counts []HealthCount) error
}

// HealthCount is a part of what became of a project's callbacks, or of the notices of their failures, in an hour.
type HealthCount struct {
	AccountID int64
	ProjectID int64
	Notice    bool // these are the SSO client's
	Hour      time.Time
	Tally
}

// settleCallbacks writes what became of callbacks, and of an attempt of each, nil where there was none, and counts
// it. Whatever ends a callback does so here.
func settleCallbacks(
	ctx context.Context, tx HealthTx, callbacks []*Callback, attempts []*Attempt,
) (owned []bool, err error) {
	if owned, err = tx.SettleCallbacks(ctx, callbacks...); err != nil {
		return nil, err
	}
	return owned, tx.AddHealth(ctx, healthCounts(callbacks, attempts, owned))
}

// healthCounts adds up what was written, by whose it is and by the hour.
func healthCounts(callbacks []*Callback, attempts []*Attempt, owned []bool) (counts []HealthCount) {
	type key struct {
		projectID, hour int64
		notice          bool
	}
	places := map[key]int{}
	in := func(c *Callback, at time.Time) *Tally {
		hour := at.UTC().Truncate(time.Hour)
		k := key{c.ProjectID, hour.Unix(), c.Target == TargetSSOClient}
		place, ok := places[k]
		if !ok {
			place = len(counts)
			places[k] = place
			counts = append(counts, HealthCount{AccountID: c.AccountID, ProjectID: c.ProjectID, Notice: k.notice, Hour: hour})
		}
		return &counts[place].Tally
	}
	for i, c := range callbacks {
		if !owned[i] || c.rules().test { // who tries a receiver changes nothing of how it fares
			continue
		}
		if a := attempts[i]; a != nil && (a.Error == nil || !a.Error.Code.Ours()) {
			in(c, *a.FinishedAt).attempted(a)
		}
		if c.Status.Ended() {
			in(c, *c.FinishedAt).count(c)
		}
	}
	return counts
}
