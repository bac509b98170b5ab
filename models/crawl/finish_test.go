package crawl_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// gate lets the first transaction begin when it is open.
type gate struct {
	inTx          models.InTx[crawl.Store]
	reached, open chan struct{}
	transactions  atomic.Int32
}

func (g *gate) InTx(ctx context.Context, f func(crawl.Store) error) error {
	if g.transactions.Add(1) == 1 {
		close(g.reached)
		<-g.open
	}
	return g.inTx(ctx, f)
}

// finished is what a caller hears of the end of a crawl.
type finished struct {
	Crawl    *crawl.Crawl
	Callback *callback.Callback
	Err      error
}

// together finishes crawls of which each call comes, in this order, while a transaction for another is under way. It
// returns what the callers heard, and how many transactions that took.
func finishTogether(
	w *modelstest.World, inTx models.InTx[crawl.Store], ends ...crawl.End,
) (heard []finished, transactions int) {
	w.T.Helper()
	g := &gate{inTx: inTx, reached: make(chan struct{}), open: make(chan struct{})}
	service := w.CrawlsOn(w.Service, g.InTx)
	heard = make([]finished, len(ends))
	var callers sync.WaitGroup
	callers.Go(func() {
		nowhere := w.CrawlEnd(999_999)
		nowhere.ProjectID = new(int64(999_999))
		if _, _, err := service.FinishCrawl(
			w.T.Context(), w.Platform, nowhere,
		); models.ErrorCode(err) != models.CodeNotFound {
			w.T.Errorf("of a project that is not there: %v", err)
		}
	})
	<-g.reached
	for i, end := range ends {
		callers.Go(func() {
			heard[i].Crawl, heard[i].Callback, heard[i].Err = service.FinishCrawl(w.T.Context(), w.Platform, end)
		})
		for service.Gathered() <= i {
			runtime.Gosched()
		}
	}
	close(g.open)
	callers.Wait()
	return heard, int(g.transactions.Load()) - 1
}

func TestWhatIsWrongWithOneCrawlDoesNotTouchThoseThatEndWithIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	elsewhere, deleted := w.NewProject(
		w.Acme, new(modelstest.ProjectURL),
	), w.NewProject(w.Acme, new(modelstest.ProjectURL))
	_, err := w.DeleteProject(t.Context(), w.Admin, deleted.ID)
	modelstest.NoError(t, err)
	_, _, err = w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1))
	modelstest.NoError(t, err)
	w.Queue.Take()
	tests := []struct {
		name    string
		crawlID int64
		change  func(*crawl.End)
		code    models.Code // none: it ends well
		field   string
	}{
		{"a new one", 2, func(*crawl.End) {}, "", ""},
		{"of an unknown project", 3, func(in *crawl.End) { in.ProjectID = new(int64(999)) }, models.CodeNotFound, "projectId"},
		{"of a deleted project", 4, func(in *crawl.End) { in.ProjectID = &deleted.ID }, models.CodeNotFound, "projectId"},
		{"of an unknown user", 5, func(in *crawl.End) { in.CreatedByUserID = new(int64(999)) }, models.CodeNotFound, "createdByUserId"},
		{"a new one without a project", 6, func(in *crawl.End) { in.ProjectID = nil }, models.CodeBadUserInput, "projectId"},
		{"one that has ended", 1, func(*crawl.End) {}, "", ""},
		{"one that has ended otherwise", 1, func(in *crawl.End) { in.Status = crawl.Failed }, models.CodeConflict, "status"},
		{"the new one again", 2, func(*crawl.End) {}, "", ""},
		{"the new one otherwise", 2, func(in *crawl.End) { in.Kind = crawl.TestSuiteBuild }, models.CodeConflict, "kind"},
		{"the new one elsewhere", 2, func(in *crawl.End) { in.ProjectID = &elsewhere.ID }, models.CodeConflict, "projectId"},
		{"another new one", 7, func(in *crawl.End) { in.ProjectID = &elsewhere.ID }, "", ""},
	}
	ends := make([]crawl.End, len(tests))
	for i, test := range tests {
		ends[i] = w.CrawlEnd(test.crawlID)
		test.change(&ends[i])
	}
	heard, transactions := finishTogether(w, w.Store.InCrawlTx, ends...)
	if transactions != 1 {
		t.Errorf("it took %d transactions", transactions)
	}
	for i, test := range tests {
		t.Log(test.name)
		if test.code != "" {
			modelstest.WantError(t, heard[i].Err, test.code, test.field)
			continue
		}
		modelstest.NoError(t, heard[i].Err)
		if heard[i].Crawl.ID != test.crawlID || heard[i].Callback.Source.Of.Raw != test.crawlID {
			t.Errorf("got %+v and %+v", heard[i].Crawl, heard[i].Callback)
		}
	}
	if heard[0].Callback.UID != heard[7].Callback.UID {
		t.Error("the new one has two callbacks")
	}
	if raised, woken := len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.Queue.Take()); raised != 3 || woken != 2 {
		t.Errorf("%d callbacks were raised, and %d woken", raised, woken)
	}
	if crawls, err := w.Crawls(t.Context(), w.Platform, 3, 4, 5, 6); err != nil || len(crawls) != 0 {
		t.Errorf("what was refused left %v, %v", crawls, err)
	}
}

