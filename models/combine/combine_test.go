package combine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models/combine"
	"github.com/ringback/ringback/models/modelstest"
)

// workshop is combined work that waits to be let go on. What comes of a call is ten times its number.
type workshop struct {
	do func(context.Context, int) (int, error)
	// goOn lets one work, with the error that is sent. A panic is asked for by errPanic.
	goOn chan error

	mu   sync.Mutex
	done [][]int
	last context.Context // of the work that was begun last
}

var errPanic = errors.New("the work has a bug")

func newWorkshop(after func(context.Context, []int)) *workshop { return newGatheringWorkshop(0, after) }

// newGatheringWorkshop is a workshop where a shared work waits so long for more calls.
func newGatheringWorkshop(gather time.Duration, after func(context.Context, []int)) *workshop {
	w := &workshop{goOn: make(chan error)}
	w.do = combine.New(combine.Work[int, int]{
		Name: "test", Do: w.work, After: after, Timeout: combine.Timeout, Gather: gather, Log: slog.New(slog.DiscardHandler),
		Catch: catch,
	}).Do
	return w
}

func catch(_ context.Context, _ string, work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return work()
}

func (w *workshop) work(ctx context.Context, in []int) ([]int, error) {
	w.mu.Lock()
	w.done, w.last = append(w.done, in), ctx
	w.mu.Unlock()
	var err error
	select {
	case err = <-w.goOn:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if errors.Is(err, errPanic) {
		panic(err)
	}
	out := make([]int, len(in))
	for i, n := range in {
		out[i] = 10 * n
	}
	return out, err
}

// letGo lets one work go on, to its end.
func (w *workshop) letGo(err error) {
	w.goOn <- err
	synctest.Wait()
}

// heard is what a caller heard.
type heard struct {
	out int
	err error
}

// call makes calls in this order, each in a goroutine, and returns where they hear of the outcomes.
func (w *workshop) call(ctx context.Context, calls ...int) []chan heard {
	answers := make([]chan heard, len(calls))
	for i, n := range calls {
		answers[i] = make(chan heard, 1)
		go func() {
			out, err := w.do(ctx, n)
			answers[i] <- heard{out, err}
		}()
		synctest.Wait()
	}
	return answers
}

// begun returns the work so far, by the numbers of the calls.
func (w *workshop) begun() [][]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}

func wantBegun(t *testing.T, w *workshop, want ...[]int) {
	t.Helper()
	synctest.Wait()
	if got := w.begun(); !slices.EqualFunc(got, want, slices.Equal) {
		t.Fatalf("the work was for %v, want %v", got, want)
	}
}

func noFollowUp(context.Context, []int) {}

func TestCallAloneStartsAtOnceAndThoseMeanwhileGoTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		answers := w.call(t.Context(), 1, 2, 3, 4)
		wantBegun(t, w, []int{1})
		w.goOn <- nil
		wantBegun(t, w, []int{1}, []int{2, 3, 4})
		w.goOn <- nil
		for i, answer := range answers {
			if got := <-answer; got.out != 10*(i+1) || got.err != nil {
				t.Errorf("call %d heard %+v", i+1, got)
			}
		}
		w.call(t.Context(), 5)
		wantBegun(t, w, []int{1}, []int{2, 3, 4}, []int{5})
		w.goOn <- nil
	})
}

func TestWorkAfterASharedOneWaitsForAsManyToComeAgainButNotForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const gather = 2 * time.Millisecond
		w := newGatheringWorkshop(gather, noFollowUp)
		w.call(t.Context(), 1, 2, 3)
		w.letGo(nil)
		wantBegun(t, w, []int{1}, []int{2, 3})
		w.letGo(nil)
		w.call(t.Context(), 4)
		wantBegun(t, w, []int{1}, []int{2, 3})
		w.call(t.Context(), 5)
		wantBegun(t, w, []int{1}, []int{2, 3}, []int{4, 5})
		w.letGo(nil)
		w.call(t.Context(), 6)
		modelstest.Pass(gather)
		wantBegun(t, w, []int{1}, []int{2, 3}, []int{4, 5}, []int{6})
		w.letGo(nil)
		w.call(t.Context(), 7) // the last was not shared
		wantBegun(t, w, []int{1}, []int{2, 3}, []int{4, 5}, []int{6}, []int{7})
		w.letGo(nil)
	})
}

func TestWorkIsForAHundredCallsAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		calls := make([]int, 1+2*combine.Max+50)
		w.call(t.Context(), calls...)
		var sizes []int
		for range 4 {
			w.goOn <- nil
			synctest.Wait()
		}
		for _, in := range w.begun() {
			sizes = append(sizes, len(in))
		}
		if want := []int{1, combine.Max, combine.Max, 50}; !slices.Equal(sizes, want) {
			t.Errorf("it was for %v, want %v", sizes, want)
		}
	})
}

func TestErrorOfTheWorkIsSharedWhereItWasForSeveral(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"an error": errors.New("deadlock"), "a panic": errPanic} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorkshop(noFollowUp)
				answers := w.call(t.Context(), 1, 2, 3, 4)
				w.goOn <- failure
				wantBegun(t, w, []int{1}, []int{2, 3, 4})
				w.goOn <- failure
				for i, answer := range answers {
					got := <-answer
					if got.err == nil || !strings.Contains(got.err.Error(), failure.Error()) ||
						errors.As(got.err, new(combine.SharedError)) != (i > 0) {
						t.Errorf("call %d heard %+v", i+1, got)
					}
				}
			})
		})
	}
}

func TestCallerThatGoesInTheLineIsNotServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		w.call(t.Context(), 1, 2)
		ctx, cancel := context.WithCancel(t.Context())
		gone := w.call(ctx, 3)
		w.call(t.Context(), 4)
		cancel()
		if got := <-gone[0]; !errors.Is(got.err, context.Canceled) {
			t.Errorf("it heard %+v", got)
		}
		if _, err := w.do(ctx, 5); !errors.Is(err, context.Canceled) {
			t.Errorf("who is gone before the call heard %v", err)
		}
		w.goOn <- nil
		wantBegun(t, w, []int{1}, []int{2, 4})
		w.goOn <- nil
	})
}

func TestCallerThatGoesLeavesTheWorkToTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		w.call(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		gone := w.call(ctx, 2)
		stays := w.call(t.Context(), 3)
		w.goOn <- nil
		wantBegun(t, w, []int{1}, []int{2, 3})
		cancel()
		if got := <-gone[0]; !errors.Is(got.err, context.Canceled) {
			t.Errorf("who has gone heard %+v", got)
		}
		w.goOn <- nil
		if got := <-stays[0]; got.out != 30 || got.err != nil {
			t.Errorf("who has stayed heard %+v", got)
		}
	})
}

func TestWorkForWhichNobodyWaitsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		w.call(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		w.call(ctx, 2, 3)
		w.goOn <- nil
		wantBegun(t, w, []int{1}, []int{2, 3})
		if err := w.last.Err(); err != nil {
			t.Error(err)
		}
		next := w.call(t.Context(), 4)
		cancel()
		wantBegun(t, w, []int{1}, []int{2, 3}, []int{4})
		w.goOn <- nil
		if got := <-next[0]; got.err != nil {
			t.Errorf("the next heard %+v", got)
		}
	})
}

func TestWorkThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(noFollowUp)
		began := time.Now()
		answer := w.call(t.Context(), 1)
		if got := <-answer[0]; !errors.Is(got.err, context.DeadlineExceeded) || time.Since(began) != combine.Timeout {
			t.Errorf("after %s it heard %+v", time.Since(began), got)
		}
	})
}

func TestCallersHearAfterWhatFollowsAndTheNextWorkDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		follow := make(chan struct{})
		w := newWorkshop(func(context.Context, []int) { <-follow })
		answers := w.call(t.Context(), 1, 2)
		w.goOn <- nil
		wantBegun(t, w, []int{1}, []int{2})
		if len(answers[0]) > 0 {
			t.Error("the first has heard already")
		}
		w.goOn <- nil
		close(follow)
		for _, answer := range answers {
			if got := <-answer; got.err != nil {
				t.Errorf("heard %+v", got)
			}
		}
	})
}

func TestPanicInWhatFollowsLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(func(context.Context, []int) { panic("the queue has a bug") })
		answers := w.call(t.Context(), 1, 2, 3)
		w.goOn <- nil
		w.goOn <- nil
		for _, answer := range answers {
			if got := <-answer; got.err == nil || !strings.Contains(got.err.Error(), "the queue has a bug") {
				t.Errorf("heard %+v", got)
			}
		}
	})
}

func TestWorkHasTheValuesOfTheFirstCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		w := newWorkshop(noFollowUp)
		w.call(context.WithValue(t.Context(), key{}, "a trace"), 1)
		if got := w.last.Value(key{}); got != "a trace" {
			t.Errorf("got %v", got)
		}
		w.goOn <- nil
	})
}
