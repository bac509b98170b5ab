package crawl_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// freshly finishes crawls in one call, on a store of their own, and tells how many transactions that took.
func freshly(
	w *modelstest.World, fresh crawl.EndStore, ends ...crawl.End,
) (done []models.Outcome[crawl.Ended], transactions int, err error) {
	w.T.Helper()
	service := w.FreshCrawlsOn(w.Service, func(ctx context.Context, f func(crawl.Store) error) error {
		transactions++
		return w.Store.InCrawlTx(ctx, f)
	}, fresh)
	done, err = service.FinishCrawls(w.T.Context(), w.Platform, entriesOf(ends...))
	return done, transactions, err
}

// wantRaised checks how many callbacks there are, and how many of them are started, for which there was no more room, and woken.
func wantRaised(w *modelstest.World, raised, started, woken int) {
	w.T.Helper()
	got := []int{
		len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.TakeStarted(0)), len(w.Queue.Take()),
	}
	if got[0] != raised || got[1] != started || got[2] != woken {
		w.T.Errorf("raised, started and woken: %v, want %d, %d, %d", got, raised, started, woken)
	}
}

func TestNewCrawlsEndInOneStatement(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Queue.Room = 2
	failed := w.CrawlEnd(4)
	failed.Status = crawl.Failed
	done, transactions, err := freshly(w, w.Store, w.CrawlEnd(1), w.CrawlEnd(2), failed, w.CrawlEnd(3), w.CrawlEnd(1))
	modelstest.NoError(t, err)
	if want := map[bool]int{true: 0, false: 1}[storetest.OnPostgres()]; transactions != want {
		t.Errorf("it took %d transactions, want %d", transactions, want)
	}
	for i, id := range []int64{1, 2, 4, 3, 1} {
		modelstest.NoError(t, done[i].Err)
		if done[i].Out.Crawl.ID != id || (done[i].Out.Callback == nil) != (id == 4) {
			t.Errorf("%d: got %+v", i, done[i].Out)
		}
	}
	if crawls, err := w.Crawls(t.Context(), w.Platform, 1, 2, 3, 4); err != nil || len(crawls) != 4 {
		t.Errorf("%d crawls, %v", len(crawls), err)
	}
	for _, c := range w.CallbacksOf(callback.CrawlFinishedEvent) {
		attempts := w.Attempts(c.ID)
		if want := map[callback.Status]int{callback.StatusRunning: 1, callback.StatusPending: 0}[c.Status]; len(attempts) != want ||
			want == 1 && (attempts[0].Number != 1 || *attempts[0].URL != *c.TargetURL) {
			t.Errorf("%s has the attempts %+v", c.Status, attempts)
		}
	}
	wantRaised(w, 3, 2, 1)
}

// Who holds up nobody else and no transaction may wait for the worker; and many do not wait for a few.
func TestOnlyManyEndsOfOneLaneWaitForRoom(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	other := w.NewProject(w.Acme, new("https://other.example/hook"))
	elsewhere := func(id int64) crawl.End {
		end := w.CrawlEnd(id)
		end.ProjectID = &other.ID
		return end
	}
	many := 200 * time.Millisecond
	if !storetest.OnPostgres() {
		many = 0 // all is one transaction
	}
	for _, c := range []struct {
		ends []crawl.End
		want []time.Duration
	}{
		{[]crawl.End{w.CrawlEnd(1), w.CrawlEnd(2)}, []time.Duration{many}},
		{[]crawl.End{w.CrawlEnd(3), w.CrawlEnd(4), elsewhere(5)}, []time.Duration{0, many}},
		{[]crawl.End{w.CrawlEnd(6), elsewhere(7)}, []time.Duration{0, 0}},
	} {
		_, _, err := freshly(w, w.Store, c.ends...)
		modelstest.NoError(t, err)
		if got := slices.Sorted(slices.Values(w.Queue.TakeWaits())); !slices.Equal(got, c.want) {
			t.Errorf("%d ends wait %v, want %v", len(c.ends), got, c.want)
		}
	}
	_, _, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(9))
	modelstest.NoError(t, err)
	if got := w.Queue.TakeWaits(); !slices.Equal(got, []time.Duration{0}) {
		t.Errorf("one end waits %v", got)
	}
}

func TestNewCrawlsAmongOthersEndAsBefore(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Queue.Room = 4
	_, _, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1))
	modelstest.NoError(t, err)
	otherwise, nowhere := w.CrawlEnd(1), w.CrawlEnd(5)
	otherwise.Status, nowhere.ProjectID = crawl.Failed, new(int64(999))
	done, transactions, err := freshly(w, w.Store, w.CrawlEnd(2), w.CrawlEnd(1), w.CrawlEnd(3), otherwise)
	modelstest.NoError(t, err)
	modelstest.WantError(t, done[3].Err, models.CodeConflict, "crawls.3.status")
	more, again, err := freshly(w, w.Store, w.CrawlEnd(4), nowhere)
	modelstest.NoError(t, err)
	modelstest.WantError(t, more[1].Err, models.CodeNotFound, "crawls.1.projectId")
	if transactions != 1 || again != 1 {
		t.Errorf("they took %d and %d transactions", transactions, again)
	}
	wantRaised(w, 4, 4, 0)
}

// unlucky is a store whose one statement comes to no good end.
type unlucky struct {
	crawl.EndStore
	end func(written func() (bool, error)) (bool, error)
}

func (unlucky) AtOnce(context.Context) bool { return true }

func (u unlucky) CreateEnded(ctx context.Context, crawls []*crawl.Crawl, starts []callback.Start) (bool, error) {
	return u.end(func() (bool, error) { return u.EndStore.CreateEnded(ctx, crawls, starts) })
}

func TestNothingIsStartedThatMayNotBeThere(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(func() (bool, error)) (bool, error){
		"an error": func(func() (bool, error)) (bool, error) { return false, modelstest.ErrBroken },
		"a panic":  func(func() (bool, error)) (bool, error) { panic(modelstest.ErrBroken) },
		"its answer was lost": func(written func() (bool, error)) (bool, error) {
			_, err := written()
			return false, errors.Join(modelstest.ErrBroken, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.Queue.Room = 2
			err := w.Service.Troubles().Catch(t.Context(), "test", func() error {
				_, _, err := freshly(w, unlucky{w.Store, end}, w.CrawlEnd(1), w.CrawlEnd(2))
				return err
			})
			if err == nil {
				t.Error("there is no error")
			}
			if started := w.TakeStarted(2); len(started) != 0 {
				t.Errorf("started: %v", started)
			}
			_, _, err = freshly(w, w.Store, w.CrawlEnd(1), w.CrawlEnd(2)) // who was told so asks again
			modelstest.NoError(t, err)
			if raised := len(w.CallbacksOf(callback.CrawlFinishedEvent)); raised != 2 {
				t.Errorf("%d callbacks were raised", raised)
			}
		})
	}
}