// crowded is a store that cannot raise several callbacks in one statement. It has written them when it finds that out.
type crowded struct {
	crawl.Store
	fail func() error
}

func (c crowded) CreateStarted(ctx context.Context, starts []callback.Start) error {
	err := c.Store.CreateStarted(ctx, starts)
	if err == nil && len(starts) > 1 {
		return c.fail()
	}
	return err
}

func TestCrawlsThatCannotEndTogetherEndEachAlone(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"an error": func() error { return modelstest.ErrBroken },
		"a panic":  func() error { panic(modelstest.ErrBroken) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			refused := w.CrawlEnd(5)
			refused.ProjectID = nil
			heard, transactions := finishTogether(w, func(ctx context.Context, f func(crawl.Store) error) error {
				return w.Store.InCrawlTx(ctx, func(tx crawl.Store) error { return f(crowded{tx, fail}) })
			}, w.CrawlEnd(2), refused, w.CrawlEnd(3), w.CrawlEnd(4))
			if want := 1 + 4; transactions != want {
				t.Errorf("it took %d transactions, want %d", transactions, want)
			}
			modelstest.WantError(t, heard[1].Err, models.CodeBadUserInput, "projectId")
			for i, id := range map[int]int64{0: 2, 2: 3, 3: 4} {
				modelstest.NoError(t, heard[i].Err)
				if heard[i].Crawl.ID != id || heard[i].Callback == nil {
					t.Errorf("got %+v and %+v", heard[i].Crawl, heard[i].Callback)
				}
			}
			if raised, woken := len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.Queue.Take()); raised != 3 || woken != 3 {
				t.Errorf("%d callbacks were raised, and %d woken", raised, woken)
			}
		})
	}
}

// overtaken is a store on which others finish a crawl just before a transaction creates it.
type overtaken struct {
	crawl.Store
	crawlID int64
	others  func()
}

func (o overtaken) CreateCrawls(ctx context.Context, crawls []*crawl.Crawl) ([]int64, error) {
	if slices.ContainsFunc(crawls, func(c *crawl.Crawl) bool { return c.ID == o.crawlID }) {
		o.others()
	}
	return o.Store.CreateCrawls(ctx, crawls)
}

