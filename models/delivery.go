package models

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Delivery is one attempt in a worker's hand.
type Delivery struct {
	Callback *Callback
	Attempt  *Attempt
	Target   Target
	secrets  []*SigningSecret
}

// Claim takes a callback for one attempt: in one transaction it gets a lease, its target is resolved, and the attempt's row
// is written, so that no request leaves without one. It returns nil when there is nothing to do, which is no error:
// a wake-up may come early, late or twice.
func (s *Service) Claim(ctx context.Context, callbackID int64) (*Delivery, error) {
	var d *Delivery
	err := s.store.InTx(ctx, func(tx Store) error {
		at := s.now()
		c, err := tx.ClaimCallback(ctx, callbackID, at, at.Add(s.rules.Timeout+LeaseMargin))
		if err != nil || c == nil {
			return err
		}
		d, err = prepare(ctx, tx, c, at)
		if err != nil {
			return err
		}
		return tx.CreateAttempt(ctx, d.Attempt)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func prepare(ctx context.Context, tx Store, c *Callback, at time.Time) (*Delivery, error) {
	account, project, err := tx.Owners(ctx, c.ProjectID)
	if err != nil {
		return nil, err
	}
	target, err := resolveTarget(ctx, tx, c, account, project)
	if err != nil {
		return nil, err
	}
	owner := SigningOwner{ProjectID: project.ID}
	if c.Target == TargetSSOClient && account.SSOClientID != nil {
		owner = SigningOwner{SSOClientID: *account.SSOClientID}
	}
	secrets, err := tx.SigningSecrets(ctx, at, owner)
	if err != nil {
		return nil, err
	}
	attempt := &Attempt{UID: newUID(), CallbackID: c.ID, Number: c.AttemptCount, StartedAt: at}
	if target.URL != "" {
		attempt.URL, c.TargetURL = &target.URL, &target.URL
	}
	return &Delivery{c, attempt, target, secrets[owner]}, nil
}

func (d *Delivery) rules() event { return events[d.Callback.Event] }

// Refusal says why the delivery's request cannot leave at all; nil when it can.
func (d *Delivery) Refusal() *AttemptError {
	if d.Target.URL == "" {
		return &AttemptError{NoCallbackURL, "there is no URL to call back to any more"}
	}
	if err := CheckCallbackURL("the URL", d.Target.URL); err != nil {
		return &AttemptError{InvalidURL, err.Error()}
	}
	return nil
}

// Headers returns the request's headers: the configured ones, and over them those that every callback carries.
func (d *Delivery) Headers(userAgent string, at time.Time) (http.Header, error) {
	ref := d.Callback.Ref.String()
	signature, err := Sign(d.secrets, ref, at, d.Callback.Body)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set("User-Agent", userAgent)
	for _, c := range d.Target.Headers {
		h.Set(c.Key, c.Value.Reveal())
	}
	h.Set("Content-Type", d.Callback.ContentType)
	h.Set("X-Callback-Ref", ref)
	h.Set("X-Run-Callback", d.Attempt.UID.String())
	h.Set("X-Callback-Attempt", strconv.Itoa(d.Attempt.Number))
	h.Set("webhook-id", ref)
	h.Set("webhook-timestamp", unixText(at))
	h.Set("webhook-signature", signature)
	return h, nil
}

// Record writes what came of a delivery and decides what is next, in one transaction with the notice to the SSO partner
// where one is due: success, another attempt later, or giving up. When another worker has claimed the callback since
// (this one's lease ran out), only the attempt is completed. On an error nothing is changed, and the same call may be made
// again; when all is written, d shows it.
func (s *Service) Record(ctx context.Context, d *Delivery, o Outcome) error {
	return s.settle(ctx, d, func(next *Delivery, at time.Time) {
		next.Attempt.finish(o, next.rules(), next.Target.Headers, at)
		s.decide(next, o, at)
	})
}

// Interrupt gives a delivery back whose answer nobody waits for, because this process stops. It costs no retry.
func (s *Service) Interrupt(ctx context.Context, d *Delivery) error {
	return s.settle(ctx, d, func(next *Delivery, at time.Time) {
		next.Attempt.interrupt(at)
		next.Callback.due(at, at)
	})
}

// decide moves the callback to its next status after a finished attempt.
func (s *Service) decide(d *Delivery, o Outcome, at time.Time) {
	c := d.Callback
	c.HTTPStatus, c.Error = d.Attempt.HTTPStatus, d.Attempt.Error
	if d.Attempt.Error == nil {
		c.end(StatusSuccess, at)
		return
	}
	c.FailureCount++
	delay, again := s.rules.Schedule.Delay(c.FailureCount, o, d.Attempt.Error.Code, at, s.rand())
	if !again {
		c.end(StatusFailed, at)
		return
	}
	c.due(at.Add(delay).Truncate(time.Microsecond), at)
}

// settle writes a delivery after a change, with the notice where one is due.
func (s *Service) settle(ctx context.Context, d *Delivery, change func(next *Delivery, at time.Time)) error {
	callback, attempt := *d.Callback, *d.Attempt
	next := &Delivery{&callback, &attempt, d.Target, d.secrets}
	change(next, s.now())
	var notice *Callback
	owned := false
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if err := tx.FinishAttempt(ctx, next.Attempt); err != nil {
			return err
		}
		owned, err = tx.SettleCallback(ctx, next.Callback)
		if err != nil || !owned || !next.noticeDue() {
			return err
		}
		notice, err = s.raiseNotice(ctx, tx, next)
		return err
	})
	if err != nil {
		return err
	}
	*d = *next
	if owned {
		s.wake(ctx, d.Callback, notice)
	}
	return nil
}

// noticeDue: on the first failure, and again when the callback is given up; once where that is the same moment.
func (d *Delivery) noticeDue() bool {
	failed := d.Attempt.Error != nil && d.Attempt.Error.Code != Interrupted
	return failed && d.rules().notifiesPartner && (d.Callback.FailureCount == 1 || d.Callback.Status == StatusFailed)
}

func (s *Service) raiseNotice(ctx context.Context, tx Store, d *Delivery) (*Callback, error) {
	c := d.Callback
	subject := Subject{Failure: &Failure{Callback: c, Attempt: d.Attempt, PublicURL: s.rules.PublicURL}}
	if c.CrawlID != nil {
		crawl, err := one(tx.Crawls(ctx, PlatformActor().Scope(RoleViewer), *c.CrawlID))(TypeCrawl)
		if err != nil {
			return nil, err
		}
		subject.Crawl = crawl
	}
	key := "callback-failed:" + c.UID.String() + ":" + strconv.Itoa(d.Attempt.Number)
	return s.raise(ctx, tx, CallbackFailedEvent, key, c.ProjectID, subject)
}
