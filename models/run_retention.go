package models

import (
	"context"
	"time"
)

// runPurges are what a purge deletes of runs.
var runPurges = []Purging{
	{Retention.rows, func(p *Purged) *int { return &p.Runs }, func(before, _ time.Time) purgePart {
		return func(ctx context.Context, tx Store, limit int) (int, int, error) {
			return tx.PurgeRuns(ctx, before, limit)
		}
	}},
	{Retention.payloads, func(p *Purged) *int { return &p.Payloads }, func(before, now time.Time) purgePart {
		return func(ctx context.Context, tx Store, limit int) (int, int, error) {
			return tx.PurgeRunPayloads(ctx, before, now, limit)
		}
	}},
}
