package run

import "context"

// rezonePart is how many schedules are read at a time.
const rezonePart = 500

// Rezone sets when schedules by cron fire next, and returns how many it moved: a process that starts may know later
// rules of a time zone than that which reckoned the time. What is due already fires as it was reckoned.
func (f *Firings) Rezone(ctx context.Context) (moved int, err error) {
	for last := int64(0); ; {
		at := f.engine.Now()
		list, err := f.db.Upkeep.CronSchedulesAfter(ctx, last, at, rezonePart)
		if err != nil || len(list) == 0 {
			return moved, err
		}
		for _, r := range list {
			last = r.ID
			next, err := r.next(at)
			if err != nil || next == nil || next.Equal(*r.NextRunAt) {
				// What cannot be read any more is logged when it is fired.
				continue
			}
			if err := f.db.Upkeep.MoveSchedule(ctx, r.ID, *r.NextRunAt, *next); err != nil {
				return moved, err
			}
			moved++
		}
	}
}
