package models

import "context"

// rezonePart is how many schedules are read at a time.
const rezonePart = 500

// RezoneSchedules sets when schedules by cron fire next, and returns how many it moved: a process that starts may know later rules of a time
// zone than that which reckoned the time. What is due already fires as it was reckoned.
func (s *Service) RezoneSchedules(ctx context.Context) (moved int, err error) {
	for last := int64(0); ; {
		at := s.now()
		list, err := s.store.CronSchedulesAfter(ctx, last, at, rezonePart)
		if err != nil || len(list) == 0 {
			return moved, err
		}
		for _, r := range list {
			last = r.ID
			next, err := r.next(at)
			if err != nil || next == nil || next.Equal(*r.NextRunAt) { // what cannot be read any more is told when it is fired
				continue
			}
			if err := s.store.MoveSchedule(ctx, r.ID, *r.NextRunAt, *next); err != nil {
				return moved, err
			}
			moved++
		}
	}
}
