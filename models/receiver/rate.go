package receiver

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Rate is how often something may be done within a window, which begins with the first.
type Rate struct {
	what  string // in the plural, for the error
	count int
	per   time.Duration
}

// testRate keeps anybody from making this service send requests to others.
var testRate = Rate{"tests to one target", 10, time.Minute}

// retryRate keeps a schedule from being made a flood, by who retries all that waits for a receiver that is down.
var retryRate = Rate{"retries to one target", 10, time.Minute}

// retryManyRate does the same where all that waits is retried by one call.
var retryManyRate = Rate{"retries of all callbacks of one owner", 1, time.Minute}

// previewRate bounds what looking at things costs, by who has a program do it.
var previewRate = Rate{"previews of one project by one caller", 60, time.Minute}

// RateTx counts.
type RateTx interface {
	// CountUse counts one more use of a key in its window, which is begun anew when it is over. It returns when the window
	// began, and how many uses it has had with this one.
	CountUse(ctx context.Context, key string, now time.Time, window time.Duration) (began time.Time, uses int, err error)
	// ForgetUse takes one back that was counted in the window that began then, if that is not over.
	ForgetUse(ctx context.Context, key string, began time.Time) error
}

// use is one that was counted.
type use struct {
	key   string
	began time.Time
}

// take counts one more, and returns RATE_LIMITED where it is one too many: then the transaction is to be undone.
func (r Rate) take(ctx context.Context, tx RateTx, key string, now time.Time) error {
	_, err := r.takeUse(ctx, tx, key, now)
	return err
}

// takeUse is take of a use that can be given back.
func (r Rate) takeUse(ctx context.Context, tx RateTx, key string, now time.Time) (use, error) {
	taken := use{key: r.what + ": " + key}
	began, uses, err := tx.CountUse(ctx, taken.key, now, r.per)
	taken.began = began
	if err != nil || uses <= r.count {
		return taken, err
	}
	return taken, models.TooOften(began.Add(r.per), "%s: at most %d within %s", r.what, r.count, models.FormatDuration(r.per))
}

const giveBackTime = 2 * time.Second

// giveBack is for a use that came to nothing, also where its caller is gone. Where it fails, the caller waits for the
// window's end.
func (s *Service) giveBack(ctx context.Context, u use) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	_ = s.db.InRateTx(ctx, func(tx RateTx) error { return tx.ForgetUse(ctx, u.key, u.began) })
}
