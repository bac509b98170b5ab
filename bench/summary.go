package main

import "fmt"

// summary is the last line of JSON of a command that made more than one run.
type summary struct {
	Command string    `json:"command"`
	Engine  string    `json:"engine"`
	Rounds  int       `json:"rounds"`
	Medians []medians `json:"medians"`
}

// medians are those of one variant's runs.
type medians struct {
	Variant            string  `json:"variant,omitempty"`
	StraightPerSecond  float64 `json:"straight_per_s"`
	AcceptedPerSecond  float64 `json:"accepted_per_s"`
	DeliveredPerSecond float64 `json:"delivered_per_s"`
	RatioToStraight    float64 `json:"ratio_to_straight"`
	P50                float64 `json:"p50_ms"`
	P99                float64 `json:"p99_ms"`
	DeliveredRatio     float64 `json:"delivered_ratio"` // to the first variant's
}

func newMedians(runs []*result) medians {
	of := func(value func(*result) float64) float64 {
		values := make([]float64, len(runs))
		for i, r := range runs {
			values[i] = value(r)
		}
		return median(values)
	}
	return medians{
		Variant:            runs[0].Variant,
		StraightPerSecond:  of(func(r *result) float64 { return r.StraightPerSecond }),
		AcceptedPerSecond:  of(func(r *result) float64 { return r.AcceptedPerSecond }),
		DeliveredPerSecond: of(func(r *result) float64 { return r.DeliveredPerSecond }),
		RatioToStraight:    of(func(r *result) float64 { return r.RatioToStraight }),
		P50:                of(func(r *result) float64 { return r.P50 }),
		P99:                of(func(r *result) float64 { return r.P99 }),
	}
}

// summarize prints the medians of each variant's runs, and how two variants compare. A single run has said everything.
func (b *bench) summarize(command string, variants [][]*result) error {
	if len(variants) == 1 && b.Rounds == 1 {
		return nil
	}
	s := summary{Command: command, Engine: b.Engine, Rounds: b.Rounds}
	var names, straight, accepted, delivered, share, p50, p99, ofFirst []any
	for _, runs := range variants {
		s.Medians = append(s.Medians, newMedians(runs))
		m, first := &s.Medians[len(s.Medians)-1], s.Medians[0]
		m.DeliveredRatio = ratio(m.DeliveredPerSecond, first.DeliveredPerSecond)
		names, straight, accepted = append(names, m.Variant), append(straight, m.StraightPerSecond), append(accepted, m.AcceptedPerSecond)
		delivered, share = append(delivered, m.DeliveredPerSecond), append(share, m.RatioToStraight)
		p50, p99, ofFirst = append(p50, m.P50), append(p99, m.P99), append(ofFirst, m.DeliveredRatio)
	}
	fmt.Fprintf(b.stdout, "\n%s, %s: medians of %d\n", command, b.Engine, b.Rounds)
	t := table{}
	t.add("", "%s", names...)
	t.add("straight/s", "%.0f", straight...)
	t.add("accepted/s", "%.0f", accepted...)
	t.add("delivered/s", "%.0f", delivered...)
	t.add("of straight", "%.3f", share...)
	t.add("p50 ms", "%.1f", p50...)
	t.add("p99 ms", "%.1f", p99...)
	if len(s.Medians) > 1 {
		t.add("delivered, of the first", "%.3f", ofFirst...)
	}
	t.write(b.stdout)
	return b.printJSON(s)
}
