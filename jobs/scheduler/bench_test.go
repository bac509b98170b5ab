package scheduler

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkEvents counts each call of the machine, with all slots taken and work waiting in every lane.
func BenchmarkEvents(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("lanes=%d", n), func(b *testing.B) {
			r := newTreadmill(n)
			b.ReportAllocs()
			b.ResetTimer()
			begun := processorTime(b)
			for r.events = 0; r.events < b.N; {
				r.step()
			}
			took := processorTime(b) - begun
			b.StopTimer()
			b.ReportMetric(float64(took)/float64(b.N), "cpu-ns/event")
			b.ReportMetric(float64(b.N)/took.Seconds()/1e6, "Mevents/s/core")
		})
	}
}

// processorTime does not count what others do on the machine meanwhile.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// treadmill answers what was started the longest ago, and finds work in every claim.
type treadmill struct {
	machine *Scheduler
	now     Instant
	events  int
	started []*Item
	spare   []*Item
	items   []*Item
	full    []string
}

func newTreadmill(lanes int) *treadmill {
	r := &treadmill{machine: New(Limits{Slots: 2048})}
	for i := range lanes {
		l := at(fmt.Sprintf("r%d:443", i), fmt.Sprintf("r%d", i), int64(i%50), "a")
		r.do(r.machine.Due(0, l))
	}
	for range 100_000 {
		r.step()
	}
	return r
}

func (r *treadmill) step() {
	item := r.started[0]
	r.started = r.started[1:]
	r.now += 50
	r.do(r.machine.Answered(r.now, item, Answer{Kind: Arrived, Took: 50 * millisecond}))
	r.do(r.machine.Freed(r.now, item))
	*item = Item{}
	r.spare = append(r.spare, item)
	if next, ok := r.machine.Next(); ok && next <= r.now {
		r.do(r.machine.Tick(r.now))
	}
}

func (r *treadmill) do(a Actions) {
	r.events++
	r.started = append(r.started, a.Start...)
	for _, c := range a.Claims {
		items, full := r.items[:0], r.full[:0]
		for _, l := range c.Lanes {
			for range l.Limit {
				items = append(items, r.item(l.Lane))
			}
			full = append(full, l.Lane.Key)
		}
		r.items, r.full = items, full
		r.do(r.machine.Claimed(r.now, c, items, full))
	}
	for _, item := range a.GiveBack {
		*item = Item{}
		r.spare = append(r.spare, item)
	}
}

func (r *treadmill) item(l Lane) *Item {
	if len(r.spare) == 0 {
		return &Item{Lane: l, Bytes: 1000}
	}
	item := r.spare[len(r.spare)-1]
	r.spare = r.spare[:len(r.spare)-1]
	item.Lane, item.Bytes = l, 1000
	return item
}
