package store_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// scatter makes callbacks of the tenant and of a second project of it in every state that there is, several of each
// moment, and returns all that it has.
func scatter(t *testing.T, s *store.Store, e *estate, random *rand.Rand, count int) []*callback.Callback {
	t.Helper()
	other := newProject(t, s, e.account.ID, start)
	var original *callback.Callback
	for i := range count {
		at := start.Add(time.Duration(i/3) * time.Second)
		c := newCallback(t, s, e.customer, at, func(c *callback.Callback) {
			c.Event = pick(
				random, callback.CrawlFinishedEvent, callback.CrawlFinishedEvent, callback.ReportDownloadGeneratedEvent,
				callback.CallbackFailedEvent,
			)
			c.Lane = to(pick(random, "a.example.com:443", "a.example.com:8443", "a.example.com:9", "b.example.com:80", "b.example.com.au:80"))
			c.Source.Of = pick(random, e.crawl.ObjectID(), e.work.run.ObjectID(), e.job.ObjectID())
			if c.Source.Of.Type == models.TypeRun {
				c.Source.Part = pick(random, models.ObjectID{}, models.ObjectID{Type: run.TypeBatch, Raw: e.batch.ID})
			}
			switch random.IntN(6) {
			case 0, 1:
				c.ProjectID, c.Source = other.ID, callback.Source{}
			case 2:
				c.Target = callback.TargetSSOClient
			case 3:
				if original != nil {
					c.ReplayOfID, c.Ref = &original.ID, original.Ref
				}
			}
		})
		if c.ReplayOfID == nil {
			original = c
		}
		change := stateOf(random, at)
		modelstest.NoError(t, s.DB().Table("callbacks").Where("id = ?", c.ID).Updates(change).Error)
	}
	var made []int64
	modelstest.NoError(t, s.DB().Table("callbacks").Where("account_id = ?", e.account.ID).Pluck("id", &made).Error)
	callbacks, err := s.Callbacks(t.Context(), everything(), made...)
	modelstest.NoError(t, err)
	return callbacks
}

// stateOf is any that a callback of a time can be in.
func stateOf(random *rand.Rand, created time.Time) map[string]any {
	at := created.UnixMicro() + random.Int64N(5)*1e6
	change := map[string]any{
		"http_status": pick[any](random, nil, 100, 200, 204, 410, 503), "attempt_count": random.IntN(4),
		"error_code": pick[any](random, nil, "TIMEOUT", "HTTP_STATUS"), "next_attempt_at": at,
	}
	switch status := pick(random, callback.Statuses()...); status {
	case callback.StatusPending:
		change["held"] = random.IntN(4) == 0
	case callback.StatusRunning:
		change["status"], change["next_attempt_at"], change["lease_until"] = status, nil, at
	case callback.StatusSuccess, callback.StatusFailed:
		change["status"], change["next_attempt_at"], change["finished_at"] = status, nil, at
	}
	return change
}

func pick[T any](random *rand.Rand, among ...T) T { return among[random.IntN(len(among))] }

