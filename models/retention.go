package models

import (
	"context"
	"time"
)

// purgeBatch bounds one transaction that deletes: some milliseconds.
const purgeBatch = 500

// Purge deletes callbacks that ended longer ago than the retention, with their attempts, and then runs that ended so long ago and
// have no callbacks left, with their inputs and results, in small batches. What has not ended never goes, and neither does an
// original before its replays and notices. It returns how many callbacks and runs went, also on an error.
func (s *Service) Purge(ctx context.Context, retention time.Duration) (int, error) {
	before := s.now().Add(-retention)
	callbacks, err := s.purge(ctx, func(tx Store) (int, error) { return tx.PurgeCallbacks(ctx, before, purgeBatch) })
	if err != nil {
		return callbacks, err
	}
	runs, err := s.purge(ctx, func(tx Store) (int, error) { return tx.PurgeRuns(ctx, before, purgeBatch) })
	return callbacks + runs, err
}

func (s *Service) purge(ctx context.Context, some func(Store) (int, error)) (int, error) {
	for total := 0; ; {
		gone := 0
		err := s.store.InTx(ctx, func(tx Store) (err error) {
			gone, err = some(tx)
			return err
		})
		if err != nil {
			return total, err
		}
		total += gone
		if gone == 0 { // not at the first short batch: it may have freed originals of what went
			return total, nil
		}
	}
}
