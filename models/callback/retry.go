package callback

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
)

// Schedule has the delays after the 1st, 2nd, … failed attempt. When it is used up, the callback is given up.
type Schedule []time.Duration

// ParseSchedule reads durations with commas between them ("5s,5m,30m"), or "none" for one attempt only.
func ParseSchedule(text string) (Schedule, error) {
	if text == "none" {
		return Schedule{}, nil
	}
	var s Schedule
	for part := range strings.SplitSeq(text, ",") {
		d, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration such as 5s or 2h", part)
		}
		if d <= 0 {
			return nil, errors.New("delays must be above zero")
		}
		s = append(s, d)
	}
	return s, nil
}

// String returns the text that ParseSchedule reads.
func (s Schedule) String() string {
	if len(s) == 0 {
		return "none"
	}
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = models.FormatDuration(d)
	}
	return strings.Join(parts, ",")
}

// Tries are what came so far of the attempts of a callback, or of the calls for a batch.
type Tries struct {
	FailureCount int // attempts that failed; what is ours does not use up the schedule
	// LocalSince is when the attempts began to end as LOCAL_ERROR; nil: the last that counts did not.
	LocalSince *time.Time
	Mishaps
}

// Retry counts an attempt of something that a source has tried, the number-th, which failed, and says when the next
// one is due; false: it was the last.
func (s *Service) Retry(
	t *Tries, by Schedule, o Outcome, cause AttemptErrorCode, number int, at time.Time,
) (next time.Time, again bool) {
	return t.again(by, o, cause, number, at, s.rules.Chance())
}

// again is the law of retries: it counts an attempt that failed, the number-th, and says when the next one is due;
// false: it was the last.
func (t *Tries) again(
	s Schedule, o Outcome, cause AttemptErrorCode, number int, at time.Time, chance float64,
) (next time.Time, again bool) {
	switch {
	case cause == InternalError:
		return t.panicked(at)
	// One time, so that a receiver which closes each connection is asked by the schedule.
	case o.ClosedIdle && number <= t.FailureCount+1:
		return at, true
	}
	delay, again := time.Duration(0), false
	if cause == LocalError {
		delay, again = localDelay(&t.LocalSince, at, chance)
	} else {
		t.LocalSince = nil
	}
	if !again {
		t.FailureCount = s.failed(t.FailureCount+1, cause)
		delay, again = s.Delay(t.FailureCount, o, cause, at, chance)
	}
	return at.Add(delay).Truncate(time.Microsecond), again
}

const (
	// jitter spreads retries by ±20 %, so that what failed together does not come back together.
	jitter = 0.2
	// maxRetryAfter bounds what a receiver can ask for.
	maxRetryAfter = 24 * time.Hour
)

// final are the causes that no retry mends: only a change of configuration does, and then a replay is the way.
var final = []AttemptErrorCode{BlockedAddress, InvalidURL}

// redirectFailures are the failures after which one more redirect leaves time for a new configuration, and no more
// than that: the receiver may have done its work before it redirected, and each retry does it once more. With the
// default schedule after 30 minutes and 5 hours.
var redirectFailures = []int{3, 5}

// failed returns how many failures of the schedule are used up after so many: a redirect skips the delays up to the
// third, and then to the fifth, or the last one of a shorter schedule, and ends there.
func (s Schedule) failed(failures int, cause AttemptErrorCode) int {
	if cause != Redirect {
		return failures
	}
	for _, n := range redirectFailures {
		if failures <= n {
			return max(failures, min(n, len(s)))
		}
	}
	return len(s) + 1
}

// Delay decides after a failed attempt: how long to wait, or false to give up. failures counts the failed attempts,
// this one included; chance is uniform in [0, 1). A Retry-After header makes the delay longer, up to 24 h, never
// shorter.
func (s Schedule) Delay(
	failures int, o Outcome, cause AttemptErrorCode, now time.Time, chance float64,
) (time.Duration, bool) {
	gone := o.HTTPStatus != nil && *o.HTTPStatus == http.StatusGone
	if failures > len(s) || gone || slices.Contains(final, cause) {
		return 0, false
	}
	return max(withJitter(s[failures-1], chance), RetryAfter(o.RetryAfter, now)), true
}

func withJitter(delay time.Duration, chance float64) time.Duration {
	return time.Duration(float64(delay) * (1 - jitter + 2*jitter*chance))
}

// RetryAfter reads a Retry-After header (RFC 9110, section 10.2.3: seconds, or an HTTP date). What cannot be read, or
// lies in the past, is zero; 24 h is the most.
func RetryAfter(value string, now time.Time) time.Duration {
	asked, _ := askedToWait(value, now)
	return min(asked, maxRetryAfter)
}

// askedToWait reads a Retry-After header, up to a second beyond what is obeyed; false: it cannot be read.
func askedToWait(value string, now time.Time) (time.Duration, bool) {
	const most = maxRetryAfter + time.Second
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // a number beyond 64 bits is cut to the largest
		return time.Duration(min(seconds, uint64(most/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), most), true
}

// AskedToWait is what a receiver's Retry-After asked for, and what was made of it.
type AskedToWait struct {
	Header    string
	Seconds   *int       // as it is obeyed; nil: it cannot be read
	NotBefore *time.Time // when the next attempt is due at the earliest; nil: it changes nothing
	Capped    bool       // it asks for more than is obeyed
}

// RetryAfter is what the answer to an attempt that failed asked for; nil: for nothing.
func (a *Attempt) RetryAfter(stored Headers) *AskedToWait {
	header := value(stored.Received, retryAfterHeader)
	if header == "" || a.Error == nil || a.FinishedAt == nil {
		return nil
	}
	asked := &AskedToWait{Header: header}
	if wait, ok := askedToWait(header, *a.FinishedAt); ok {
		asked.Capped, wait = wait > maxRetryAfter, min(wait, maxRetryAfter)
		asked.Seconds = new(int(wait.Round(time.Second) / time.Second))
		if wait > 0 {
			asked.NotBefore = new(a.FinishedAt.Add(wait))
		}
	}
	return asked
}
