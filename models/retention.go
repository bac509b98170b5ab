package models

import (
	"context"
	"time"
)

// purgeBatch bounds one transaction that deletes: some milliseconds.
const purgeBatch = 500

// Purge deletes callbacks that ended longer ago than the retention, with their attempts, in small batches. One that has not
// ended never goes, and neither does an original before its replays and notices. It returns how many went, also on an error.
func (s *Service) Purge(ctx context.Context, retention time.Duration) (int, error) {
	before := s.now().Add(-retention)
	for total := 0; ; {
		gone := 0
		err := s.store.InTx(ctx, func(tx Store) (err error) {
			gone, err = tx.PurgeCallbacks(ctx, before, purgeBatch)
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
