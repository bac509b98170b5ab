package models

import (
	"context"
	"time"
)

const (
	// purgeBatch bounds one transaction that deletes: some milliseconds.
	purgeBatch = 500
	// purgeTimeout is what it may take where the disk is slow.
	purgeTimeout = 30 * time.Second
)

// Purge deletes callbacks that ended longer ago than the retention, with their attempts, and then runs that ended so long ago and
// have no callbacks left, with their inputs and results, in small batches. What has not ended never goes, and neither does an
// original before its replays and notices. It returns how many callbacks and runs went, also on an error.
func (s *Service) Purge(ctx context.Context, retention time.Duration) (int, error) {
	before := s.now().Add(-retention)
	callbacks, err := s.purge(ctx, func(ctx context.Context, tx Store) (int, error) {
		return tx.PurgeCallbacks(ctx, before, purgeBatch)
	})
	if err != nil {
		return callbacks, err
	}
	runs, err := s.purge(ctx, func(ctx context.Context, tx Store) (int, error) {
		return tx.PurgeRuns(ctx, before, purgeBatch)
	})
	return callbacks + runs, err
}

func (s *Service) purge(ctx context.Context, some func(context.Context, Store) (int, error)) (int, error) {
	for total := 0; ; {
		gone, err := s.purgeSome(ctx, some)
		if err != nil {
			return total, err
		}
		total += gone
		if gone == 0 { // not at the first short batch: it may have freed originals of what went
			return total, nil
		}
	}
}

// purgeSome is one transaction. When the context ends it is given up, and so is what would follow.
func (s *Service) purgeSome(ctx context.Context, some func(context.Context, Store) (int, error)) (gone int, err error) {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		gone, err = some(ctx, tx)
		return err
	})
	return gone, err
}