// meets is what a filter says, callback by callback.
func meets(e *estate, c *callback.Callback, f callback.Filter) bool {
	among := func(n *int, from, to *int) bool {
		return from == nil && to == nil || n != nil && (from == nil || *n >= *from) && (to == nil || *n <= *to)
	}
	within := func(at, since, before *time.Time) bool {
		return since == nil && before == nil ||
			at != nil && (since == nil || !at.Before(*since)) && (before == nil || at.Before(*before))
	}
	is := func(source models.ObjectID, asked bool) bool { return !asked || c.Source.Of == source }
	status := callback.StatusRange{}
	if f.HTTPStatusRange != nil {
		status = *f.HTTPStatusRange
	}
	return (len(f.Status) == 0 || slices.Contains(f.Status, c.Status)) &&
		(len(f.Event) == 0 || slices.Contains(f.Event, c.Event)) &&
		(len(f.ErrorCode) == 0 || c.Error != nil && slices.Contains(f.ErrorCode, c.Error.Code)) &&
		within(&c.CreatedAt, f.CreatedAfter, f.CreatedBefore) && within(c.FinishedAt, f.FinishedAfter, f.FinishedBefore) &&
		within(c.NextAttemptAt, f.NextAttemptAfter, f.NextAttemptBefore) &&
		among(c.HTTPStatus, f.HTTPStatus, f.HTTPStatus) && among(c.HTTPStatus, status.From, status.To) &&
		among(&c.AttemptCount, f.MinAttempts, nil) &&
		(f.Host == nil || c.Target != callback.TargetSSOClient && isOfHost(c.Lane.Host, strings.ToLower(*f.Host))) &&
		(f.UID == nil || c.UID == *f.UID) && (f.Ref == nil || c.Ref == *f.Ref) &&
		(f.IsReplay == nil || *f.IsReplay == (c.ReplayOfID != nil)) &&
		is(e.crawl.ObjectID(), f.CrawlID != nil) && is(e.work.run.ObjectID(), f.RunUID != nil) &&
		is(e.job.ObjectID(), f.JobUUID != nil) && (f.Search == nil || isSearched(e, c, *f.Search))
}

// isOfHost knows what hosts randomFilter asks for.
func isOfHost(host, asked string) bool {
	name, _, _ := strings.Cut(host, ":")
	return host == asked || name == asked
}

// isSearched knows what searches randomFilter asks.
func isSearched(e *estate, c *callback.Callback, text string) bool {
	switch text {
	case e.crawl.ObjectID().String():
		return c.Source.Of == e.crawl.ObjectID()
	case e.work.run.UID.String():
		return c.Source.Of == e.work.run.ObjectID()
	case e.attempt.UID.String():
		return c.ID == e.callback.ID
	case models.ObjectID{Type: "Project", Raw: e.project.ID}.String():
		return c.ProjectID == e.project.ID
	case models.ObjectID{Type: tenant.TypeAccount, Raw: e.account.ID}.String():
		return c.AccountID == e.account.ID
	case e.job.UUID.String():
		return c.Source.Of == e.job.ObjectID()
	case e.batch.UID.String():
		return c.Source.Part.Raw == e.batch.ID
	case models.ObjectID{Type: "User", Raw: 1}.String():
		return false
	}
	number := slices.ContainsFunc([]int64{c.ID, c.ProjectID, c.AccountID, c.Source.Of.Raw, c.Source.Part.Raw}, func(id int64) bool {
		return fmt.Sprint(id) == text
	})
	return c.UID.String() == text || c.Ref.String() == text || c.ObjectID().String() == text || number
}

func randomFilter(random *rand.Rand, e *estate, all []*callback.Callback) callback.Filter {
	moment := func() *time.Time {
		return pick(random, nil, nil, new(start.Add(time.Duration(random.IntN(40))*time.Second)))
	}
	f := callback.Filter{
		Status: some(random, 4, callback.Statuses()), Event: some(random, random.IntN(2)*5, callback.EventNames()),
		CreatedAfter: moment(), CreatedBefore: moment(),
		HTTPStatus: pick(random, nil, nil, nil, new(-1), new(100), new(200), new(410), new(418)),
	}
	any, yes := all[random.IntN(len(all))], new(random.IntN(2) == 0)
	more := []func(){
		func() { f.ErrorCode = some(random, 3, callback.AttemptErrorCodes()[3:11]) },
		func() { f.HTTPStatusRange = &callback.StatusRange{From: new(200), To: pick(random, nil, new(410))} },
		func() { f.Host = pick(random, new("A.example.com"), new("a.example.com:8443"), new("b.example.com")) },
		func() { f.UID = &any.UID },
		func() { f.Ref = &any.Ref },
		func() { f.IsReplay = yes },
		func() { f.MinAttempts = new(random.IntN(5)) },
		func() { f.CrawlID = new(e.crawl.ObjectID()) },
		func() { f.RunUID = &e.work.run.UID },
		func() { f.JobUUID = &e.job.UUID },
		func() { f.FinishedAfter, f.FinishedBefore = moment(), moment() },
		func() { f.NextAttemptAfter, f.NextAttemptBefore = moment(), moment() },
		func() {
			f.Search = new(pick(random, any.UID.String(), any.Ref.String(), any.ObjectID().String(), e.crawl.ObjectID().String(),
				e.work.run.UID.String(), e.attempt.UID.String(), models.ObjectID{Type: "Project", Raw: e.project.ID}.String(),
				models.ObjectID{Type: "User", Raw: 1}.String(), uuid.NewString(), fmt.Sprint(any.ID), fmt.Sprint(e.project.ID),
				models.ObjectID{Type: tenant.TypeAccount, Raw: e.account.ID}.String(), e.job.UUID.String(), e.batch.UID.String()))
		},
	}
	for range random.IntN(3) {
		f.Status, f.Event = nil, nil // or little would be left
		more[random.IntN(len(more))]()
	}
	return f
}

