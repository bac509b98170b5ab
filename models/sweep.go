package models

import "context"

// sweepBatch bounds one statement of the sweep.
const sweepBatch = 500

// Sweep is how nothing stays stuck: callbacks whose worker went away become PENDING again, and callbacks that are due but
// that nobody has dealt with are woken again. It returns how many it interrupted and woke. Any number of processes may
// sweep at the same time.
func (s *Service) Sweep(ctx context.Context) (interrupted, woken int, err error) {
	var due []*Callback
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		at := s.now()
		if interrupted, err = tx.InterruptExpired(ctx, at, sweepBatch); err != nil {
			return err
		}
		due, err = tx.DueForWaking(ctx, at, at.Add(wakeGrace), sweepBatch)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	s.wake(ctx, due...)
	return interrupted, len(due), nil
}
