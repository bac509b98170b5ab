package callback_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

const day = 24 * time.Hour

// schedules draws delays between a second and two weeks.
func schedules(least int) *rapid.Generator[callback.Schedule] {
	return rapid.Custom(func(t *rapid.T) callback.Schedule {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(1, 14*24*3600).Draw(t, "seconds")) * time.Second
		}), least, 12).Draw(t, "delays")
	})
}

func chances() *rapid.Generator[float64] { return rapid.Float64Range(0, 0.999999) }

func TestDelayIsWithinTwentyPercentOfTheSchedule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schedules(1).Draw(t, "schedule")
		failures := rapid.IntRange(1, len(s)).Draw(t, "failures")
		got, again := s.Delay(failures, callback.Outcome{}, callback.Timeout, modelstest.Start, chances().Draw(t, "chance"))
		planned := float64(s[failures-1])
		if !again || float64(got) < planned*0.8-1 || float64(got) > planned*1.2+1 {
			t.Fatalf("got %s, %t for %s", got, again, s[failures-1])
		}
	})
}

func TestDelayIsSpreadOverTheWholeRange(t *testing.T) {
	t.Parallel()
	s := callback.Schedule{100 * time.Second}
	for chance, want := range map[float64]time.Duration{
		0: 80 * time.Second, 0.5: 100 * time.Second, 0.75: 110 * time.Second,
	} {
		got, _ := s.Delay(1, callback.Outcome{}, callback.Timeout, modelstest.Start, chance)
		if got.Round(time.Millisecond) != want {
			t.Errorf("chance %v: got %s, want %s", chance, got, want)
		}
	}
}

func TestRetryAfterMakesTheDelayLongerNeverShorterAndUpToADay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schedules(1).Draw(t, "schedule")
		failures := rapid.IntRange(1, len(s)).Draw(t, "failures")
		chance := chances().Draw(t, "chance")
		asked := time.Duration(rapid.Int64Range(0, 30*24*3600).Draw(t, "asked")) * time.Second
		var header string
		if rapid.Bool().Draw(t, "as a date") {
			header = modelstest.Start.Add(asked).Format(http.TimeFormat)
		} else {
			header = strconv.FormatInt(int64(asked/time.Second), 10)
		}
		own, _ := s.Delay(failures, callback.Outcome{}, callback.HTTPStatusError, modelstest.Start, chance)
		got, again := s.Delay(
			failures, callback.Outcome{RetryAfter: header}, callback.HTTPStatusError, modelstest.Start, chance,
		)
		if want := max(own, min(asked, day)); !again || got != want {
			t.Fatalf("schedule says %s, Retry-After %q: got %s, want %s", own, header, got, want)
		}
	})
}

func TestScheduleGivesUpAfterOneFailureMoreThanItHasDelays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schedules(0).Draw(t, "schedule")
		retries := 0
		for failures := 1; ; failures++ {
			if _, again := s.Delay(failures, callback.Outcome{}, callback.ConnectRefused, modelstest.Start, 0.5); !again {
				break
			}
			retries++
		}
		if retries != len(s) {
			t.Fatalf("got %d retries, want %d", retries, len(s))
		}
	})
}

func TestWhatNoRetryMendsIsGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	final := map[callback.AttemptErrorCode]bool{callback.BlockedAddress: true, callback.InvalidURL: true}
	s := callback.Schedule{time.Second}
	for _, code := range callback.AttemptErrorCodes() {
		if _, again := s.Delay(1, callback.Outcome{}, code, modelstest.Start, 0.5); again == final[code] {
			t.Errorf("%s: again is %t", code, again)
		}
	}
	for status := 100; status < 600; status++ {
		_, again := s.Delay(
			1, callback.Outcome{HTTPStatus: &status, RetryAfter: "60"}, callback.HTTPStatusError, modelstest.Start, 0.5,
		)
		if want := status != http.StatusGone; again != want {
			t.Errorf("status %d: again is %t", status, again)
		}
	}
}

