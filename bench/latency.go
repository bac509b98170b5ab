package main

import (
	"math"
	"slices"
	"time"
)

// Latency is how long something took, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// newLatency sorts the durations. Of none, all is 0.
func newLatency(took []time.Duration) Latency {
	slices.Sort(took)
	return Latency{percentile(took, 0.50), percentile(took, 0.95), percentile(took, 0.99), percentile(took, 1)}
}

// percentile is the smallest of the sorted durations that the share of them does not exceed, in milliseconds.
func percentile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return milliseconds(sorted[max(rank, 1)-1])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median of an even number is the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func perSecond(n int, took time.Duration) float64 { return ratio(float64(n), took.Seconds()) }

// ratio to nothing is 0.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
