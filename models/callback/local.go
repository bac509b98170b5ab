package callback

import "time"

const (
	// MaxLocal is for how long LOCAL_ERROR is ours: then it is an ordinary failure, since a receiver that only this
	// machine does not reach looks the same, and nobody would be notified.
	MaxLocal = time.Hour
	// The delay after a LOCAL_ERROR is half of the time since the first, within these: in an hour there are some 25
	// attempts.
	minLocalDelay = 5 * time.Second
	maxLocalDelay = 5 * time.Minute
)

// localDelay decides after a LOCAL_ERROR how long to wait; false: it counts as any other failure. since is the first
// of those in a row, and is set by this one where it is the first.
func localDelay(since **time.Time, at time.Time, chance float64) (time.Duration, bool) {
	if *since == nil {
		*since = &at
	}
	lasted := at.Sub(**since)
	return withJitter(min(max(lasted/2, minLocalDelay), maxLocalDelay), chance), lasted < MaxLocal
}
