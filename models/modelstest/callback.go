package modelstest

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/store"
)

// MustClaimMany makes callbacks that are due, and claims as many: what a worker has in hand.
func (w *World) MustClaimMany(like *callback.Callback, count int) []*callback.Delivery {
	w.T.Helper()
	w.MoreCallbacks(like, ProjectHost, count)
	w.Clock.Advance(time.Second)
	deliveries := w.ClaimLane(w.Lane(ProjectHost), count)
	if len(deliveries) != count {
		w.T.Fatalf("claimed %d, want %d", len(deliveries), count)
	}
	return deliveries
}

// MustRenew returns what was renewed.
func (w *World) MustRenew(leases ...callback.Lease) []callback.Lease {
	w.T.Helper()
	renewed, err := w.Renew(w.T.Context(), leases)
	NoError(w.T, err)
	return renewed
}

// LateDelivery returns a delivery whose worker came too late: the sweep has taken its callback.
func (w *World) LateDelivery(c *callback.Callback) *callback.Delivery {
	w.T.Helper()
	d := w.MustClaim(c.ID)
	w.Clock.Advance(callback.LeaseTime)
	if interrupted, _ := w.MustSweep(); interrupted != 1 {
		w.T.Fatalf("interrupted %d", interrupted)
	}
	WantStatus(w.T, w.ReadCallback(c.ID), callback.StatusPending)
	w.Queue.Take()
	return d
}

// WantFitting checks what a status has beside it, so that no callback is stuck: each one that has not ended has a time
// at which the sweep finds it.
func WantFitting(t testing.TB, c *callback.Callback) {
	t.Helper()
	pending, running := c.Status == callback.StatusPending, c.Status == callback.StatusRunning
	if (c.NextAttemptAt != nil) != pending || (c.LeaseUntil != nil) != running ||
		(c.FinishedAt != nil) != c.Status.Ended() {
		t.Errorf("a callback that is %s has %+v", c.Status, c)
	}
}

// SweepAtAnyTime interrupts what others have in hand, when the clock has gone on far enough.
func (w *World) SweepAtAnyTime() {
	w.SweptByOthers()
	if _, _, err := w.Sweep(w.T.Context()); err != nil {
		w.T.Error(err)
	}
}

// WantInterrupted sweeps once, and expects what that interrupts.
func (w *World) WantInterrupted(want int) {
	w.T.Helper()
	interrupted, _, err := w.Sweep(w.T.Context())
	NoError(w.T, err)
	if interrupted != want {
		w.T.Errorf("at %s: interrupted %d, want %d", w.Clock.Now(), interrupted, want)
	}
}

// MustRelease gives deliveries back.
func (w *World) MustRelease(deliveries ...*callback.Delivery) {
	w.T.Helper()
	NoError(w.T, w.Release(w.T.Context(), deliveries))
}

// Retention is how long rows stay in the tests of purges.
const Retention = 30 * 24 * time.Hour

// PayloadsFirst keeps payloads for a day, and rows for longer.
var PayloadsFirst = callback.Retention{Rows: Retention, Payloads: 24 * time.Hour}

// MustPurge returns what went.
func (w *World) MustPurge(keep callback.Retention) callback.Purged {
	w.T.Helper()
	gone, err := w.Purge(w.T.Context(), keep)
	NoError(w.T, err)
	return gone
}

// MustClaim takes a callback that must be due, from wherever it waits; those that have waited there for longer are
// taken before it.
func (w *World) MustClaim(id int64) *callback.Delivery {
	w.T.Helper()
	for {
		c := w.ReadCallback(id)
		if !w.Due(c) {
			w.T.Fatalf("callback %d cannot be claimed", id)
		}
		if d := DeliveryOf(w.ClaimLane(c.Lane, 1), id); d != nil {
			return d
		}
	}
}

// Due tells whether a callback waits to be claimed.
func (w *World) Due(c *callback.Callback) bool {
	return c.Status == callback.StatusPending && !c.Held && !c.Paused && !c.NextAttemptAt.After(w.Clock.Now())
}

// ClaimLane takes up to so many callbacks that are due in a lane.
func (w *World) ClaimLane(lane callback.Lane, limit int) []*callback.Delivery {
	w.T.Helper()
	deliveries, _, _, err := w.Claim(w.T.Context(), Limit(lane, limit))
	NoError(w.T, err)
	return deliveries
}

// DeliveryOf finds a callback's among deliveries.
func DeliveryOf(deliveries []*callback.Delivery, id int64) *callback.Delivery {
	i := slices.IndexFunc(deliveries, func(d *callback.Delivery) bool { return d.Callback.ID == id })
	if i < 0 {
		return nil
	}
	return deliveries[i]
}

// MayClaim tells whether a callback can be claimed, and claims it if so.
func (w *World) MayClaim(id int64) bool {
	w.T.Helper()
	c := w.ReadCallback(id)
	due := w.Due(c)
	claimed := DeliveryOf(w.ClaimLane(c.Lane, 100), id) != nil
	if due != claimed {
		w.T.Errorf("callback %d is due: %t, claimed: %t", id, due, claimed)
	}
	return claimed
}

// MustSettle writes what came of a delivery.
func (w *World) MustSettle(d *callback.Delivery, o callback.Outcome) {
	w.T.Helper()
	NoError(w.T, w.Settle(w.T.Context(), w.Decide(d, o)))
}