// some are up to so many, also the same twice.
func some[T any](random *rand.Rand, n int, of []T) (list []T) {
	for range random.IntN(n + 1) {
		list = append(list, pick(random, of...))
	}
	return list
}

func randomOrder(random *rand.Rand) callback.Order {
	return callback.Order{
		Field:     pick(random, callback.ByCreated, callback.ByCreated, callback.ByFinished, callback.ByNextAttempt),
		Direction: pick(random, callback.Ascending, callback.Descending),
	}
}

// sortedBy are the callbacks that a list in the order has, in that.
func sortedBy(all []*callback.Callback, order callback.Order, byID bool) []*callback.Callback {
	listed := slices.DeleteFunc(slices.Clone(all), func(c *callback.Callback) bool {
		return order.Field == callback.ByFinished && c.FinishedAt == nil ||
			order.Field == callback.ByNextAttempt && c.NextAttemptAt == nil
	})
	slices.SortFunc(listed, func(a, b *callback.Callback) int {
		if byID {
			return int(a.ID - b.ID)
		}
		return order.Place(a).Compare(order.Place(b))
	})
	if order.Direction == callback.Descending {
		slices.Reverse(listed)
	}
	return listed
}

// theirs are the lists that each callback of an estate stands in, or does not.
func theirs(e *estate) map[callback.Parent]struct {
	id int64
	of func(*callback.Callback) bool
} {
	type list = struct {
		id int64
		of func(*callback.Callback) bool
	}
	tells := func(source models.ObjectID) list {
		return list{source.Raw, func(c *callback.Callback) bool { return c.Source.Of == source }}
	}
	return map[callback.Parent]list{
		callback.OfAccount: {e.account.ID, func(*callback.Callback) bool { return true }},
		callback.OfProject: {e.project.ID, func(c *callback.Callback) bool { return c.ProjectID == e.project.ID }},
		crawl.Owner:        tells(e.crawl.ObjectID()), run.Owner: tells(e.work.run.ObjectID()), job.Owner: tells(e.job.ObjectID()),
		callback.OfSSOClient: {*e.account.SSOClientID, func(c *callback.Callback) bool {
			return c.Target == callback.TargetSSOClient && c.AccountID == e.account.ID
		}},
		callback.OfAll: {0, func(*callback.Callback) bool { return true }},
	}
}

