package jobs

import "time"

const (
	// A host that failed this often in a row, within this time, is taken to be down.
	tripAfter  = 20
	tripWithin = time.Minute
)

// hostHealth remembers whether a host is down. While it is, it gets one request at a time until one succeeds, so that nothing
// stampedes when it comes back.
type hostHealth struct {
	streak  int // failures in a row
	since   time.Time
	tripped bool
}

// note records how a request ended.
func (h *hostHealth) note(arrived bool, at time.Time) {
	if arrived {
		*h = hostHealth{}
		return
	}
	if h.streak == 0 || at.Sub(h.since) > tripWithin {
		h.streak, h.since = 0, at
	}
	h.streak++
	h.tripped = h.tripped || h.streak >= tripAfter
}

// limit is how many requests may be in flight.
func (h *hostHealth) limit(usual int) int {
	if h.tripped {
		return 1
	}
	return usual
}
