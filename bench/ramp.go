package main

import (
	"slices"
	"time"
)

// rampSeconds are printed of a ramp.
const rampSeconds = 10

// Ramp is how arrivals became quicker.
type Ramp struct {
	Rate int `json:"ramp_rate"`
	// Reached is when so many had arrived within a second, in seconds from the first arrival; nil: never.
	Reached  *float64 `json:"reached_after_s"`
	BySecond []int    `json:"arrivals_by_second"` // of the first seconds from the first arrival
}

// newRamp sorts the arrivals.
func newRamp(at []time.Time, rate int) *Ramp {
	slices.SortFunc(at, time.Time.Compare)
	r := &Ramp{Rate: rate, BySecond: []int{}}
	for k, t := range at {
		since := t.Sub(at[0])
		if r.Reached == nil && k+1 >= rate && t.Sub(at[k+1-rate]) <= time.Second {
			r.Reached = new(since.Seconds())
		}
		if second := int(since / time.Second); second < rampSeconds {
			for len(r.BySecond) <= second {
				r.BySecond = append(r.BySecond, 0)
			}
			r.BySecond[second]++
		}
	}
	return r
}