// Answered is an answer of a receiver.
func Answered(status int) callback.Outcome { return callback.Outcome{HTTPStatus: &status} }

// OnTheWire gives an outcome what is known of a request with a configured header, and of its answer.
func OnTheWire(o callback.Outcome, configured models.Header) callback.Outcome {
	o.Connection = callback.Connection{
		Remote: "203.0.113.10:443", HTTP: "HTTP/1.1", TLS: "TLS 1.3", ConnectionReused: true,
	}
	o.Sent = http.Header{"User-Agent": {"Ringback/1"}, configured.Key: {configured.Value.Reveal()}}
	o.Received = http.Header{"Date": {"Thu, 09 Jul 2020 16:25:35 GMT"}, "Retry-After": {"120"}}
	o.RetryAfter, o.BodyCut = "120", true
	return o
}

// Refused is a connection that the receiver did not take.
func Refused() callback.Outcome {
	return callback.Outcome{Error: &callback.AttemptError{Code: callback.ConnectRefused, Message: "connection refused"}}
}

// Deliver makes one attempt, at the moment the callback is due.
func (w *World) Deliver(id int64, o callback.Outcome) *callback.Callback {
	w.T.Helper()
	if c := w.ReadCallback(id); c.NextAttemptAt != nil && c.NextAttemptAt.After(w.Clock.Now()) {
		w.Clock.Advance(c.NextAttemptAt.Sub(w.Clock.Now()))
	}
	w.MustSettle(w.MustClaim(id), o)
	return w.ReadCallback(id)
}

// ReadCallback reads a callback as it is in the database.
func (w *World) ReadCallback(id int64) *callback.Callback {
	w.T.Helper()
	c, err := w.Callback(w.T.Context(), w.Platform.Scope(models.RoleViewer), id)
	NoError(w.T, err)
	c.Body = []byte(w.ReadText(models.PayloadText, id)) // the history leaves it out
	return c
}

// ReadText returns a long text of an entity.
func (w *World) ReadText(field models.TextField, id int64) string {
	w.T.Helper()
	texts, err := w.Store.Texts(w.T.Context(), w.Platform.Scope(models.RoleViewer), field, id)
	NoError(w.T, err)
	return texts[id]
}

// CallbacksOf returns all callbacks of an event, oldest first.
func (w *World) CallbacksOf(event callback.EventName) []*callback.Callback {
	w.T.Helper()
	pages, err := w.CallbackPages(w.T.Context(), w.Platform.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Acme.ID},
		callback.Filter{Event: []callback.EventName{event}}, models.Page{First: models.MaxPageSize})
	NoError(w.T, err)
	found := pages[w.Acme.ID].Nodes
	slices.Reverse(found)
	for _, c := range found {
		c.Body = []byte(w.ReadText(models.PayloadText, c.ID))
	}
	return found
}

// Notices returns what the partner hears of single failures, oldest first.
func (w *World) Notices() []*callback.Callback { return w.CallbacksOf(callback.CallbackFailedEvent) }

// Attempts returns the attempts of a callback, oldest first.
func (w *World) Attempts(id int64) []*callback.Attempt {
	w.T.Helper()
	pages, err := w.AttemptPages(
		w.T.Context(), w.Platform.Scope(models.RoleViewer), []int64{id}, models.Page{First: models.MaxPageSize},
	)
	NoError(w.T, err)
	return pages[id].Nodes
}

// SweptByOthers is what other workers do meanwhile: there is no outage, however far the clock goes on.
func (w *World) SweptByOthers() {
	w.T.Helper()
	if _, err := w.Store.Swept(w.T.Context(), w.Clock.Now(), time.Time{}, time.Time{}); err != nil {
		w.T.Error(err)
	}
}

// MustSweep sweeps once, in a world without an outage.
func (w *World) MustSweep() (interrupted, woken int) {
	w.T.Helper()
	w.SweptByOthers()
	interrupted, woken, err := w.Sweep(w.T.Context())
	NoError(w.T, err)
	return interrupted, woken
}

// WantStatus ends a test that cannot go on with a callback of another status.
func WantStatus(t testing.TB, c *callback.Callback, want callback.Status) {
	t.Helper()
	if c.Status != want {
		t.Fatalf("the callback is %s, want %s", c.Status, want)
	}
}

// ErrBroken is what a broken store says.
var ErrBroken = errors.New("the database is away")

// WakeGrace is how long the queue has for a wake-up.
const WakeGrace = time.Second

// SweepEpoch is the number of the sweep interval that a time is in.
func SweepEpoch(at time.Time) int { return int(at.Unix() / 2) }

// MoreCallbacks creates callbacks like a given one that wait for a host, each due a microsecond after the one before,
// and returns their ids.
func (w *World) MoreCallbacks(like *callback.Callback, host string, count int) []int64 {
	w.T.Helper()
	created := make([]int64, count)
	NoError(w.T, w.Store.Transaction(w.T.Context(), func(tx *store.Store) error {
		for i := range created {
			c := *like
			c.UID, c.Lane.Host = uuid.Must(uuid.NewV7()), host
			c.DedupKey, c.NextAttemptAt = c.UID.String(), new(like.NextAttemptAt.Add(time.Duration(i+1)*time.Microsecond))
			if err := tx.CreateCallbacks(w.T.Context(), &c); err != nil {
				return err
			}
			created[i] = c.ID
		}
		return nil
	}))
	return created
}
