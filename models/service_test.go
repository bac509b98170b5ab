package models_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// start is when the clock of every test begins.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// queue records wake-ups instead of sending them, and starts instead of making them.
type queue struct {
	mu      sync.Mutex
	wakeups []models.Wakeup
	err     error
	room    int // of a worker
	kept    int // how many reservations are open
	asked   []reserved
	started []*models.Delivery

	patience time.Duration // of the last who woke
}

func (q *queue) Wake(ctx context.Context, _ time.Time, wakeups []models.Wakeup) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if deadline, ok := ctx.Deadline(); ok {
		q.patience = time.Until(deadline)
	}
	if q.err == nil {
		q.wakeups = append(q.wakeups, wakeups...)
	}
	return q.err
}

func (q *queue) Reserve(lane models.Lane, n int, bytes int64) models.Reservation {
	q.mu.Lock()
	defer q.mu.Unlock()
	room := min(n, q.room)
	q.room -= room
	q.kept++
	q.asked = append(q.asked, reserved{lane, n, bytes})
	return &reservation{queue: q, n: room}
}

// reserved is what was asked for.
type reserved struct {
	lane  models.Lane
	n     int
	bytes int64
}

type reservation struct {
	queue *queue
	n     int
	ended bool
}

func (r *reservation) N() int { return r.n }

func (r *reservation) Start(_ context.Context, deliveries []*models.Delivery) { r.end(deliveries) }

func (r *reservation) Return() { r.end(nil) }

func (r *reservation) end(deliveries []*models.Delivery) {
	q := r.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.ended {
		return
	}
	r.ended = true
	q.kept--
	q.room += r.n - len(deliveries)
	q.started = append(q.started, deliveries...)
}

// lane is where the project's callbacks to a host wait, or its jobs', or the notices to the partner.
func (w *world) lane(host string) models.Lane {
	lane := laneOf(w.project, host)
	switch host {
	case webhookHost:
		lane.Owner = "sso:" + w.client.RawID()
	case jobHost:
		lane.Owner = "request:" + w.project.RawID()
	}
	return lane
}

// laneOf is where callbacks to a project's own URL wait.
func laneOf(p *models.Project, host string) models.Lane {
	return models.Lane{Host: host, Owner: "project:" + p.RawID(), Account: p.AccountID}
}

// of asks for so much of a lane.
func of(lane models.Lane, limit int) []models.LaneLimit {
	return []models.LaneLimit{{Lane: lane.String(), Limit: limit}}
}

// take returns the wake-ups since the last call.
func (q *queue) take() []models.Wakeup {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.wakeups
	q.wakeups = nil
	return taken
}

func (q *queue) fail() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = errors.New("redis is down")
}

const (
	accountURL  = "https://account.example/hook"
	projectURL  = "https://project.example/hook"
	projectHost = "project.example:443"
	webhookURL  = "https://partner.example/webhook"
	webhookHost = "partner.example:443"
)

// world is a database with the tenant of the published examples, and one more account that is none of its business.
type world struct {
	*models.Service
	*jobs
	*crawls
	t     testing.TB
	store *store.Store
	url   string // of the database
	queue *queue
	clock *clock
	rules models.Rules

	client         *models.SSOClient
	account, other *models.Account
	project        *models.Project // with a callback URL of its own
	user           *models.User    // the admin
	// The admin, editor and viewer are the account's; the outsider is the other account's admin.
	platform, admin, editor, viewer, outsider *models.Actor
}

// twoRetries is the schedule of most tests.
var twoRetries = models.Schedule{5 * time.Second, 5 * time.Minute}