func TestCrawlThatAnotherProcessMakesMeanwhileIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one writer: nobody is overtaken")
	}
	w := modelstest.NewWorld(t)
	var other *callback.Callback
	finish := sync.OnceFunc(func() {
		var err error
		if _, other, err = w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(3)); err != nil {
			t.Error(err)
		}
	})
	heard, transactions := finishTogether(w, func(ctx context.Context, f func(crawl.Store) error) error {
		return w.Store.InCrawlTx(ctx, func(tx crawl.Store) error { return f(overtaken{tx, 3, finish}) })
	}, w.CrawlEnd(2), w.CrawlEnd(3), w.CrawlEnd(4), w.CrawlEnd(3))
	if transactions != 1 {
		t.Errorf("it took %d transactions", transactions)
	}
	for i, id := range []int64{2, 3, 4, 3} {
		modelstest.NoError(t, heard[i].Err)
		if heard[i].Crawl.ID != id || id == 3 != (heard[i].Callback.UID == other.UID) {
			t.Errorf("%d: got %+v and %+v", i, heard[i].Crawl, heard[i].Callback)
		}
	}
	if raised, woken := len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.Queue.Take()); raised != 3 || woken != 3 {
		t.Errorf("%d callbacks were raised, and %d woken", raised, woken)
	}
}

func TestCrawlsFinishedAtOnceByTwoProcessesRaiseOneCallbackEach(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const crawls, calls = 5, 40
	processes := []*crawl.Service{
		w.FreshCrawlsOn(w.ServiceOn(nil), w.Store.InCrawlTx, w.Store), w.CrawlsOn(w.ServiceOn(nil), w.Store.InCrawlTx),
	}
	heard := make([]finished, calls)
	modelstest.AtOnce(calls, func(i int) {
		f := &heard[i]
		f.Crawl, f.Callback, f.Err = processes[i%len(processes)].FinishCrawl(
			t.Context(), w.Platform, w.CrawlEnd(int64(1+rand.IntN(crawls))),
		)
	})
	uids := map[int64]string{}
	for _, f := range heard {
		modelstest.NoError(t, f.Err)
		uid := f.Callback.UID.String()
		if known, ok := uids[f.Crawl.ID]; ok && known != uid || f.Callback.Source.Of.Raw != f.Crawl.ID {
			t.Errorf("crawl %d has the callbacks %s and %s", f.Crawl.ID, known, uid)
		}
		uids[f.Crawl.ID] = uid
	}
	if raised, woken := len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.Queue.Take()); raised != len(uids) ||
		woken != len(uids) {
		t.Errorf("%d callbacks of %d crawls were raised, and %d woken", raised, len(uids), woken)
	}
}

// anyEnd draws the end of one of some crawls: it may be new or known, repeat another's, contradict it or be wrong in
// itself.
func anyEnd(w *modelstest.World, projects []*tenant.Project) crawl.End {
	draw := func(ids ...*int64) *int64 { return ids[rand.IntN(len(ids))] }
	unknown := new(int64(999_999))
	project := &projects[rand.IntN(len(projects))].ID
	return crawl.End{
		CrawlID:         int64(1 + rand.IntN(30)),
		ProjectID:       draw(&projects[0].ID, &projects[0].ID, &projects[0].ID, project, project, nil, unknown),
		CreatedByUserID: draw(&w.Admin.UserID, &w.Editor.UserID, nil, nil, unknown),
		Kind:            []crawl.Kind{crawl.Standard, crawl.Standard, crawl.TestSuiteBuild}[rand.IntN(3)],
		Status:          []crawl.Status{crawl.Finished, crawl.Finished, crawl.Failed, crawl.Cancelled}[rand.IntN(4)],
	}
}

