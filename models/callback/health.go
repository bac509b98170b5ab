package callback

import (
	"context"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// HealthRange is how far back health looks, in UTC: 24 hours, or 7 or 30 days, of which the last one has begun.
type HealthRange string

// Ranges of health.
const (
	HealthDay   HealthRange = "DAY"
	HealthWeek  HealthRange = "WEEK"
	HealthMonth HealthRange = "MONTH"
)

// healthRanges are the ranges' buckets.
var healthRanges = map[HealthRange]struct {
	bucket time.Duration
	count  int
}{HealthDay: {time.Hour, 24}, HealthWeek: {24 * time.Hour, 7}, HealthMonth: {24 * time.Hour, 30}}

// MaxHealthBuckets is how many there are at most.
const MaxHealthBuckets = 30

// starts are when the buckets begin, the oldest first.
func (r HealthRange) starts(now time.Time) []time.Time {
	of := healthRanges[r]
	starts := make([]time.Time, of.count)
	last := now.UTC().Truncate(of.bucket) // days are UTC days: the zero time was a midnight
	for i := range starts {
		starts[i] = last.Add(-time.Duration(of.count-1-i) * of.bucket)
	}
	return starts
}

// HealthStatus says how a receiver fares.
type HealthStatus string

// Statuses of health.
const (
	Healthy   HealthStatus = "HEALTHY"
	Failing   HealthStatus = "FAILING"
	Paused    HealthStatus = "PAUSED"
	NeverUsed HealthStatus = "NEVER_USED"
)

// failingAfter is for how long nothing has arrived when a failure makes a receiver FAILING. A single failure whose
// first retry arrives, after 5 s, does not.
const failingAfter = 10 * time.Second

// Health is how the callbacks of an owner fare.
type Health struct {
	Status       HealthStatus
	FailingSince *time.Time // nil: it is not FAILING
	Ongoing
	Tally // within the range
	// Since is from when on everything is counted, where that is within the range.
	Since *time.Time
	// Exact: nothing waits to be added up beyond what was read.
	Exact   bool
	Buckets []HealthBucket
}

// HealthBucket is an hour or a day.
type HealthBucket struct {
	StartsAt time.Time
	Tally
}

// Ongoing is what has not ended, of the MaxOngoing that are the oldest, tests apart.
type Ongoing struct {
	Pending, Running int
	OldestPendingAt  *time.Time
	OngoingExact     bool // there are no more
	Paused           bool // it waits until a pause has ended, of the owner or of its account
}

const (
	// MaxOngoing bounds what is counted of what has not ended, as a list's totalCount: some milliseconds.
	MaxOngoing = models.MaxCounted
	// MaxHealthParts bounds what a reader adds up itself: what an installation counts in FoldInterval, and more.
	MaxHealthParts = 20_000
)

// HealthReader reads what was counted of owners of a kind, each method in one statement, within a caller's scope. Of
// an account a project's key sees its own project.
type HealthReader interface {
	// OngoingCallbacks has each owner in scope, and since when everything is counted; zero: always.
	OngoingCallbacks(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64,
	) (ongoing map[int64]Ongoing, countedAt time.Time, err error)
	// CountedHealth returns the hours from a time on, the last one before it, and what waits to be added up; false of
	// an owner of which there is more than MaxHealthParts of that.
	CountedHealth(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, from time.Time,
	) (counted map[int64][]HealthPart, exact map[int64]bool, err error)
	// FailingSince returns when the first attempt failed that none has arrived after, as far as that was added up.
	FailingSince(ctx context.Context, scope models.Scope, owner Parent, ids []int64) (map[int64]time.Time, error)
	// LastEnded returns what the last callback has come to that has ended, of the few that were created last, where
	// there is one. It knows neither of notices nor of tests.
	LastEnded(ctx context.Context, scope models.Scope, owner Parent, ids []int64) (map[int64]Answers, error)
}

// CallbackHealth tells how the callbacks of owners of a kind fare; an owner out of scope is left out.
func (s *Service) CallbackHealth(
	ctx context.Context, scope models.Scope, owner Parent, ids []int64, within HealthRange,
) (map[int64]*Health, error) {
	at := s.now()
	starts := within.starts(at)
	ongoing, countedAt, err := s.db.Health.OngoingCallbacks(ctx, scope, owner, ids)
	if err != nil {
		return nil, err
	}
	counted, exact, err := s.db.Health.CountedHealth(ctx, scope, owner, ids, starts[0])
	if err != nil {
		return nil, err
	}
	all, views := make(map[int64]*Health, len(ongoing)), make(map[int64]*healthView, len(ongoing))
	for id, o := range ongoing {
		v := s.healthView(ctx, counted[id], starts)
		v.Ongoing, v.Exact = o, exact[id]
		if countedAt.After(starts[0]) {
			v.Since = &countedAt
		}
		views[id], all[id] = v, &v.Health
	}
	return all, s.healthStatuses(ctx, scope, owner, views, at)
}

// healthView is a Health in the making.
type healthView struct {
	Health
	answers Answers // also of before the range
	counted bool    // anything was
}

// healthView adds up what was counted.
func (s *Service) healthView(ctx context.Context, counted []HealthPart, starts []time.Time) *healthView {
	v := &healthView{counted: len(counted) > 0}
	v.Buckets = make([]HealthBucket, len(starts))
	for i, start := range starts {
		v.Buckets[i].StartsAt = start
	}
	for _, p := range counted {
		s.readable(ctx, p)
		v.answers.merge(p.Answers)
		i, exactly := slices.BinarySearchFunc(starts, time.UnixMicro(p.Hour), time.Time.Compare)
		if !exactly {
			i--
		}
		if i >= 0 {
			v.Buckets[i].Merge(p.Tally)
		}
	}
	for _, b := range v.Buckets {
		v.Merge(b.Tally)
	}
	return v
}

// healthStatuses says of each how it fares.
func (s *Service) healthStatuses(
	ctx context.Context, scope models.Scope, owner Parent, views map[int64]*healthView, at time.Time,
) error {
	var failing, unknown []int64
	for id, v := range views {
		switch {
		case !v.counted:
			unknown = append(unknown, id)
		case v.answers.FailingSince != nil:
			failing = append(failing, id)
		}
	}
	since, err := s.db.Health.FailingSince(ctx, scope, owner, failing)
	if err != nil {
		return err
	}
	ended, err := s.db.Health.LastEnded(ctx, scope, owner, unknown)
	if err != nil {
		return err
	}
	for id, v := range views {
		known, used := ended[id]
		if v.counted {
			known, used = v.answers, true
		}
		v.status(known, since[id], used || v.Pending+v.Running > 0, at)
	}
	return nil
}

// status says how it fares.
func (v *healthView) status(known Answers, addedUp time.Time, used bool, at time.Time) {
	if v.Status = Paused; v.Paused {
		return
	}
	v.Status = Healthy
	if !used {
		v.Status = NeverUsed
	}
	if known.FailingSince == nil {
		return
	}
	if since := sinceWhen(known, addedUp); at.Sub(since) >= failingAfter {
		v.Status, v.FailingSince = Failing, &since
	}
}

// sinceWhen is the first failure after the last success: the one that was added up, unless what is known has a success
// after it.
func sinceWhen(known Answers, addedUp time.Time) time.Time {
	if addedUp.IsZero() || known.LastSuccess != nil && known.LastSuccess.After(addedUp) {
		return *known.FailingSince
	}
	return *earlier(known.FailingSince, &addedUp)
}