func newWorld(t testing.TB, opts ...store.Option) *world {
	t.Helper()
	opened, url := storetest.OpenWithURL(t, opts...)
	w := &world{
		t: t, store: opened, url: url, queue: &queue{}, clock: &clock{at: start}, platform: models.PlatformActor(),
		rules: models.Rules{PublicURL: "https://ringback.example", Schedule: twoRetries, LineWait: 15 * time.Minute},
	}
	w.configure()
	ctx := t.Context()
	var err error
	w.client, err = w.CreateSSOClient(ctx, w.platform, models.NewSSOClient{
		Name: "Acme SSO", Webhook: models.EndpointUpdate{URL: models.Given(new(webhookURL))},
	})
	noError(t, err)
	w.account, err = w.CreateAccount(ctx, w.platform, models.NewAccount{
		RawID: 123123, Name: "Acme", SSOClientID: &w.client.ID, PartnerAccountID: new("123123"),
	})
	noError(t, err)
	w.other, err = w.CreateAccount(ctx, w.platform, models.NewAccount{Name: "Other"})
	noError(t, err)
	w.admin = w.newActor(w.account, models.RoleAdmin)
	w.user = w.admin.User
	w.editor, w.viewer = w.newActor(w.account, models.RoleEditor), w.newActor(w.account, models.RoleViewer)
	w.outsider = w.newActor(w.other, models.RoleAdmin)
	w.project = w.newProject(w.account, new(projectURL))
	return w
}

// configure makes the service anew, after a change of the rules.
func (w *world) configure() { w.Service = w.on(w.store); w.addSources() }

// on returns a service on another store.
func (w *world) on(s models.Store) *models.Service {
	return models.NewService(s, w.queue, w.rules, slog.New(slog.DiscardHandler)).
		WithClock(w.clock.now, func() float64 { return 0.5 }) // the middle: delays are as planned
}

func (w *world) newActor(account *models.Account, role models.Role) *models.Actor {
	w.t.Helper()
	user, err := w.CreateUser(w.t.Context(), w.platform, models.NewUser{
		Email: string(role) + "@" + account.RawID() + ".example", FirstName: new("Demo"), LastName: new("User"),
		PartnerUserID: new("3333312"), Accounts: []models.Membership{{AccountID: account.ID, Role: role}},
	})
	noError(w.t, err)
	return &models.Actor{User: user, Roles: map[int64]models.Role{account.ID: role}}
}

func (w *world) newProject(account *models.Account, url *string) *models.Project {
	w.t.Helper()
	p, err := w.CreateProject(w.t.Context(), w.platform, models.NewProject{
		AccountID: account.ID, Name: "Shop", PrimaryDomain: "https://www.example.com/",
		Callback: models.EndpointUpdate{URL: models.Given(url)},
	})
	noError(w.t, err)
	return p
}

// ended is the input that finishes a crawl of the project well.
func (w *world) ended(crawlID int64) crawl.End {
	return crawl.End{
		CrawlID: crawlID, ProjectID: &w.project.ID, CreatedByUserID: &w.user.ID,
		Kind: crawl.Standard, Status: crawl.Finished,
	}
}

