package callback

import (
	"context"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// AttemptStore is the database as attempts of many at once need it.
type AttemptStore interface {
	// DueNowOf makes those of the callbacks due that wait for their next attempt and are not paused. It returns the lane of
	// each. It is one statement.
	DueNowOf(ctx context.Context, ids []int64, which Hurried, now time.Time) (lanes []string, err error)
}

// Hurried are callbacks to customers that have failed less than so many times, and with Notices those to an SSO client too.
type Hurried struct {
	Notices  bool
	Failures int
}

const (
	// attemptPart is how many one statement makes due, some 50 ms; attemptParts bounds what one call looks through: 50,000
	// that wait, a few seconds.
	attemptPart  = 1000
	attemptParts = 50
)

// ToAttempt is what waits of an owner and is let through by a filter, both as they were checked (MaySendAll,
// Filter.CheckChosen).
type ToAttempt struct {
	Owner  BulkOwner
	Filter Filter
}

// AttemptedNow is how many are due at once, and up to when those were created that were looked at; nil: all were.
type AttemptedNow struct {
	Count         int
	SearchedUntil *time.Time
}

// AttemptManyNow makes due at once what AttemptNow would, the oldest first; what it would refuse stays as it is. Notices to
// an SSO client among a customer's callbacks are for the platform and the partner. Where a part fails that is not the
// first, what was done before stands and is returned.
func (s *Service) AttemptManyNow(
	ctx context.Context, actor *models.Actor, in ToAttempt,
) (done AttemptedNow, err error) {
	if in.Filter.Status != nil && !slices.Contains(in.Filter.Status, StatusPending) {
		return done, nil
	}
	in.Filter.Status = []Status{StatusPending}
	var page bulkPage
	for part := range attemptParts {
		n, next, err := s.attemptNext(ctx, actor, in, page.until)
		if err != nil && part == 0 {
			return done, err
		}
		if err != nil {
			s.log.ErrorContext(ctx, "retry.broken_off", "retried", done.Count, "error", err)
			break
		}
		if done.Count, page = done.Count+n, next; page.last {
			return done, nil
		}
	}
	done.SearchedUntil = &page.until.At
	return done, nil
}

// attemptNext makes due what comes next after a place.
func (s *Service) attemptNext(
	ctx context.Context, actor *models.Actor, in ToAttempt, after *models.Cursor,
) (n int, page bulkPage, err error) {
	page, err = s.pageOf(ctx, actor.Scope(models.RoleViewer), in.Owner, in.Filter, after, attemptPart)
	if err != nil {
		return 0, page, err
	}
	n, err = s.attemptPart(ctx, page.callbacks, Hurried{actor.RequireNoticeSender() == nil, s.hurries(actor)})
	return n, page, err
}

func (s *Service) attemptPart(ctx context.Context, callbacks []*Callback, which Hurried) (int, error) {
	ids := make([]int64, len(callbacks))
	for i, c := range callbacks {
		ids[i] = c.ID
	}
	at := s.now()
	keys, err := s.db.DueNowOf(ctx, ids, which, at)
	if err != nil {
		return 0, err
	}
	n := len(keys)
	var wakeups []Wakeup
	for _, lane := range lanesOf(keys) {
		wakeups = append(wakeups, Wakeup{Lane: lane, At: at})
	}
	s.WakeLanes(ctx, wakeups, WakeTimeout)
	return n, nil
}
