package callback

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// Histogram counts durations by their logarithm. Two of them are merged by adding their counts, and a percentile of
// what was counted is within 5 % of the true one: a bucket ends at 1.1 times where it begins, and the value that stands
// for all of it is at most 0.1/2.1 = 4.8 % away from each.
type Histogram []uint64

const (
	histogramBase = 1.1
	// maxBucket has all from 142 days: 1.1^313 µs = 104 days, and no callback lives for as long.
	maxBucket = 316
	// histogramGrowth is a factor of 450: what one receiver takes is mostly within.
	histogramGrowth = 64
)

// Add counts a duration. Below a microsecond is one.
func (h *Histogram) Add(d time.Duration) {
	bucket := int(math.Ceil(math.Log(float64(max(d.Microseconds(), 1))) / math.Log(histogramBase)))
	h.add(min(bucket, maxBucket), 1)
}

func (h *Histogram) add(bucket int, n uint64) {
	if more := bucket + 1 - len(*h); more > 0 {
		*h = append(slices.Grow(*h, max(more, histogramGrowth)), make([]uint64, more)...)
	}
	(*h)[bucket] += n
}

// Merge adds what another has counted.
func (h *Histogram) Merge(other Histogram) {
	for bucket, n := range other {
		if n > 0 {
			h.add(bucket, n)
		}
	}
}

// Count is how many durations were counted.
func (h Histogram) Count() (n uint64) {
	for _, in := range h {
		n += in
	}
	return n
}

// Percentile is the duration that a share of them, above 0 and up to 1, did not exceed; 0 where none was counted.
func (h Histogram) Percentile(share float64) time.Duration {
	rank, seen := uint64(math.Ceil(share*float64(h.Count()))), uint64(0)
	for bucket, n := range h {
		if seen += n; n > 0 && seen >= rank {
			micros := 2 * math.Pow(histogramBase, float64(bucket)) / (histogramBase + 1)
			return time.Duration(micros * float64(time.Microsecond))
		}
	}
	return 0
}

// encode appends how many buckets are not empty, and of each how many are skipped before it and its count.
func (h Histogram) encode(to []byte) []byte {
	used := uint64(0)
	for _, n := range h {
		if n > 0 {
			used++
		}
	}
	to = binary.AppendUvarint(to, used)
	next := 0
	for bucket, n := range h {
		if n > 0 {
			to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(bucket-next)), n)
			next = bucket + 1
		}
	}
	return to
}

var errTally = errors.New("the counts cannot be read")

// tallyReader reads what encode has written. After an error it reads zeros.
type tallyReader struct {
	from []byte
	err  error
}

// int reads a number of up to a limit.
func (r *tallyReader) int(limit int) int {
	return int(r.uint(uint64(max(limit, 0)))) //nolint:gosec // it is within the limit
}

// uint reads a number of up to a limit.
func (r *tallyReader) uint(limit uint64) uint64 {
	n, length := binary.Uvarint(r.from)
	if r.err != nil || length <= 0 || n > limit {
		r.err, r.from = errTally, nil
		return 0
	}
	r.from = r.from[length:]
	return n
}

// text reads a text of up to a limit.
func (r *tallyReader) text(limit int) string {
	length := r.int(limit)
	if r.err != nil || length > len(r.from) {
		r.err, r.from = errTally, nil
		return ""
	}
	text := string(r.from[:length])
	r.from = r.from[length:]
	return text
}

func (r *tallyReader) histogram() (h Histogram) {
	next := 0
	for range r.int(maxBucket + 1) {
		bucket := next + r.int(maxBucket-next)
		n := r.uint(math.MaxInt64)
		if r.err != nil || bucket > maxBucket {
			r.err = errTally
			return nil
		}
		h.add(bucket, n)
		next = bucket + 1
	}
	return h
}
