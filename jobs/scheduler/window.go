package scheduler

import "math"

const (
	// tolerance is how much slower than usual a round may be before it counts as the receiver's trouble: Netflix's
	// default.
	tolerance = 1.5
	// noise is what latency may rise by for reasons of our own: a busy processor, a pause of the collector.
	noise = 10 * millisecond
	// safeWindow is not too much for anybody who does not say so: latency alone never lowers a window below it.
	safeWindow = 16
	// usualWeight is the part of the last round in the usual latency; riseWeight is that of a slower one while so many are
	// in flight that the receiver itself may be why.
	usualWeight = 1.0 / 8
	riseWeight  = 1.0 / 256
	// quickAnswers in a row have to be slow to end slow start (HyStart).
	quickAnswers = 8
	// measureAfter so many slow rounds, the usual latency is measured anew: it may be that of a receiver that was
	// overloaded when it was met, or the way to it may have become longer.
	measureAfter = 64
)

// window is how many requests a receiver can take at once, as learned from its answers. A round is a round trip: it
// ends with the first answer to a request that began after the round did. Requests are known by their numbers, which
// only grow.
type window struct {
	size float64
	slow bool    // slow start: it doubles each round (RFC 5681)
	till float64 // where slow start ends; 0: where latency rises

	usual float64 // µs of a request that does not wait for others; 0: not known
	slows int     // answers in a row that were slow
	sum   float64 // of the µs of those that arrived in this round
	n     int
	crowd int // the most in flight when one of them began

	from   uint64 // the last request that was begun before this window was: it says nothing of it
	round  uint64 // the last request that was begun before this round was
	halved uint64 // the last request that was begun before the window was halved
	turns  int    // left until the usual latency can be taken from a round
	slowly int    // slow rounds in a row

	// full: the window kept something from beginning in this round; wasFull: in the last one. Where it did not, its
	// answers do not say that more could be borne.
	full, wasFull bool
}

// opened is the window of a receiver that answers for the first time, or again, when latest was the last request begun.
func opened(size int, latest uint64) window {
	return window{size: float64(size), slow: true, round: latest, turns: 1}
}

func (w *window) limit() int { return max(1, int(w.size)) }

// arrived notes a request that was begun as number, as one of among in flight, when the last one begun is latest.
func (w *window) arrived(took Duration, number uint64, among int, latest uint64, most int) {
	if number <= w.from {
		return
	}
	if w.slows++; !w.rises(float64(took)) {
		w.slows = 0
	}
	w.sum += float64(took)
	w.n++
	w.crowd = max(w.crowd, among)
	if w.slow {
		w.grow(float64(took), among, most)
	}
	if number > w.round && w.n >= w.crowd {
		w.turn(latest, most)
	}
}

// grow is slow start.
func (w *window) grow(took float64, among, most int) {
	switch {
	case w.slows >= quickAnswers:
		w.slow = false
		w.lower(float64(among))
	case (w.full || w.wasFull) && !w.slowed(took):
		w.size = min(w.size+1, float64(most))
		w.slow = w.till == 0 || w.size < w.till
	}
}

// slowed tells whether a latency may be about to rise.
func (w *window) slowed(latency float64) bool {
	return w.usual > 0 && latency > (1+tolerance)/2*w.usual+float64(noise)/2
}

// rises tells whether a latency is more than the usual one and what else may be behind it.
func (w *window) rises(latency float64) bool {
	return w.usual > 0 && latency > tolerance*w.usual+float64(noise)
}

// lower is for what latency says.
func (w *window) lower(size float64) {
	w.size = max(min(w.size, safeWindow), min(w.size, size))
}

// turn ends a round.
func (w *window) turn(latest uint64, most int) {
	mean, full, crowd := w.sum/float64(w.n), w.full, w.crowd
	w.sum, w.n, w.crowd, w.round = 0, 0, 0, latest
	w.full, w.wasFull = false, full
	if w.turns > 0 {
		if w.turns--; w.turns == 0 {
			w.usual = mean
		}
		return
	}
	if !w.slow {
		w.adjust(mean, full, most)
	}
	w.learn(mean, crowd, latest)
}

// adjust is the law of Netflix's Gradient2.
func (w *window) adjust(mean float64, full bool, most int) {
	next := w.size
	if w.rises(mean) {
		next *= max(0.5, min(1, tolerance*w.usual/mean))
	}
	if full {
		next += math.Sqrt(w.size)
	}
	next = (w.size + next) / 2
	if next < w.size {
		w.lower(next)
		return
	}
	w.size = min(next, float64(most))
}

// learn notes what is usual.
func (w *window) learn(mean float64, crowd int, latest uint64) {
	weight := usualWeight
	if mean > w.usual && crowd > safeWindow {
		weight = riseWeight
	}
	slowed := w.slowed(mean) && !w.slow
	w.usual += (mean - w.usual) * weight
	if w.slowly++; !slowed {
		w.slowly = 0
	}
	if w.slowly >= measureAfter {
		*w = window{
			size: min(w.size, safeWindow), slow: true, till: w.size / 2, from: latest, round: latest, halved: w.halved, turns: 2,
		}
	}
}

// halve is for what says outright that it was too much, at most once a round trip.
func (w *window) halve(number, latest uint64) {
	if number > w.halved {
		w.halved = latest
		w.size = max(1, w.size/2)
		w.slow = false
	}
}
