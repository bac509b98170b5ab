package cron_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models/cron"
)

// numbers is what a field of a schedule names.
type numbers [60]bool

// meaning is what a schedule says, put together while its text was drawn: the parser is not asked.
type meaning struct {
	text                              string
	minute, hour, day, month, weekday numbers
	everyHour, eitherDay              bool
}

// drawField draws the text of a field together with its numbers. names has three letters for each number from low on.
func drawField(t *rapid.T, low, high int, names string) (string, numbers) {
	var set numbers
	add := func(first, last, step int) {
		for n := first; n <= last; n += step {
			set[n] = true
		}
	}
	word := func(n int) string {
		if i := (n - low) * 3; i < len(names) && rapid.Bool().Draw(t, "by name") {
			return rapid.SampledFrom([]string{names[i : i+3], strings.ToLower(names[i : i+3])}).Draw(t, "name")
		}
		return strconv.Itoa(n)
	}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		add(low, high, 1)
		return "*", set
	case 1:
		step := rapid.IntRange(1, high).Draw(t, "step")
		add(low, high, step)
		return fmt.Sprintf("*/%d", step), set
	}
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		first := rapid.IntRange(low, high).Draw(t, "first")
		last, step, item := first, 1, word(first)
		if rapid.Bool().Draw(t, "is a range") {
			last = rapid.IntRange(first, high).Draw(t, "last")
			item += "-" + word(last)
			if rapid.Bool().Draw(t, "has a step") {
				step = rapid.IntRange(1, high).Draw(t, "step")
				item += fmt.Sprintf("/%d", step)
			}
		}
		items = append(items, item)
		add(first, last, step)
	}
	return strings.Join(items, ","), set
}

