package main

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// tally notes the callbacks that have arrived.
type tally struct {
	mu       sync.Mutex
	arrivals map[string]*arrival // by X-Callback-Ref
	header   http.Header         // of the last callback
	body     []byte
}

// arrival is what came of one callback.
type arrival struct {
	first time.Time
	times int
}

func newTally() *tally { return &tally{arrivals: map[string]*arrival{}} }

func (t *tally) note(header http.Header, body []byte, at time.Time) {
	ref := header.Get("X-Callback-Ref")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.header, t.body = header, body
	if a := t.arrivals[ref]; a != nil {
		a.times++
		return
	}
	t.arrivals[ref] = &arrival{first: at, times: 1}
}

// arrived is the number of different callbacks so far.
func (t *tally) arrived() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.arrivals)
}

// forget makes room for the callbacks that are counted.
func (t *tally) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.arrivals)
}

// await waits until so many different callbacks have arrived, or none has for as long as patience, or the context ends.
func (t *tally) await(ctx context.Context, count int, patience time.Duration) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	last, since := t.arrived(), time.Now()
	for last < count && time.Since(since) < patience {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n := t.arrived(); n > last {
			last, since = n, time.Now()
		}
	}
}

// terms are how a run counts.
type terms struct {
	// fromAnswer: a callback's time runs from the answer of its mutation, not from the moment when that was due.
	fromAnswer bool
	// until, where it is set, is when the run was over: what arrives later is late, and has the time until then. Else it
	// is lost.
	until time.Time
}

// deliveries holds what was published against what has arrived, once nothing more can come. Of sites that are slow only
// the rate counts.
func (t *tally) deliveries(events []event, straight float64, by terms) *Deliveries {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := &Deliveries{Callbacks: len(events)}
	begun, answered, arrived := events[0].begun, events[0].answered, events[0].begun
	var took []time.Duration
	for _, e := range events {
		if e.begun.Before(begun) {
			begun = e.begun
		}
		if e.answered.After(answered) {
			answered = e.answered
		}
		a, at := t.arrivals[e.ref], by.until
		switch late := !by.until.IsZero(); {
		case a != nil && (!late || a.first.Before(by.until)):
			d.Arrived++
			d.Duplicates += a.times - 1
			if at = a.first; at.After(arrived) {
				arrived = at
			}
		case late:
			d.Late++
		default:
			d.Lost++
			continue
		}
		if !e.slow {
			took = append(took, e.waited(at, by.fromAnswer))
		}
	}
	d.AcceptedPerSecond = perSecond(len(events), answered.Sub(begun))
	d.DeliveredPerSecond = perSecond(d.Arrived, arrived.Sub(begun))
	d.RatioToStraight = ratio(d.DeliveredPerSecond, straight)
	d.Latency = newLatency(took)
	return d
}

// ramp reads how quickly a rate was reached.
func (t *tally) ramp(rate int) *Ramp {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := make([]time.Time, 0, len(t.arrivals))
	for _, a := range t.arrivals {
		at = append(at, a.first)
	}
	return newRamp(at, rate)
}
