package live_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/modelstest"
)

// back is another process's subscription after a cursor.
func back(w *modelstest.World, in live.ToWatch, cursor string) *follower {
	w.T.Helper()
	w.Configure()
	in.After = &cursor
	return follow(w, login(w, w.Viewer), in)
}

// TestWhoComesBackIsToldWhatWasMissed: to another process, after the first is gone.
func TestWhoComesBackIsToldWhatWasMissed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	f := follow(w, login(w, w.Viewer), toShop(w))
	c := w.NewCallback()
	cursor := f.untilStatus(c.ID, callback.StatusPending).Cursor
	f.Close()
	w.Deliver(c.ID, modelstest.Answered(200))
	missed := []int64{w.NewCallback().ID, w.NewCallback().ID}
	w.NewCallbackOf(w.NewProject(w.Acme, new(modelstest.ProjectURL)), 7001)
	var last string
	for range 2 { // what was told does not go
		f = back(w, toShop(w), cursor)
		f.untilStatus(c.ID, callback.StatusSuccess)
		for _, id := range missed {
			change := f.want(live.Changed)
			if last = change.Cursor; change.Callback.ID != id {
				t.Errorf("told of %+v, want %d", change.Callback, id)
			}
		}
		f.Close()
	}
	f = back(w, toShop(w), last) // some of it can be told once more, as other transactions have not ended
	f.untilStatus(w.NewCallback().ID, callback.StatusPending)
}

func TestWhoComesBackTooLateIsToldToReadTheList(t *testing.T) {
	t.Parallel()
	for name, pass := range map[string]func(w *modelstest.World){
		"nobody watched meanwhile": func(w *modelstest.World) { w.SQL("UPDATE callback_watches SET until = 1") },
		"the watch is gone":        func(w *modelstest.World) { w.SQL("DELETE FROM callback_watches") },
		"an hour":                  func(w *modelstest.World) { w.Clock.Advance(time.Hour) },
		"too much": func(w *modelstest.World) {
			w.MoreCallbacks(w.ReadCallback(w.NewCallback().ID), modelstest.ProjectHost, live.MaxAtOnce+1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			f := follow(w, login(w, w.Viewer), toShop(w))
			cursor := f.untilStatus(w.NewCallback().ID, callback.StatusPending).Cursor
			f.Close()
			pass(w)
			f = back(w, toShop(w), cursor)
			again := f.want(live.Resync).Cursor
			f.nothingBefore(t)
			f.Close()
			wantBack(w, again)
		})
	}
}

// wantBack comes back until it is told of a callback: while a transaction of whomever has not ended, what was too much is once
// more.
func wantBack(w *modelstest.World, cursor string) {
	w.T.Helper()
	for {
		f := back(w, toShop(w), cursor)
		change := f.next()
		f.Close()
		switch {
		case change == nil || change.Kind == live.Ready:
			w.T.Fatalf("told %+v", change)
		case change.Kind == live.Changed:
			return
		}
		cursor = change.Cursor
		w.NewCallback()
	}
}

// TestManyChangesAtOnceAreToldAsOne: of so many the list is quicker.
func TestManyChangesAtOnceAreToldAsOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	like := w.ReadCallback(w.NewCallback().ID)
	f := follow(w, login(w, w.Viewer), toShop(w))
	w.MoreCallbacks(like, modelstest.ProjectHost, live.MaxAtOnce+1)
	w.Queue.Changed()
	f.want(live.Resync)
	f.nothingBefore(t)
}

// TestAWatchThatLapsedIsSaid: as where the database was away for long.
func TestAWatchThatLapsedIsSaid(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.LiveRules = live.Defaults
	w.LiveRules.Renewal = time.Millisecond
	w.Configure()
	f := follow(w, login(w, w.Viewer), toShop(w))
	w.SQL("UPDATE callback_watches SET since = 1, until = 1")
	f.want(live.Ready)
	f.want(live.Resync)
	f.nothingBefore(t)
}

func TestWhatNobodyComesBackForGoes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	f := follow(w, login(w, w.Viewer), toShop(w))
	f.untilStatus(w.NewCallback().ID, callback.StatusPending)
	f.Close()
	now := time.Now()
	w.Clock.Advance(now.Sub(w.Clock.Now()))
	count := func() []int64 {
		return []int64{number(w, "SELECT count(*) FROM callback_changes"), number(w, "SELECT count(*) FROM callback_watches")}
	}
	w.MustPurge(callback.Retention{Rows: 365 * 24 * time.Hour * 100})
	if got := count(); !slices.Equal(got, []int64{1, 1}) {
		t.Errorf("at once %v are left", got)
	}
	w.Clock.Advance(2 * time.Hour)
	w.MustPurge(callback.Retention{Rows: 365 * 24 * time.Hour * 100})
	if got := count(); !slices.Equal(got, []int64{0, 0}) {
		t.Errorf("after two hours %v are left", got)
	}
}