// meanings draws schedules that come, half of them on all days.
func meanings() *rapid.Generator[meaning] {
	return rapid.Custom(func(t *rapid.T) meaning {
		var m meaning
		var text [5]string
		text[0], m.minute = drawField(t, 0, 59, "")
		text[1], m.hour = drawField(t, 0, 23, "")
		if rapid.Bool().Draw(t, "on all days") {
			text[2], text[3], text[4] = "*", "*", "*"
			for n := range 60 {
				m.day[n], m.month[n], m.weekday[n] = true, true, true
			}
		} else {
			text[2], m.day = drawField(t, 1, 31, "")
			text[3], m.month = drawField(t, 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC")
			text[4], m.weekday = drawField(t, 0, 7, "SUNMONTUEWEDTHUFRISAT")
			m.weekday[0] = m.weekday[0] || m.weekday[7]
		}
		m.text = strings.Join(text[:], " ")
		m.everyHour = text[1] == "*"
		m.eitherDay = text[2][0] != '*' && text[4][0] != '*'
		return m
	}).Filter(meaning.comes)
}

func (m meaning) comes() bool {
	for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2000; day = day.AddDate(0, 0, 1) {
		if m.month[day.Month()] && m.day[day.Day()] {
			return true
		}
	}
	return m.eitherDay
}

// wallTime is what a clock shows.
type wallTime struct{ year, month, day, weekday, hour, minute int }

func wallTimeOf(t time.Time) wallTime {
	return wallTime{t.Year(), int(t.Month()), t.Day(), int(t.Weekday()), t.Hour(), t.Minute()}
}

func (m *meaning) matches(w wallTime) bool {
	if !m.minute[w.minute] || !m.hour[w.hour] || !m.month[w.month] {
		return false
	}
	day, weekday := m.day[w.day], m.weekday[w.weekday]
	return day && weekday || m.eitherDay && (day || weekday)
}

// watchedClock is what a zone's clock shows, minute by minute.
type watchedClock struct {
	zone     *time.Location
	from, to time.Time // the part that is compared
	minutes  []watchedMinute
}

type watchedMinute struct {
	at      time.Time // when the clock shows it or, if it skips it, when that is due
	wall    wallTime
	repeats bool // it was shown before
}

// watch compares from some hours before middle to as many after it, more than a clock is set by at middle. It walks
// from twice as long before, for what the clock showed by then.
func watch(t testing.TB, zone, middle string, hours time.Duration) watchedClock {
	t.Helper()
	at := instant(t, middle)
	c := watchedClock{zone: zoneOf(t, zone), from: at.Add(-hours * time.Hour), to: at.Add(hours * time.Hour)}
	shown := map[wallTime]time.Time{}
	type skip struct {
		wall time.Time // as if in UTC
		jump time.Duration
	}
	var skips []skip
	var last time.Time
	for at := at.Add(-2 * hours * time.Hour); !at.After(c.to); at = at.Add(time.Minute) {
		in := at.In(c.zone)
		wall := wallTimeOf(in)
		_, repeats := shown[wall]
		c.minutes = append(c.minutes, watchedMinute{at, wall, repeats})
		shown[wall] = at

		now := time.Date(in.Year(), in.Month(), in.Day(), in.Hour(), in.Minute(), 0, 0, time.UTC)
		expected := last.Add(time.Minute)
		for w := expected; !last.IsZero() && w.Before(now); w = w.Add(time.Minute) {
			skips = append(skips, skip{w, now.Sub(expected)})
		}
		last = now
	}
	for _, s := range skips {
		c.minutes = append(c.minutes, watchedMinute{at: shown[wallTimeOf(s.wall.Add(s.jump))], wall: wallTimeOf(s.wall)})
	}
	c.minutes = slices.DeleteFunc(c.minutes, func(m watchedMinute) bool { return m.at.Before(c.from) || m.at.After(c.to) })
	slices.SortFunc(c.minutes, func(a, b watchedMinute) int { return a.at.Compare(b.at) })
	return c
}

// times applies the rules of Next to every minute.
func (c *watchedClock) times(m *meaning) []time.Time {
	var due []time.Time
	for _, minute := range c.minutes {
		if (m.everyHour || !minute.repeats) && m.matches(minute.wall) {
			due = append(due, minute.at)
		}
	}
	return slices.CompactFunc(due, time.Time.Equal)
}

// watchedClocks has every way in which clocks were set in the years of these zones, and clocks that were not.
func watchedClocks(t testing.TB) map[string]watchedClock {
	t.Helper()
	clocks := map[string]watchedClock{}
	for _, at := range []struct {
		zone, middle string
		hours        time.Duration
	}{
		{"UTC", "2026-01-01T00:00:00Z", 5},
		{"Asia/Kolkata", "2028-02-29T00:00:00Z", 5},
		{"Europe/London", "2026-03-29T01:00:00Z", 5},
		{"Europe/London", "2026-10-25T01:00:00Z", 5},
		{"Europe/London", "2040-12-31T00:00:00Z", 5}, // time.ZoneBounds is wrong there
		{"America/New_York", "2026-03-08T07:00:00Z", 5},
		{"America/New_York", "2026-11-01T06:00:00Z", 5},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z", 5}, // at midnight
		{"America/Sao_Paulo", "2018-02-18T02:00:00Z", 5},
		{"America/Havana", "2026-03-08T05:00:00Z", 5},
		{"America/Havana", "2026-11-01T05:00:00Z", 5},
		{"America/St_Johns", "2006-04-02T03:31:00Z", 5}, // at 0:01
		{"America/St_Johns", "2006-10-29T02:31:00Z", 5},
		{"Africa/Casablanca", "2026-02-15T02:00:00Z", 5},
		{"Africa/Casablanca", "2026-03-22T02:00:00Z", 5},
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 5}, // half an hour
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z", 5},
		{"Asia/Kathmandu", "1985-12-31T18:30:00Z", 5},     // a quarter
		{"Asia/Pyongyang", "2015-08-14T15:00:00Z", 5},     // into the day before
		{"Asia/Pyongyang", "2018-05-04T15:00:00Z", 5},     // up to midnight
		{"Antarctica/Casey", "2009-10-17T18:00:00Z", 5},   // three hours
		{"Antarctica/Casey", "2010-03-04T15:00:00Z", 5},   //
		{"Pacific/Kwajalein", "1969-09-30T13:00:00Z", 26}, // 23 hours back
		{"Pacific/Kwajalein", "1993-08-21T12:00:00Z", 26}, // a day
		{"Pacific/Apia", "2011-12-30T10:00:00Z", 26},      // a day
	} {
		clocks[at.zone+" "+at.middle] = watch(t, at.zone, at.middle, at.hours)
	}
	return clocks
}

func TestCronComesWhenAClockWatchedMinuteByMinuteSaysSo(t *testing.T) {
	t.Parallel()
	clocks := watchedClocks(t)
	rapid.Check(t, func(t *rapid.T) { // each schedule on all of the clocks: 100 times 25 cases
		m := meanings().Draw(t, "schedule")
		fraction := rapid.SampledFrom([]float64{0, 0, 0.1, 0.5, 0.999}).Draw(t, "part of a pause")
		c, err := cron.Parse(m.text)
		if err != nil {
			t.Fatalf("%s: %v", m.text, err)
		}
		for name, clock := range clocks {
			at := clock.from.Add(-time.Nanosecond)
			for _, want := range clock.times(&m) {
				between := at.Add(time.Duration(fraction * float64(want.Sub(at))))
				if next, ok := c.Next(between, clock.zone); !ok || !next.Equal(want) {
					t.Fatalf("%s, %s: after %s comes %s, %t, want %s", m.text, name, between, next, ok, want)
				}
				at = want
			}
			if next, ok := c.Next(at, clock.zone); !ok || !next.After(clock.to) {
				t.Fatalf("%s, %s: after %s comes %s, %t, want none until %s", m.text, name, at, next, ok, clock.to)
			}
		}
	})
}

