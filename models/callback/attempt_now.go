package callback

import (
	"context"
	"math"
	"time"

	"github.com/ringback/ringback/models"
)

// AttemptNowTx is the database as an attempt at once needs it.
type AttemptNowTx interface {
	PartiesTx
	WhichTx
	// DueNow makes a PENDING callback due, unless it is already, that is not Held and was attempted as often as it
	// says; false: it was claimed since, or has ended.
	DueNow(ctx context.Context, c *Callback, now time.Time) (bool, error)
}

// AttemptNow makes a callback that waits for its next attempt due at once, within a transaction; what it returns is to
// be given to WakeAgain after the commit. The attempt counts as any other. Of a project's Editor and up, and
// the partner; of notices to the partner that one and the platform. CONFLICT when it is being sent, has ended, waits for
// others of its line, is paused, or has nowhere to go, and to a partner where the last attempt alone is left.
func (s *Service) AttemptNow(
	ctx context.Context, tx AttemptNowTx, actor *models.Actor, which Which,
) (*Callback, error) {
	c, err := which.findFor(ctx, tx, actor, (*Callback).requireSender)
	if err != nil {
		return nil, err
	}
	owners, err := ownersOf(ctx, tx, c.ProjectID)
	if err != nil {
		return nil, err
	}
	if err := c.mayBeDueNow(which.field(), owners); err != nil {
		return nil, err
	}
	if c.Target != TargetSSOClient && c.FailureCount >= s.hurries(actor) {
		return nil, models.Conflict(which.field(), "the last attempt of this callback's schedule is left to whose callback it is, "+
			"and to the platform")
	}
	target, err := resolveTarget(ctx, tx, c, owners)
	if err != nil {
		return nil, err
	}
	if target.URL == "" {
		return nil, models.Conflict(which.field(), "there is no URL to call back to any more; set one first")
	}
	at := s.now()
	waits, err := tx.DueNow(ctx, c, at)
	if err == nil && !waits {
		err = beingSent(which.field())
	}
	if c.NextAttemptAt == nil || c.NextAttemptAt.After(at) {
		c.due(at)
	}
	return c, err
}

// hurries is how many failures of a customer's callback are too many for an actor to have it attempted before its time. A
// partner leaves the last attempt of the schedule to its time, and to the customer: it could use up all of them otherwise,
// within seconds, before the receiver is mended.
func (s *Service) hurries(actor *models.Actor) int {
	if actor.PartnerID() != 0 {
		return len(s.rules.Schedule)
	}
	return math.MaxInt32
}

func beingSent(field string) error {
	return models.Conflict(field, "this callback is being sent at this moment")
}

// mayBeDueNow: whether it is Paused is not asked, for a sweep may not have come by since somebody resumed.
func (c *Callback) mayBeDueNow(field string, owners Owners) error {
	switch {
	case c.Status.Ended() && c.Event == TestEvent:
		return anotherTest(field)
	case c.Status.Ended():
		return models.Conflict(field, "this callback has ended (%s); send it once more with replayCallback", c.Status)
	case c.Status == StatusRunning:
		return beingSent(field)
	case c.Held:
		return models.Conflict(field,
			"this callback waits for an earlier one that must arrive before it; retry or cancel that one")
	case c.waitsFor(owners):
		return models.Conflict(field,
			"callbacks of its project or account are paused; let them go on first (resumeCallbacks)")
	}
	return nil
}
