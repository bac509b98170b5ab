package callback

import "time"

// GivesUpAt is when the retry schedule of a callback ends at the latest: its last attempt begins by then. A
// Retry-After, what is ours, a full lane and a pause may make it later, and a final answer earlier. nil where it has
// ended or follows no schedule now: it waits for others of its line or a pause, or is a test.
func (s *Service) GivesUpAt(c *Callback) *time.Time {
	if c.Held || c.Paused || c.rules().test {
		return nil
	}
	next := c.NextAttemptAt
	if c.Status == StatusRunning { // the attempt is over by then, or the lease is renewed
		next = c.LeaseUntil
	}
	if next == nil {
		return nil
	}
	return new(next.Add(s.rules.Schedule.rest(c.FailureCount)))
}

// rest is how long the schedule goes on, at the most, after the attempt that follows so many failures.
func (s Schedule) rest(failures int) (longest time.Duration) {
	for _, delay := range s[min(failures, len(s)):] {
		longest += withJitter(delay, 1)
	}
	return longest.Truncate(time.Microsecond)
}
