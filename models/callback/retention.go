package callback

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// Retention is how long what has ended is kept.
type Retention struct {
	Rows     time.Duration // callbacks, with their attempts, and runs, with their inputs and batches
	Payloads time.Duration // their long texts, where that is shorter; 0, or longer: they go with their rows
	Sources  time.Duration // crawls, report downloads and jobs; 0: for ever
}

// Purged counts what a purge has taken: "callbacks" that went, rows of sources by their name, such as "runs",
// "sources" that are kept longer, "payloads", of whatever has lost its long texts, and hours of "health". What is 0 is
// not there.
type Purged map[string]int

// rows, payloads and sources are how long what a purge deletes is kept, where it is not kept for ever, or as long as
// what it belongs to.
func (r Retention) rows() (time.Duration, bool) { return r.Rows, true }

func (r Retention) payloads() (time.Duration, bool) {
	return r.Payloads, 0 < r.Payloads && r.Payloads < r.Rows
}
func (r Retention) sources() (time.Duration, bool) { return r.Sources, r.Sources > 0 }

// PurgeTx deletes what ended before a time, a part at a time: of so many rows at most, or of one entity that
// has more, and returns how many rows those were; 0: there are no more. What somebody has locked is left for later.
type PurgeTx interface {
	// PurgeCallbacks deletes callbacks with their attempts. One whose replays or notices are still there stays.
	PurgeCallbacks(ctx context.Context, endedBefore time.Time, limit int) (callbacks, rows int, err error)
	// PurgeCallbackPayloads empties the bodies of callbacks and the answers of their attempts.
	PurgeCallbackPayloads(ctx context.Context, endedBefore, now time.Time, limit int) (callbacks, rows int, err error)
	// PurgeBulkReplays deletes bulk replays.
	PurgeBulkReplays(ctx context.Context, endedBefore time.Time, limit int) (bulkReplays, rows int, err error)
	// PurgeHealth deletes hours that began before; of an SSO client the last one stays.
	PurgeHealth(ctx context.Context, before time.Time, limit int) (hours, rows int, err error)
	// PurgeClaims deletes idempotency keys, and not what was made under them.
	PurgeClaims(ctx context.Context, madeBefore time.Time, limit int) (keys, rows int, err error)
	// PurgeSources looks at the next rows of a type after an id, and deletes those that have no callbacks, and crawls
	// no report downloads. It returns the last id that it has looked at; 0: there are no more.
	PurgeSources(
		ctx context.Context, typeName string, endedBefore time.Time, after int64, limit int,
	) (sources int, last int64, err error)
}

// Purging is one kind of what a purge deletes. A source adds its own (Upkeep.AddPurges).
type Purging struct {
	of     string
	counts string // as what Purged counts it
	// keep is for how long it is kept, where it goes before what it belongs to.
	keep func(Retention) (kept time.Duration, ends bool)
	part func(u *Upkeep, endedBefore, now time.Time) purgePart
}

// PurgeRows is of what goes when the retention of rows is over, by a method of a port, such as
// PurgeTx.PurgeCallbacks.
func PurgeRows[Port any](of string, inTx models.InTx[Port],
	purge func(tx Port, ctx context.Context, endedBefore time.Time, limit int) (entities, rows int, err error),
) Purging {
	return Purging{of, of, Retention.rows, func(_ *Upkeep, before, _ time.Time) purgePart {
		return partIn(inTx, func(ctx context.Context, tx Port, limit int) (int, int, error) {
			return purge(tx, ctx, before, limit)
		})
	}}
}

// PurgeAfter is of what is kept for a time of its own, whatever the retention.
func PurgeAfter[Port any](of string, kept time.Duration, inTx models.InTx[Port],
	purge func(tx Port, ctx context.Context, endedBefore time.Time, limit int) (entities, rows int, err error),
) Purging {
	p := PurgeRows(of, inTx, purge)
	p.keep = func(Retention) (time.Duration, bool) { return kept, true }
	return p
}