// TestRedirectIsRetriedTwiceLate: the receiver may have done its work each time. A shorter schedule has its last delay
// in the place of those that it lacks.
func TestRedirectIsRetriedTwiceLate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]time.Duration{
		"5s,5m,30m,2h,5h,10h,10h": {30 * time.Minute, 5 * time.Hour},
		"1s,2s,3s,4s":             {3 * time.Second, 4 * time.Second},
		"1s,2s,3s":                {3 * time.Second},
		"1s":                      {time.Second},
		"none":                    {},
	} {
		schedule, err := callback.ParseSchedule(text)
		modelstest.NoError(t, err)
		w := modelstest.NewWorld(t)
		w.Rules.Schedule = schedule
		w.Configure()
		c, got := w.NewCallback(), []time.Duration{}
		for {
			c = w.Deliver(c.ID, modelstest.Unanswered(callback.Redirect))
			if len(got) == 0 && len(w.Notices()) != 1 {
				t.Errorf("%s: the partner has %d notices of the first failure", text, len(w.Notices()))
			}
			if c.Status != callback.StatusPending {
				break
			}
			got = append(got, c.NextAttemptAt.Sub(w.Clock.Now()))
		}
		if c.FailureCount != len(schedule)+1 {
			t.Errorf("%s: %d failures at the end", text, c.FailureCount)
		}
		if !slices.Equal(got, want) || c.Status != callback.StatusFailed || len(w.Notices()) != min(len(want), 1)+1 {
			t.Errorf("%s: after redirects it waits for %v, then is %s, with %d notices", text, got, c.Status, len(w.Notices()))
		}
	}
}

func TestRedirectAmongOtherFailuresSkipsAheadInTheSchedule(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	schedule, err := callback.ParseSchedule("1s,2s,3s,4s,5s,6s")
	modelstest.NoError(t, err)
	w.Rules.Schedule = schedule
	w.Configure()
	c := w.NewCallback()
	for i, step := range []struct {
		outcome callback.Outcome
		want    time.Duration
	}{
		{modelstest.Answered(500), time.Second},
		{modelstest.Unanswered(callback.Redirect), 3 * time.Second},
		{modelstest.Answered(500), 4 * time.Second},
		{modelstest.Unanswered(callback.Redirect), 5 * time.Second},
		{modelstest.Answered(500), 6 * time.Second},
	} {
		c = w.Deliver(c.ID, step.outcome)
		if c.Status != callback.StatusPending || c.NextAttemptAt.Sub(w.Clock.Now()) != step.want {
			t.Fatalf("step %d: %s, next at %v", i+1, c.Status, c.NextAttemptAt)
		}
	}
	if c = w.Deliver(c.ID, modelstest.Unanswered(callback.Redirect)); c.Status != callback.StatusFailed {
		t.Errorf("at its end it is %s", c.Status)
	}
}

// TestClosedIdleConnectionIsFollowedByANewAttemptAtOnceOnce: nobody knows whether the receiver has seen the first, so
// that has its own uid.
func TestClosedIdleConnectionIsFollowedByANewAttemptAtOnceOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	closed := modelstest.Unanswered(callback.ConnectionReset)
	closed.ClosedIdle = true
	c := w.Deliver(w.NewCallback().ID, closed)
	if !w.Due(c) || c.FailureCount != 0 || len(w.Notices()) != 0 {
		t.Errorf("it is %+v, with %d notices", c, len(w.Notices()))
	}
	c = w.Deliver(c.ID, closed)
	if w.Due(c) || c.FailureCount != 1 || len(w.Notices()) != 1 {
		t.Errorf("a second time it is %+v, with %d notices", c, len(w.Notices()))
	}
	if got := w.Attempts(c.ID); len(got) != 2 || got[0].UID == got[1].UID ||
		got[0].Error.Code != callback.ConnectionReset {
		t.Errorf("the history has %+v", got)
	}
}