// raised returns the callback of a crawl that finishes now, and forgets its wake-up.
func (w *world) raised() *models.Callback {
	w.t.Helper()
	made, err := w.RunCrawl(w.t.Context(), w.admin, w.project.ID)
	noError(w.t, err)
	_, c, err := w.FinishCrawl(w.t.Context(), w.platform, crawl.End{
		CrawlID: made.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	noError(w.t, err)
	if c == nil {
		w.t.Fatal("no callback was raised")
	}
	w.queue.take()
	return c
}

// claim takes a callback that must be due, from wherever it waits; those that have waited there for longer are taken before it.
func (w *world) claim(id int64) *models.Delivery {
	w.t.Helper()
	for {
		c := w.callback(id)
		if !w.due(c) {
			w.t.Fatalf("callback %d cannot be claimed", id)
		}
		if d := delivery(w.claimLane(c.Lane, 1), id); d != nil {
			return d
		}
	}
}

// due tells whether a callback waits to be claimed.
func (w *world) due(c *models.Callback) bool {
	return c.Status == models.StatusPending && !c.Held && !c.NextAttemptAt.After(w.clock.now())
}

func (w *world) claimLane(lane models.Lane, limit int) []*models.Delivery {
	w.t.Helper()
	deliveries, _, _, err := w.Claim(w.t.Context(), of(lane, limit))
	noError(w.t, err)
	return deliveries
}

// delivery finds a callback's among deliveries.
func delivery(deliveries []*models.Delivery, id int64) *models.Delivery {
	i := slices.IndexFunc(deliveries, func(d *models.Delivery) bool { return d.Callback.ID == id })
	if i < 0 {
		return nil
	}
	return deliveries[i]
}

// mayClaim tells whether a callback can be claimed, and claims it if so.
func (w *world) mayClaim(id int64) bool {
	w.t.Helper()
	c := w.callback(id)
	due := w.due(c)
	claimed := delivery(w.claimLane(c.Lane, 100), id) != nil
	if due != claimed {
		w.t.Errorf("callback %d is due: %t, claimed: %t", id, due, claimed)
	}
	return claimed
}

func (w *world) record(d *models.Delivery, o models.Outcome) {
	w.t.Helper()
	noError(w.t, w.Settle(w.t.Context(), w.Decide(d, o)))
}

func answered(status int) models.Outcome { return models.Outcome{HTTPStatus: &status} }

func refused() models.Outcome {
	return models.Outcome{Error: &models.AttemptError{Code: models.ConnectRefused, Message: "connection refused"}}
}

// deliver makes one attempt, at the moment the callback is due.
func (w *world) deliver(id int64, o models.Outcome) *models.Callback {
	w.t.Helper()
	if c := w.callback(id); c.NextAttemptAt != nil && c.NextAttemptAt.After(w.clock.now()) {
		w.clock.advance(c.NextAttemptAt.Sub(w.clock.now()))
	}
	w.record(w.claim(id), o)
	return w.callback(id)
}

// callback reads a callback as it is in the database.
func (w *world) callback(id int64) *models.Callback {
	w.t.Helper()
	c, err := w.Callback(w.t.Context(), w.platform, id)
	noError(w.t, err)
	c.Body = []byte(w.text(models.PayloadText, id)) // the history leaves it out
	return c
}

// text returns a long text of an entity.
func (w *world) text(field models.TextField, id int64) string {
	w.t.Helper()
	texts, err := w.Texts(w.t.Context(), w.platform, field, id)
	noError(w.t, err)
	return texts[id]
}

// callbacks returns all callbacks of an event, oldest first.
func (w *world) callbacks(event models.EventName) []*models.Callback {
	w.t.Helper()
	pages, err := w.CallbackPages(w.t.Context(), w.platform, models.OwnerAccount, []int64{w.account.ID},
		models.CallbackFilter{Event: []models.EventName{event}}, models.Page{First: models.MaxPageSize})
	noError(w.t, err)
	found := pages[w.account.ID].Nodes
	slices.Reverse(found)
	for _, c := range found {
		c.Body = []byte(w.text(models.PayloadText, c.ID))
	}
	return found
}

func (w *world) notices() []*models.Callback { return w.callbacks(models.CallbackFailedEvent) }

// attempts returns the attempts of a callback, oldest first.
func (w *world) attempts(id int64) []*models.Attempt {
	w.t.Helper()
	pages, err := w.AttemptPages(w.t.Context(), w.platform, []int64{id}, models.Page{First: models.MaxPageSize})
	noError(w.t, err)
	return pages[id].Nodes
}

// swept is what other workers do meanwhile: there is no outage, however far the clock goes on.
func (w *world) swept() {
	w.t.Helper()
	if _, err := w.store.Swept(w.t.Context(), w.clock.now(), time.Time{}, time.Time{}); err != nil {
		w.t.Error(err)
	}
}

func (w *world) sweep() (interrupted, woken int) {
	w.t.Helper()
	w.swept()
	interrupted, woken, err := w.Sweep(w.t.Context())
	noError(w.t, err)
	return interrupted, woken
}

func wantStatus(t testing.TB, c *models.Callback, want models.Status) {
	t.Helper()
	if c.Status != want {
		t.Fatalf("the callback is %s, want %s", c.Status, want)
	}
}

// atOnce runs f n times at the same moment.
func atOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-ready
			f(i)
		})
	}
	close(ready)
	group.Wait()
}
