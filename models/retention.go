package models

import (
	"context"
	"errors"
	"time"
)

// Retention is how long what has ended is kept.
type Retention struct {
	Rows     time.Duration // callbacks, with their attempts, and runs, with their inputs and batches
	Payloads time.Duration // their long texts, where that is shorter; 0, or longer: they go with their rows
	Sources  time.Duration // crawls, report downloads and jobs; 0: for ever
}

// Purged counts what a purge has taken: callbacks, runs and sources that went, and callbacks and runs whose long texts went.
type Purged struct{ Callbacks, Runs, Payloads, Sources int }

// rows, payloads and sources are how long what a purge deletes is kept, where it is not kept for ever, or as long as what it belongs to.
func (r Retention) rows() (time.Duration, bool) { return r.Rows, true }

func (r Retention) payloads() (time.Duration, bool) {
	return r.Payloads, 0 < r.Payloads && r.Payloads < r.Rows
}
func (r Retention) sources() (time.Duration, bool) { return r.Sources, r.Sources > 0 }

// SourceKind is a kind of entity that callbacks tell of.
type SourceKind string

// RetentionStore deletes what ended before a time, a part at a time: of so many rows at most, or of one entity that has more,
// and returns how many rows those were; 0: there are no more. What somebody has locked is left for later.
type RetentionStore interface {
	// PurgeCallbacks deletes callbacks with their attempts. One whose replays or notices are still there stays.
	PurgeCallbacks(ctx context.Context, endedBefore time.Time, limit int) (callbacks, rows int, err error)
	// PurgeRuns deletes runs without callbacks: of a large one some batches at a time, and the run with the last.
	PurgeRuns(ctx context.Context, endedBefore time.Time, limit int) (runs, rows int, err error)
	// PurgeCallbackPayloads empties the bodies of callbacks and the answers of their attempts.
	PurgeCallbackPayloads(ctx context.Context, endedBefore, now time.Time, limit int) (callbacks, rows int, err error)
	// PurgeRunPayloads empties the inputs and results of runs, of a large one some at a time.
	PurgeRunPayloads(ctx context.Context, endedBefore, now time.Time, limit int) (runs, rows int, err error)
	// PurgeSources looks at the next rows of a kind after an id, and deletes those that have no callbacks, and crawls no report
	// downloads. It returns the last id that it has looked at; 0: there are no more.
	PurgeSources(ctx context.Context, kind SourceKind, endedBefore time.Time, after int64, limit int) (sources int, last int64, err error)
}

// Purging is one kind of what a purge deletes. A source adds its own (Service.AddPurges).
type Purging struct {
	keep func(Retention) (time.Duration, bool)
	gone func(*Purged) *int
	part func(endedBefore, now time.Time) purgePart
}

// callbackPurges are the engine's own; each source lists its own, in the order in which they go.
var callbackPurges = []Purging{
	{Retention.rows, func(p *Purged) *int { return &p.Callbacks }, func(before, _ time.Time) purgePart {
		return func(ctx context.Context, tx Store, limit int) (int, int, error) {
			return tx.PurgeCallbacks(ctx, before, limit)
		}
	}},
	{Retention.payloads, func(p *Purged) *int { return &p.Payloads }, func(before, now time.Time) purgePart {
		return func(ctx context.Context, tx Store, limit int) (int, int, error) {
			return tx.PurgeCallbackPayloads(ctx, before, now, limit)
		}
	}},
}

// PurgeOf is of entities that callbacks tell of, once the retention of sources is over and none is left.
func PurgeOf(kind SourceKind) Purging {
	return Purging{Retention.sources, func(p *Purged) *int { return &p.Sources }, func(before, _ time.Time) purgePart {
		return purgeSources(kind, before)
	}}
}

// AddPurges lets a purge delete what a source has, after what was added before, in this order. It is to be called before the service is used.
func (s *Service) AddPurges(list ...Purging) { s.purges = append(s.purges, list...) }

// Purge deletes callbacks that ended longer ago than the retention, with their attempts, then what they told of, as long as each is kept.
// What has not ended never goes, and nothing goes before what points at it: an original not before its replays and notices, a source not
// before its callbacks. One kind that cannot go holds up no other. It returns what went, also on an error.
func (s *Service) Purge(ctx context.Context, keep Retention) (gone Purged, err error) {
	at := s.now()
	var errs []error
	for _, p := range s.purges {
		if kept, ends := p.keep(keep); ends {
			errs = append(errs, s.purge(ctx, p.gone(&gone), p.part(at.Add(-kept), at)))
		}
	}
	return gone, errors.Join(errs...)
}

// purgePart deletes one part, within a transaction: entities of so many rows. It is the last one when those are 0.
type purgePart func(ctx context.Context, tx Store, limit int) (entities, rows int, err error)

func purgeSources(kind SourceKind, endedBefore time.Time) purgePart {
	after := int64(0)
	return func(ctx context.Context, tx Store, limit int) (sources, rows int, err error) {
		sources, last, err := tx.PurgeSources(ctx, kind, endedBefore, after, limit)
		if err != nil || last == 0 {
			return sources, 0, err
		}
		after = last
		return sources, limit, nil
	}
}

const (
	// A part has as many rows as are gone within some 20 ms, for which others may wait: as long as it is quicker the next has twice
	// as many.
	firstPurge = 100
	minPurge   = 10
	maxPurge   = 1_000
	purgeTime  = 20 * time.Millisecond
	// purgeTimeout is what a part may take where the disk is slow.
	purgeTimeout = 30 * time.Second
)

// purge deletes part after part, and between two of them leaves the database to others for as long as it took.
func (s *Service) purge(ctx context.Context, gone *int, part purgePart) error {
	for limit := firstPurge; ; {
		entities, rows, took, err := s.purgeSome(ctx, limit, part)
		if err != nil {
			return err
		}
		*gone += entities
		if rows == 0 { // not at the first small part: it may have freed originals of what went
			return nil
		}
		switch {
		case took > purgeTime:
			limit = max(minPurge, limit/2)
		case took < purgeTime/2:
			limit = min(2*limit, maxPurge)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(took):
		}
	}
}

// purgeSome is one transaction, and how long it held what it has locked. When the context ends it is given up, and so is what
// would follow.
func (s *Service) purgeSome(ctx context.Context, limit int, part purgePart) (entities, rows int, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		begun := time.Now()
		entities, rows, err = part(ctx, tx, limit)
		took = time.Since(begun)
		return err
	})
	return entities, rows, took, err
}
