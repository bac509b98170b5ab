package callback_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestPercentilesAreWithin5PercentHoweverTheyAreMerged(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, count := range []int{1, 2, 10, 1000, 20_000} {
		var durations []time.Duration
		parts := make([]callback.Histogram, 7)
		for range count {
			// From a microsecond to some three weeks.
			d := time.Duration(math.Exp(random.Float64()*math.Log(1.8e12))) * time.Microsecond
			durations = append(durations, d)
			parts[random.IntN(len(parts))].Add(d)
		}
		slices.Sort(durations)
		var whole callback.Histogram
		for _, p := range parts {
			whole.Merge(p)
		}
		if whole.Count() != uint64(count) {
			t.Errorf("%d counted, want %d", whole.Count(), count)
		}
		for _, share := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			want := durations[int(math.Ceil(share*float64(count)))-1]
			got := whole.Percentile(share)
			if off := math.Abs(float64(got-want)) / float64(want); off > 0.05 {
				t.Errorf("%d durations: p%g is %s, %.1f %% from %s", count, share*100, got, off*100, want)
			}
		}
	}
}

func TestDurationsBeyondReasonAreCounted(t *testing.T) {
	t.Parallel()
	var h callback.Histogram
	for _, d := range []time.Duration{-time.Hour, 0, 1, math.MaxInt64} {
		h.Add(d)
	}
	if h.Count() != 4 || h.Percentile(0.5) > time.Microsecond || h.Percentile(1) < 100*24*time.Hour {
		t.Errorf("counted %d: %s to %s", h.Count(), h.Percentile(0.5), h.Percentile(1))
	}
	if got := (callback.Histogram{}).Percentile(0.5); got != 0 {
		t.Errorf("of none: %s", got)
	}
}

// tally is one with all kinds of counts.
func tally(random *rand.Rand) (t callback.Tally) {
	t.Success = random.Uint64N(1 << 40)
	for _, cause := range callback.AttemptErrorCodes() {
		if random.IntN(3) == 0 {
			t.Merge(callback.Tally{Failed: map[callback.AttemptErrorCode]uint64{cause: 1 + random.Uint64N(1000)}})
		}
	}
	for range random.IntN(50) {
		t.Arrival.Add(time.Duration(random.Int64N(int64(time.Hour))))
		t.Receiver.Add(time.Duration(random.Int64N(int64(30 * time.Second))))
	}
	return t
}

func TestTalliesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		want := tally(random)
		got, err := callback.DecodeTally(want.Encode())
		modelstest.NoError(t, err)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// An hour of a busy project has all causes, and buckets from a millisecond to hours.
func TestATallyIsSmall(t *testing.T) {
	t.Parallel()
	var busy callback.Tally
	for _, cause := range callback.AttemptErrorCodes() {
		busy.Merge(callback.Tally{Failed: map[callback.AttemptErrorCode]uint64{cause: 100_000}})
	}
	for d := time.Millisecond; d < 24*time.Hour; d += d / 10 {
		for range 1000 {
			busy.Arrival.Add(d)
			busy.Receiver.Add(d)
		}
	}
	if n := len(busy.Encode()); n > 2000 {
		t.Errorf("%d bytes", n)
	}
}

func FuzzDecodeTally(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		f.Add(tally(random).Encode())
	}
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0})
	f.Add([]byte{2, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stored []byte) {
		read, err := callback.DecodeTally(stored)
		if err != nil {
			return
		}
		again, err := callback.DecodeTally(read.Encode())
		if err != nil {
			t.Fatalf("%v is not read again: %v", read, err)
		}
		if diff := cmp.Diff(read, again, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPartsOfAnswersAddUpInAnyOrder(t *testing.T) {
	t.Parallel()
	at := func(minute int) *time.Time { return new(modelstest.Start.Add(time.Duration(minute) * time.Minute)) }
	arrived := func(minute int) callback.Tally {
		return callback.Tally{Answers: callback.Answers{LastSuccess: at(minute)}}
	}
	failed := func(minute int) callback.Tally {
		return callback.Tally{Answers: callback.Answers{FailingSince: at(minute), LastFailure: at(minute)}}
	}
	for name, tc := range map[string]struct {
		parts []callback.Tally
		since *time.Time
	}{
		"nothing":                    {nil, nil},
		"it arrives":                 {[]callback.Tally{arrived(1), arrived(2)}, nil},
		"it never arrived":           {[]callback.Tally{failed(1), failed(2), failed(3)}, at(1)},
		"it arrived, and fails":      {[]callback.Tally{arrived(1), failed(2), failed(3)}, at(2)},
		"it failed, and arrives":     {[]callback.Tally{failed(1), arrived(2)}, nil},
		"it fails at the same time":  {[]callback.Tally{arrived(2), failed(2)}, nil},
		"it fails, arrives, fails":   {[]callback.Tally{failed(1), arrived(2), failed(3)}, at(3)},
		"it arrives, fails, arrives": {[]callback.Tally{arrived(1), failed(2), arrived(3)}, nil},
	} {
		for range 20 {
			rand.Shuffle(len(tc.parts), func(i, j int) { tc.parts[i], tc.parts[j] = tc.parts[j], tc.parts[i] })
			var whole callback.Tally
			for _, p := range tc.parts {
				whole.Merge(p)
			}
			if diff := cmp.Diff(tc.since, whole.FailingSince); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}
