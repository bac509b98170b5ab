package callback

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"
)

// Tally is what became of callbacks within a while. The tallies of parts add up to that of the whole, in any order.
type Tally struct {
	Success  uint64
	Failed   map[AttemptErrorCode]uint64 // given up, by the cause
	Arrival  Histogram                   // from creation to SUCCESS
	Receiver Histogram                   // attempts that were answered, or ended by a timeout
	Answers
}

// Answers are what the receiver did last.
type Answers struct {
	LastSuccess *time.Time // when an attempt arrived last
	// FailingSince is when the first attempt failed that none has arrived after; nil: the last one has arrived, or
	// there was none. LastFailure is when the last one failed.
	FailingSince, LastFailure *time.Time
}

// FailedCount is how many were given up.
func (t Tally) FailedCount() (n uint64) {
	for _, of := range t.Failed {
		n += of
	}
	return n
}

// Empty reports whether there is nothing in it.
func (t Tally) Empty() bool {
	return t.Success == 0 && len(t.Failed) == 0 && len(t.Receiver) == 0 && t.LastSuccess == nil && t.LastFailure == nil
}

// count adds a callback, if it has ended.
func (t *Tally) count(c *Callback) {
	switch c.Status {
	case StatusSuccess:
		t.Success++
		t.Arrival.Add(c.FinishedAt.Sub(c.CreatedAt))
	case StatusFailed:
		cause := InternalError
		if c.Error != nil {
			cause = c.Error.Code
		}
		t.fail(cause, 1)
	case StatusPending, StatusRunning:
	}
}

func (t *Tally) fail(cause AttemptErrorCode, n uint64) {
	if t.Failed == nil {
		t.Failed = map[AttemptErrorCode]uint64{}
	}
	t.Failed[cause] += n
}

// timeouts are the causes of attempts that took as long as they may.
var timeouts = []AttemptErrorCode{Timeout, ConnectTimeout}

// attempted adds an attempt that is over. What is ours says nothing of the receiver.
func (t *Tally) attempted(a *Attempt) {
	if a.HTTPStatus != nil || a.Error != nil && slices.Contains(timeouts, a.Error.Code) {
		t.Receiver.Add(a.Duration)
	}
	switch {
	case a.Error == nil:
		t.merge(Answers{LastSuccess: a.FinishedAt})
	case !a.Error.Code.Ours():
		t.merge(Answers{FailingSince: a.FinishedAt, LastFailure: a.FinishedAt})
	}
}

// Merge adds another one.
func (t *Tally) Merge(other Tally) {
	t.Success += other.Success
	for cause, n := range other.Failed {
		t.fail(cause, n)
	}
	t.Arrival.Merge(other.Arrival)
	t.Receiver.Merge(other.Receiver)
	t.merge(other.Answers)
}

// merge adds what the receiver did elsewhere, earlier or later. Of two that overlap the first failure after the last
// success may be one that neither knows: then it is the earliest known one.
func (a *Answers) merge(b Answers) {
	known := []*time.Time{a.FailingSince, b.FailingSince, a.LastFailure, b.LastFailure}
	a.LastSuccess, a.LastFailure = later(a.LastSuccess, b.LastSuccess), later(a.LastFailure, b.LastFailure)
	a.FailingSince = nil
	for _, at := range known {
		if at != nil && (a.LastSuccess == nil || at.After(*a.LastSuccess)) {
			a.FailingSince = earlier(a.FailingSince, at)
		}
	}
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

const (
	// tallyVersion is the first byte of what Encode writes.
	tallyVersion = 1
	// maxCauses and maxCauseBytes bound what is read: there are some twenty causes.
	maxCauses     = 200
	maxCauseBytes = 64
)

// Encode returns the counts as they are stored, without the Answers, which have columns.
func (t Tally) Encode() []byte {
	to := binary.AppendUvarint([]byte{tallyVersion}, t.Success)
	to = binary.AppendUvarint(to, uint64(len(t.Failed)))
	for _, cause := range slices.Sorted(maps.Keys(t.Failed)) {
		to = append(binary.AppendUvarint(to, uint64(len(cause))), cause...)
		to = binary.AppendUvarint(to, t.Failed[cause])
	}
	return t.Receiver.encode(t.Arrival.encode(to))
}

// DecodeTally reads what Encode has written.
func DecodeTally(stored []byte) (t Tally, err error) {
	r := tallyReader{from: stored}
	if r.uint(tallyVersion) != tallyVersion {
		return Tally{}, errTally
	}
	t.Success = r.uint(math.MaxInt64)
	for range r.int(maxCauses) {
		cause := AttemptErrorCode(r.text(maxCauseBytes))
		t.fail(cause, r.uint(math.MaxInt64))
	}
	t.Arrival = r.histogram()
	t.Receiver = r.histogram()
	if r.err != nil || len(r.from) > 0 {
		return Tally{}, errTally
	}
	return t, nil
}