// TestRetryThatMeetsAClosedIdleConnectionIsFollowedAtOnceToo: the receiver that was busy the first time has not seen
// the second.
func TestRetryThatMeetsAClosedIdleConnectionIsFollowedAtOnceToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	closed := modelstest.Unanswered(callback.ConnectionReset)
	closed.ClosedIdle = true
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(503))
	if c = w.Deliver(c.ID, closed); !w.Due(c) || c.FailureCount != 1 {
		t.Errorf("it is %+v", c)
	}
	if c = w.Deliver(c.ID, closed); w.Due(c) || c.FailureCount != 2 {
		t.Errorf("a second time it is %+v", c)
	}
}

func TestRetryAfterIsReadAsSecondsOrAsADate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header string
		want   time.Duration
	}{
		"none":                       {"", 0},
		"zero":                       {"0", 0},
		"seconds":                    {"120", 2 * time.Minute},
		"exactly a day":              {"86400", day},
		"more than a day":            {"86401", day},
		"more than a duration":       {"18446744073709551615", day},
		"more than 64 bits":          {"99999999999999999999999999", day},
		"a date":                     {modelstest.Start.Add(time.Hour).Format(http.TimeFormat), time.Hour},
		"a date in RFC 850's form":   {modelstest.Start.Add(time.Hour).Format("Monday, 02-Jan-06 15:04:05 GMT"), time.Hour},
		"a date in asctime's form":   {modelstest.Start.Add(time.Hour).Format(time.ANSIC), time.Hour},
		"a date beyond a day":        {modelstest.Start.Add(48 * time.Hour).Format(http.TimeFormat), day},
		"a date in the far future":   {"Fri, 31 Dec 9999 23:59:59 GMT", day},
		"now":                        {modelstest.Start.Format(http.TimeFormat), 0},
		"a date in the past":         {modelstest.Start.Add(-time.Hour).Format(http.TimeFormat), 0},
		"a date in the distant past": {"Mon, 01 Jan 0001 00:00:00 GMT", 0},
		"negative":                   {"-5", 0},
		"a fraction":                 {"1.5", 0},
		"a unit":                     {"5s", 0},
		"garbage":                    {"soon", 0},
		"ISO 8601":                   {"2026-01-02T03:04:05Z", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := callback.RetryAfter(test.header, modelstest.Start); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestScheduleIsReadFromText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want callback.Schedule // nil: refused
		back string
	}{
		"the default": {
			"5s,5m,30m,2h,5h,10h,10h",
			callback.Schedule{
				5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
			},
			"",
		},
		"none":   {"none", callback.Schedule{}, ""},
		"blanks": {" 1s , 2s", callback.Schedule{time.Second, 2 * time.Second}, "1s,2s"},
		"mixed units": {
			"1h0m5s,90m,1h30m,100ms",
			callback.Schedule{time.Hour + 5*time.Second, 90 * time.Minute, 90 * time.Minute, 100 * time.Millisecond},
			"1h0m5s,1h30m,1h30m,100ms",
		},
		"empty":         {"", nil, ""},
		"a number only": {"5", nil, ""},
		"zero":          {"0s", nil, ""},
		"negative":      {"5s,-1s", nil, ""},
		"comma behind":  {"5s,", nil, ""},
		"a word":        {"5s,soon", nil, ""},
		"none and more": {"none,5s", nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callback.ParseSchedule(test.text)
			if test.want == nil {
				if err == nil {
					t.Fatalf("was read as %s", got)
				}
				return
			}
			modelstest.NoError(t, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if test.back == "" {
				test.back = test.text
			}
			if got.String() != test.back {
				t.Errorf("prints as %q, want %q", got, test.back)
			}
		})
	}
}

func TestScheduleSurvivesPrintingAndReading(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schedules(0).Draw(t, "schedule")
		got, err := callback.ParseSchedule(s.String())
		if err != nil || !cmp.Equal([]time.Duration(s), []time.Duration(got)) && len(s) > 0 {
			t.Fatalf("%s: got %v, %v", s, got, err)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{
		"", "120", "-1", "Fri, 31 Dec 9999 23:59:59 GMT", "18446744073709551616", "1e9", "Mon Jan  2 15:04:05 2006",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := callback.RetryAfter(header, modelstest.Start); got < 0 || got > day {
			t.Fatalf("%q: got %s", header, got)
		}
	})
}
