package jobs

import "time"

// lane is the requests to one host, or of one action.
type lane[W any] struct {
	name     string
	inFlight int
	// ready is claimed ahead: it begins as soon as there is room.
	ready []W
	// kept is how many have room kept for what they are about to claim.
	kept int
	// wanted: more may be due than was claimed yet.
	wanted bool
	// filling: a goroutine is claiming for this lane. short: one waits for a slot.
	filling, short bool
	health         hostHealth
	pace           pace
	// idle: it was empty when it was looked at last, and nobody has asked for it since.
	idle bool
}

// next takes what has been ready the longest.
func (l *lane[W]) next() W {
	work := l.ready[0]
	l.ready = l.ready[1:]
	return work
}

const (
	// aheadTime is how long what is claimed ahead may have to wait for its turn. Claiming and recording take some 10 ms each under
	// load: a lane that had to wait for them after every request would stand still most of the time.
	aheadTime = 100 * time.Millisecond
	// maxAhead bounds a claim, and what a worker that is killed leaves to be found by the sweep.
	maxAhead = 100
	// paceWeight is the part of the last request in the average.
	paceWeight = 8
)

// pace is how quickly a lane's requests are answered.
type pace struct{ average time.Duration }

func (p *pace) note(took time.Duration) {
	if p.average == 0 {
		p.average = took
	}
	p.average += (took - p.average) / paceWeight
}

// ahead is how many requests begin within aheadTime when so many are in flight at a time: none while no answer is known.
func (p *pace) ahead(inFlight int) int {
	if p.average <= 0 {
		return 0
	}
	return int(min(maxAhead, time.Duration(inFlight)*aheadTime/p.average))
}
