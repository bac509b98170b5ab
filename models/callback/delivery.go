package callback

import (
	"context"
	"net/http"
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
	signer   tenant.SigningOwner
	secrets  []*tenant.SigningSecret
	counted  bool          // as a failure of the receiver's, once it is decided
	first    bool          // the first one
	refusal  *AttemptError // why no request leaves, where the claim has found that
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
	engine      *Service
	settlements *combine.Combiner[*Settlement, struct{}]
	failures    *combine.Combiner[*Settlement, struct{}] // those that go into digests
	digesting   digesting
}

func newDeliveries(engine *Service) *Deliveries {
	ds := &Deliveries{engine: engine}
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

// Headers returns the request's headers: the configured ones, and over them those that every callback carries.
func (d *Delivery) Headers(userAgent string, at time.Time) (http.Header, error) {
	ref := d.Callback.Ref.String()
	signature, err := Sign(d.secrets, ref, at, d.Callback.Body)
	if err != nil {
		return nil, err
	}
	h := models.RequestHeader(d.Target.Configured(), userAgent)
	models.SetHeader(h, "Content-Type", d.Callback.ContentType)
	models.SetHeader(h, "X-Callback-Ref", ref)
	models.SetHeader(h, "X-Run-Callback", d.Attempt.UID.String())
	models.SetHeader(h, "X-Callback-Attempt", strconv.Itoa(d.Attempt.Number))
	models.SetHeader(h, "Webhook-Id", ref)
	models.SetHeader(h, "Webhook-Timestamp", unixText(at))
	models.SetHeader(h, "Webhook-Signature", signature)
	return h, nil
}
