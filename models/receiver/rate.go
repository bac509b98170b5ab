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
}

// take counts one more, and returns RATE_LIMITED where it is one too many: then the transaction is to be undone.
func (r Rate) take(ctx context.Context, tx RateTx, key string, now time.Time) error {
	began, uses, err := tx.CountUse(ctx, r.what+": "+key, now, r.per)
	if err != nil || uses <= r.count {
		return err
	}
	return models.TooOften(began.Add(r.per), "%s: at most %d within %s", r.what, r.count, models.FormatDuration(r.per))
}