func TestAListIsWhatALookAtEachCallbackFinds(t *testing.T) {
	t.Parallel()
	s, url := storetest.OpenWithURL(t)
	random := rand.New(rand.NewPCG(1, 2))
	e, others := newEstate(t, s, "a"), newEstate(t, s, "b")
	all := scatter(t, s, e, random, 120)
	foreign := scatter(t, s, others, random, 20)
	lists := theirs(e)
	for most, s := range map[int]*store.Store{
		models.MaxLooked: s, 7: storetest.OpenURL(t, url, store.WithLooked(7)), 40: storetest.OpenURL(t, url, store.WithLooked(40)),
	} {
		for range 250 {
			owner, order := pick(random, slices.Sorted(maps.Keys(lists))...), randomOrder(random)
			filter, there := randomFilter(random, e, all), all
			scope := e.scope()
			switch owner {
			case callback.OfSSOClient:
				scope = everything()
			case callback.OfAll:
				scope, there = everything(), slices.Concat(all, foreign)
			}
			matcher, err := callback.NewMatcher(t.Context(), filter, s.NamedBy)
			modelstest.NoError(t, err)
			want := []int64{}
			for _, c := range sortedBy(there, order, owner == callback.OfAll && order.Field == callback.ByCreated) {
				met := meets(e, c, filter)
				if matcher.Matches(c) != met {
					t.Errorf("%+v matches %+v: %t", filter, c, !met)
				}
				if lists[owner].of(c) && met {
					want = append(want, c.ID)
				}
			}
			l := listed{s, scope, owner, lists[owner].id, filter, order}
			l.wantAll(t, random, want, most)
			if nothing, err := l.of(others).ids(t, models.Page{First: 10}); owner != callback.OfAll && (err != nil || len(nothing) > 0) {
				t.Errorf("%v: another account sees %v, %v", l, nothing, err)
			}
		}
	}
}

// listed is a list of callbacks.
type listed struct {
	store  *store.Store
	scope  models.Scope
	owner  callback.Parent
	id     int64
	filter callback.Filter
	order  callback.Order
}

func (l listed) String() string {
	return fmt.Sprintf("%s, %+v, sorted by %v", l.owner, l.filter, l.order)
}

// of is the same list, asked for by another.
func (l listed) of(e *estate) listed {
	l.scope = e.scope()
	return l
}

// wantAll goes through all pages from either end, and counts. Where the store looks through few, a list can be too long
// to be sorted.
func (l listed) wantAll(t *testing.T, random *rand.Rand, want []int64, most int) {
	t.Helper()
	for _, fromEnd := range []bool{false, true} {
		got, err := l.ids(t, models.Page{First: 1 + random.IntN(30), FromEnd: fromEnd, Order: l.order.Name()})
		if errors.Is(err, callback.ErrOrder) && most < models.MaxLooked && l.order.Field != callback.ByCreated {
			continue
		}
		modelstest.NoError(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v, from the end %t, looks through %d: (-want +got)\n%s", l, fromEnd, most, diff)
		}
	}
	l.filter.Sorted = l.order.Field
	counts, err := l.store.CountCallbacks(t.Context(), l.scope, l.owner, []int64{l.id}, l.filter)
	modelstest.NoError(t, err)
	if count := counts[l.id]; count.N > len(want) || count.N != len(want) && (count.Exact || most == models.MaxLooked) {
		t.Errorf("%v: counted %v of %d", l, count, len(want))
	}
}

// ids goes through all pages from one of the ends.
func (l listed) ids(t *testing.T, page models.Page) ([]int64, error) {
	t.Helper()
	got := []int64{}
	for {
		pages, err := l.store.CallbackPages(t.Context(), l.scope, l.owner, []int64{l.id}, l.filter, page)
		if err != nil || pages[l.id] == nil {
			return got, err
		}
		p := pages[l.id]
		if len(p.Nodes) > page.First {
			t.Errorf("%v: %d of %d", l, len(p.Nodes), page.First)
		}
		place := p.SearchedUntil
		switch {
		case page.FromEnd && p.HasPrevious:
			got = append(ids(p.Nodes), got...)
			if place == nil {
				place = new(l.order.Place(p.Nodes[0]))
			}
			page.Before = place
		case !page.FromEnd && p.HasNext:
			got = append(got, ids(p.Nodes)...)
			if place == nil {
				place = new(l.order.Place(p.Nodes[len(p.Nodes)-1]))
			}
			page.After = place
		case page.FromEnd:
			return append(ids(p.Nodes), got...), nil
		default:
			return append(got, ids(p.Nodes)...), nil
		}
	}
}
