package callback

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/combine"
	"github.com/ringback/ringback/models/tenant"
)

// Delivery is one attempt in a worker's hand.
type Delivery struct {
	Callback *Callback
	Attempt  *Attempt
	Target   tenant.Target
	Budget   Budget
	signer   tenant.SigningOwner
	secrets  []*tenant.SigningSecret
	counted  bool          // as a failure of the receiver's, once it is decided
	first    bool          // the first one
	refusal  *AttemptError // why no request leaves, where the claim has found that
	readAt   time.Time     // when what it goes by was read, or earlier: see MayBegin
}

// LeaseTime is how long a claim lasts unless it is renewed; a worker renews its claims every LeaseRenewal. A worker
// that was killed is noticed when the lease has run out and the sweep has come by: within LeaseTime + one sweep = 12
// s.
const (
	LeaseTime    = 10 * time.Second
	LeaseRenewal = 3 * time.Second
)

// Deliveries are the callbacks in workers' hands, from the claim to what comes of it.
type Deliveries struct {
	Claims[DeliveryTx, *Callback, *Delivery]

	engine      *Service
	settlements *combine.Combiner[*Settlement, struct{}]
	failures    *combine.Combiner[*Settlement, struct{}] // those that go into digests
	digesting   accountHints                             // by digests
	recovering  accountHints                             // of arrivals, too
}

func newDeliveries(engine *Service) *Deliveries {
	ds := &Deliveries{engine: engine}
	ds.Claims = NewClaims(Kind[DeliveryTx, *Callback, *Delivery]{
		Name: LeasedCallbacks, Leases: engine.db.LeaseStore, Now: engine.now, InTx: engine.db.InDeliveryTx,
		Due: DeliveryTx.ClaimDue, Suspect: DeliveryTx.ClaimSuspect, Lane: func(c *Callback) Lane { return c.Lane },
		Prepare: ds.prepare,
	})
	settlement := combine.Work[*Settlement, struct{}]{
		Name: "settlement", Do: ds.settleAll, Timeout: settleTimeout, Gather: combine.GatherTime, Log: engine.log,
		Catch: engine.troubles.Catch,
	}
	ds.settlements, ds.failures = combine.New(settlement), combine.New(settlement)
	return ds
}

// MaxClaimedBody is how long a body may be, in bytes, that is read with the claim. A longer one is fetched when its
// request starts, so that what waits in a worker takes little of its memory.
const MaxClaimedBody = 64 << 10

// Fetch reads what of a delivery the claim has left out, in one statement. Where nothing is missing it does nothing.
func (ds *Deliveries) Fetch(ctx context.Context, d *Delivery) error {
	c := d.Callback
	if c.BodyBytes == 0 {
		return nil
	}
	body, err := ds.engine.db.Body(ctx, c.ID)
	if err == nil {
		c.Body, c.BodyBytes = body, 0
	}
	return err
}

// Bytes is the size of the request's body, also before it is fetched.
func (d *Delivery) Bytes() int64 { return int64(len(d.Callback.Body)) + d.Callback.BodyBytes }

// Start is called when the request leaves: a delivery that was claimed ahead has waited for its turn.
func (d *Delivery) Start(at time.Time) { d.Attempt.StartedAt = at.UTC().Truncate(time.Microsecond) }

func (d *Delivery) rules() event { return d.Callback.rules() }

// Refusal says why the delivery's request cannot leave at all; nil when it can.
func (d *Delivery) Refusal() *AttemptError {
	if d.refusal != nil {
		return d.refusal
	}
	if d.Target.URL == "" {
		return &AttemptError{NoCallbackURL, "there is no URL to call back to any more"}
	}
	if err := models.CheckSendableURL("the URL", d.Target.URL); err != nil {
		return &AttemptError{InvalidURL, err.Error()}
	}
	return nil
}

// warning says what would be refused if the target were set today; nil: nothing.
func (d *Delivery) warning() *string {
	return models.EndpointWarning(d.Target.URL, d.Target.Configured())
}

// ownHeaders are those that every callback carries: their values are known from the callback and the attempt, all but
// the signature's.
var ownHeaders = []string{
	"Content-Type", "Webhook-Id", signatureHeader, "Webhook-Timestamp", "X-Callback-Attempt", "X-Callback-Event",
	"X-Callback-Ref", "X-Run-Callback",
}

// testHeader is of tests alone.
const testHeader = "X-Callback-Test"

func (e event) ownHeaders() []string {
	if e.test {
		return append(slices.Clone(ownHeaders), testHeader)
	}
	return ownHeaders
}

// ownHeader is the value of one of them in an attempt that began at a time.
func (c *Callback) ownHeader(name string, a *Attempt, at time.Time, signature string) string {
	switch name {
	case "Content-Type":
		return c.ContentType
	case signatureHeader:
		return signature
	case "Webhook-Timestamp":
		return unixText(at)
	case "X-Callback-Attempt":
		return strconv.Itoa(a.Number)
	case "X-Callback-Event":
		return string(c.Event)
	case "X-Run-Callback":
		return a.UID.String()
	case testHeader:
		return "true"
	}
	return c.Ref.String()
}

// Headers returns the request's headers: the configured ones, and over them those that every callback carries.
func (d *Delivery) Headers(userAgent string, at time.Time) (http.Header, error) {
	signature, err := Sign(d.secrets, d.Callback.Ref.String(), at, d.Callback.Body)
	if err != nil {
		return nil, err
	}
	h := models.RequestHeader(d.Target.Configured(), userAgent)
	for _, name := range d.rules().ownHeaders() {
		models.SetHeader(h, name, d.Callback.ownHeader(name, d.Attempt, at, signature))
	}
	return h, nil
}

// SentHeaders are the headers of an attempt's request, in alphabetical order; the signature is masked, as the values of
// configured headers are. nil: no request left, its answer is awaited, or they were deleted.
func (c *Callback) SentHeaders(a *Attempt, stored Headers) []HeaderField {
	var own []HeaderField
	for _, name := range c.rules().ownHeaders() {
		own = append(own, HeaderField{name, c.ownHeader(name, a, a.StartedAt, models.Masked)})
	}
	return stored.With(own...)
}

// Trigger is what an attempt was made for.
type Trigger string

// Triggers of attempts.
const (
	TriggerFirst  Trigger = "FIRST"
	TriggerRetry  Trigger = "RETRY"
	TriggerReplay Trigger = "REPLAY"
	TriggerTest   Trigger = "TEST"
)

// Trigger is what an attempt of the callback was made for.
func (c *Callback) Trigger(a *Attempt) Trigger {
	switch {
	case c.rules().test: // also of the end of one that was interrupted
		return TriggerTest
	case a.Number > 1:
		return TriggerRetry
	case c.ReplayOfID != nil:
		return TriggerReplay
	}
	return TriggerFirst
}
