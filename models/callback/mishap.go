package callback

import (
	"time"
)

// Mishaps are what has gone wrong on our side with a callback or a batch, over all its attempts.
type Mishaps struct {
	// PanicCount counts the attempts that ended as INTERNAL_ERROR: a panic, or another fault of this program.
	PanicCount int
	// InterruptionCount counts the attempts that a worker took with it when it died. One that was told to stop does
	// not count.
	InterruptionCount int
	// UnreadableSince is when it could not be read for the first time; nil: it can, as far as is known.
	UnreadableSince *time.Time
}

const (
	// SuspectAfter is how many interruptions make a suspect: from then on it is sent alone, so that it takes no
	// others with it, and what becomes of the worker is its own doing. The store's partial indexes have the number
	// too.
	SuspectAfter = 3
	// MaxMishaps of its own end a callback or a batch: with the delays between them that is after 4 h and 3 min of
	// panics.
	MaxMishaps = 10
	// The delay after a mishap, or a look at a row that cannot be read, doubles from the first to the last.
	minPostponement = time.Minute
	maxPostponement = time.Hour
	// MaxUnreadable is for how long a row that cannot be read is put off before its work ends.
	MaxUnreadable = 24 * time.Hour
)

// panicked counts an attempt that ended as INTERNAL_ERROR, and says when the next is due; false: it was the last.
func (m *Mishaps) panicked(at time.Time) (next time.Time, again bool) {
	m.PanicCount++
	if m.Exhausted() || m.unreadableTooLong(at) {
		return time.Time{}, false
	}
	return at.Add(min(minPostponement<<(m.PanicCount-1), maxPostponement)), true
}

// Exhausted reports whether it has had as many mishaps as end it. Of the interruptions only those count that came
// while it was alone.
func (m *Mishaps) Exhausted() bool {
	return m.PanicCount+max(0, m.InterruptionCount-SuspectAfter) >= MaxMishaps
}

// Postpone says when a row that cannot be read is looked at again: a minute later, then two, and so on up to an hour;
// false: it was postponed for a day.
func (m *Mishaps) Postpone(at time.Time) (next time.Time, again bool) {
	if m.UnreadableSince == nil {
		m.UnreadableSince = &at
	}
	if m.unreadableTooLong(at) {
		return time.Time{}, false
	}
	// After delays of 1, 2 and 4 minutes 7 have gone by, and the next is of 8.
	return at.Add(min(at.Sub(*m.UnreadableSince)+minPostponement, maxPostponement)), true
}

func (m *Mishaps) unreadableTooLong(at time.Time) bool {
	return m.UnreadableSince != nil && at.Sub(*m.UnreadableSince) >= MaxUnreadable
}

// Refusals of work that has come to its end by a mishap.
var (
	RefusedExhausted  = &AttemptError{InternalError, "the worker died each time it was tried; it is given up"}
	RefusedUnreadable = &AttemptError{InternalError, "what it needs could not be read for a day; it is given up"}
)

// Fault is the outcome of an attempt that failed on our side. What exactly stands in the log.
func Fault(duration time.Duration) Outcome {
	return Outcome{
		Duration: duration,
		Error:    &AttemptError{InternalError, "something went wrong on our side; it is tried again later"},
	}
}