// PurgePayloads is of long texts that go before their rows.
func PurgePayloads[Port any](of string, inTx models.InTx[Port],
	purge func(tx Port, ctx context.Context, endedBefore, now time.Time, limit int) (entities, rows int, err error),
) Purging {
	return Purging{of, "payloads", Retention.payloads, func(_ *Upkeep, before, now time.Time) purgePart {
		return partIn(inTx, func(ctx context.Context, tx Port, limit int) (int, int, error) {
			return purge(tx, ctx, before, now, limit)
		})
	}}
}

// PurgeOf is of entities of a type that callbacks tell of, once the retention of sources is over and none is left.
func PurgeOf(typeName string) Purging {
	return Purging{typeName, "sources", Retention.sources, func(u *Upkeep, before, _ time.Time) purgePart {
		after := int64(0)
		return partIn(u.engine.db.InPurgeTx, func(ctx context.Context, tx PurgeTx, limit int) (int, int, error) {
			sources, last, err := tx.PurgeSources(ctx, typeName, before, after, limit)
			if err != nil || last == 0 {
				return sources, 0, err
			}
			after = last
			return sources, limit, nil
		})
	}}
}

// purgePart deletes one part, in a transaction of its own: entities of so many rows. It is the last one when those
// are 0. It tells how long it held what it has locked.
type purgePart func(ctx context.Context, limit int) (entities, rows int, took time.Duration, err error)

func partIn[Port any](
	inTx models.InTx[Port], purge func(ctx context.Context, tx Port, limit int) (entities, rows int, err error),
) purgePart {
	return func(ctx context.Context, limit int) (entities, rows int, took time.Duration, err error) {
		err = inTx(ctx, func(tx Port) (err error) {
			begun := time.Now()
			entities, rows, err = purge(ctx, tx, limit)
			took = time.Since(begun)
			return err
		})
		return entities, rows, took, err
	}
}

// AddPurges lets a purge delete what a source has, after what was added before, in this order. A kind that is there
// already is replaced. It is to be called before the service is used.
func (u *Upkeep) AddPurges(list ...Purging) {
	for _, p := range list {
		i := slices.IndexFunc(u.purges, func(q Purging) bool { return q.of == p.of && q.counts == p.counts })
		if i < 0 {
			u.purges = append(u.purges, p)
		} else {
			u.purges[i] = p
		}
	}
}

// Purge deletes callbacks that ended longer ago than the retention, with their attempts, then what they told of, as
// long as each is kept. What has not ended never goes, and nothing goes before what points at it: an original not
// before its replays and notices, a source not before its callbacks. One kind that cannot go holds up no other. It
// returns what went, also on an error.
func (u *Upkeep) Purge(ctx context.Context, keep Retention) (Purged, error) {
	at, gone := u.engine.now(), Purged{}
	var errs []error
	for _, p := range u.purges {
		if kept, ends := p.keep(keep); ends {
			n, err := purge(ctx, p.part(u, at.Add(-kept), at))
			if n > 0 {
				gone[p.counts] += n
			}
			errs = append(errs, err)
		}
	}
	return gone, errors.Join(errs...)
}

const (
	// A part has as many rows as are gone within some 20 ms, for which others may wait: as long as it is quicker the
	// next has twice as many.
	firstPurge = 100
	minPurge   = 10
	maxPurge   = 1_000
	purgeTime  = 20 * time.Millisecond
	// purgeTimeout is what a part may take where the disk is slow.
	purgeTimeout = 30 * time.Second
)

// purge deletes part after part, and between two of them leaves the database to others for as long as it took.
func purge(ctx context.Context, part purgePart) (gone int, err error) {
	for limit := firstPurge; ; {
		entities, rows, took, err := part.within(ctx, limit)
		if err != nil {
			return gone, err
		}
		gone += entities
		if rows == 0 { // not at the first small part: it may have freed originals of what went
			return gone, nil
		}
		switch {
		case took > purgeTime:
			limit = max(minPurge, limit/2)
		case took < purgeTime/2:
			limit = min(2*limit, maxPurge)
		}
		select {
		case <-ctx.Done():
			return gone, ctx.Err()
		case <-time.After(took):
		}
	}
}

// within gives a part up when it takes too long, and when the context ends, and so what would follow.
func (p purgePart) within(ctx context.Context, limit int) (entities, rows int, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(models.LongStatements(ctx), purgeTimeout)
	defer cancel()
	return p(ctx, limit)
}