func TestCrawlsThatEndTogetherEndAsOneByOne(t *testing.T) {
	t.Parallel()
	oneByOne, together := modelstest.NewWorld(t), modelstest.NewWorld(t)
	var projects []*tenant.Project
	for _, w := range []*modelstest.World{oneByOne, together} { // what is done alike has the same ids
		silent, deleted := w.NewProject(w.Acme, nil), w.NewProject(w.Acme, new(modelstest.ProjectURL))
		_, err := w.DeleteProject(t.Context(), w.Admin, deleted.ID)
		modelstest.NoError(t, err)
		for range 5 { // they are known and have not ended
			_, err := w.RunCrawl(t.Context(), w.Editor, w.Shop.ID)
			modelstest.NoError(t, err)
		}
		projects = []*tenant.Project{w.Shop, silent, deleted}
	}
	for range 8 {
		ends := make([]crawl.End, 1+rand.IntN(12))
		want := make([]finished, len(ends))
		for i := range ends {
			ends[i] = anyEnd(oneByOne, projects)
			want[i].Crawl, want[i].Callback, want[i].Err = oneByOne.FinishCrawl(t.Context(), oneByOne.Platform, ends[i])
		}
		heard, transactions := finishTogether(together, together.Store.InCrawlTx, ends...)
		if transactions != 1 {
			t.Errorf("%d calls took %d transactions", len(ends), transactions)
		}
		// Who repeats a call that shares its transaction hears of the callback as it was raised, and else as it was read:
		// without its body.
		withoutBodies := cmpopts.IgnoreFields(callback.Callback{}, "Body")
		if diff := cmp.Diff(want, heard, butForUIDs(), withoutBodies); diff != "" {
			t.Fatalf("%+v (-one by one +together): %s", ends, diff)
		}
		if diff := cmp.Diff(endsOf(oneByOne), endsOf(together), butForUIDs()); diff != "" {
			t.Fatalf("after %+v (-one by one +together): %s", ends, diff)
		}
		oneByOne.Clock.Advance(time.Microsecond)
		together.Clock.Advance(time.Microsecond)
	}
	if one, all := len(oneByOne.Queue.Take()), len(together.Queue.Take()); one != all || one == 0 {
		t.Errorf("%d were woken one by one, %d together", one, all)
	}
}

// butForUIDs compares what is the same in two databases. Errors say the same, whatever they are made of. An id is lost where
// one statement is not enough.
func butForUIDs() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(callback.Callback{}, "ID", "UID", "Ref"),
		cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) }),
	}
}

// ends returns what the database has of the crawls that are ended by chance.
func endsOf(w *modelstest.World) []finished {
	w.T.Helper()
	ids := make([]int64, 30)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	crawls, err := w.Crawls(w.T.Context(), w.Platform, ids...)
	modelstest.NoError(w.T, err)
	slices.SortFunc(crawls, func(a, b *crawl.Crawl) int { return int(a.ID - b.ID) })
	all := make([]finished, len(crawls))
	callbacks := w.CallbacksOf(callback.CrawlFinishedEvent)
	for i, made := range crawls {
		all[i].Crawl = made
		if n := slices.IndexFunc(callbacks, func(c *callback.Callback) bool { return c.Source.Of.Raw == made.ID }); n >= 0 {
			all[i].Callback = callbacks[n]
		}
	}
	return all
}

func TestCallbacksBeyondTheRoomWait(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	elsewhere := w.NewProject(w.Acme, new("https://elsewhere.example/hook"))
	away := w.CrawlEnd(4)
	away.ProjectID = &elsewhere.ID
	w.Queue.Room = 2
	heard, _ := finishTogether(w, w.Store.InCrawlTx, w.CrawlEnd(1), w.CrawlEnd(2), w.CrawlEnd(3), away, w.CrawlEnd(1))
	if n := len(w.TakeStarted(0)); n != 2 {
		t.Errorf("%d are started", n)
	}
	pending := 0
	for _, h := range heard[:4] {
		modelstest.NoError(t, h.Err)
		modelstest.WantStatus(t, h.Callback, callback.StatusPending)
		if w.Due(w.ReadCallback(h.Callback.ID)) {
			pending++
		}
	}
	if woken := len(w.Queue.Take()); pending != 2 || woken != 2 {
		t.Errorf("%d wait, %d of them are woken", pending, woken)
	}
}