// cronZones are zones with the first of two years in which to look at them.
var cronZones = map[string]int{
	"UTC": 2026, "Europe/London": 2026, "America/New_York": 2026, "America/Sao_Paulo": 2017, "America/Havana": 2026,
	"Africa/Casablanca": 2025, "Asia/Kolkata": 2026, "Australia/Lord_Howe": 2026, "Pacific/Apia": 2011,
	"Pacific/Chatham": 2039,
}

func TestDailyCronComesOnceOnEachDate(t *testing.T) {
	t.Parallel()
	for name, year := range cronZones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := zoneOf(t, name)
			first := time.Date(year, 1, 1, 0, 0, 0, 0, zone)
			var want []string
			for at := first; at.Year() < year+2; at = at.Add(time.Hour) {
				want = append(want, at.Format(time.DateOnly))
			}
			want = slices.Compact(want) // without 2011-12-30 in Apia
			// These hours are skipped or come twice in one zone or other, but for 12:00.
			for _, text := range []string{
				"0 0 * * *", "30 0 * * *", "59 0 * * *", "0 1 * * *", "45 1 * * *", "0 2 * * *", "15 2 * * *", "30 2 * * *",
				"59 2 * * *", "0 3 * * *", "0 12 * * *", "0 23 * * *", "30 23 * * *",
			} {
				c, at := mustCron(t, text), first.Add(-1)
				for _, date := range want {
					next, ok := c.Next(at, zone)
					if !ok || next.In(zone).Format(time.DateOnly) != date {
						t.Fatalf("%s: %s, %t comes after %s, want it on %s", text, next.In(zone), ok, at, date)
					}
					at = next
				}
			}
		})
	}
}

func TestQuarterHourlyCronKeepsItsPaceInElapsedTime(t *testing.T) {
	t.Parallel()
	for name, year := range cronZones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, zone := mustCron(t, "*/15 * * * *"), zoneOf(t, name)
			at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 2 * 365 * 96 {
				next, ok := c.Next(at, zone)
				if !ok || next.Sub(at) != 15*time.Minute {
					t.Fatalf("%s, %t comes after %s", next, ok, at)
				}
				at = next
			}
		})
	}
}

func TestCronComesInOrderAtAnyTime(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(cronZones))
	rapid.Check(t, func(t *rapid.T) {
		m := meanings().Draw(t, "schedule")
		name := rapid.SampledFrom(names).Draw(t, "zone")
		// 1800 to 2200: from local mean time, whose offsets have seconds, to beyond the tables of the zones
		at := time.Unix(
			rapid.Int64Range(-5364662400, 7258118400).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"),
		)
		c, err := cron.Parse(m.text)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			next, ok := c.Next(at, zone)
			if !ok || !next.After(at) {
				t.Fatalf("%s, %s: %s, %t after %s", c, name, next, ok, at)
			}
			if again, ok := c.Next(next.Add(-time.Nanosecond), zone); !ok || !again.Equal(next) {
				t.Fatalf("%s, %s: just before %s comes %s, %t", c, name, next, again, ok)
			}
			at = next
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"* * * * *", "*/15 0-23/2 1,15 JAN-dec 7", "0 0 29 2 */7", "0 0 30 2 *", "5/15 * * * *", "@daily", "\t0  0\t13 * fri",
		"9-8 * * * *",
		"0 0 * * \u017fun", "99999999999999999999 * * * *", "* * * * *\n", "1,,2 - / *, **",
	} {
		f.Add(s, int64(0))
		f.Add(s, int64(1_774_746_000)) // London's clocks go forward
	}
	zone := zoneOf(f, "Europe/London")
	f.Fuzz(func(t *testing.T, text string, second int64) {
		c, err := cron.Parse(text)
		if err != nil {
			return
		}
		if again, err := cron.Parse(c.String()); err != nil || again != c {
			t.Fatalf("%q was read as %q, that as %q, %v", text, c, again, err)
		}
		at := time.Unix(second%(1<<37), 0) // 2^37 s: some 4,300 years either way
		for range 3 {
			next, ok := c.Next(at, zone)
			if !ok || !next.After(at) || next.After(at.AddDate(41, 0, 0)) {
				t.Fatalf("%q: %s, %t after %s", text, next, ok, at)
			}
			at = next
		}
		// No time, however absurd, makes it panic or go on for ever.
		c.Next(time.Unix(second, 0), zone)
	})
}
