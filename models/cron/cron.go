// Package cron reads crontab schedules and tells when they come.
package cron

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// MaxBytes bounds the text of a schedule.
	MaxBytes = 255

	// lookahead is how far Next looks, in seconds. The longest pause is that of 29 February on a given day of the week:
	// 28 years, or 40 across a year such as 2100, which has no such day.
	lookahead = 41 * 366 * daySeconds
	// longestJump is the most that a clock is set forward or back, in seconds: the world's clocks are between 12 hours
	// behind UTC and 14 ahead of it. (Samoa jumped 24 hours in 2011.)
	longestJump = 26 * 60 * 60

	daySeconds = 24 * 60 * 60
	never      = math.MaxInt64
)

// Schedule is a POSIX crontab schedule of five fields: minute, hour, day of month, month and day of week. Schedules of
// the same text are equal by ==. The zero Schedule never comes.
type Schedule struct {
	text string
	// Bit n of a set stands for the number n of its field; Sunday is 0.
	minutes, hours, days, months, weekdays uint64
	everyHour                              bool // the hour is *
	eitherDay                              bool // neither day is * or */n
}

// field has what one field may say.
type field struct {
	name      string
	low, high uint64
	names     []string // stand for low, low+1, …
}

var (
	minuteField = field{name: "minute", high: 59}
	hourField   = field{name: "hour", high: 23}
	dayField    = field{name: "day of month", low: 1, high: 31}
	monthField  = field{name: "month", low: 1, high: 12, names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP " +
		"OCT NOV DEC")}
	weekdayField = field{name: "day of week", high: 7, names: strings.Fields("SUN MON TUE WED THU FRI SAT")}
)

// Parse reads five fields with blanks or tabs between them, at most 255 bytes:
//
//	minute 0-59   hour 0-23   day of month 1-31   month 1-12 or JAN-DEC   day of week 0-7 or SUN-SAT
//
// A field is * for all, or a list with commas of numbers and ranges ("1-5"). Names have three letters of any case and
// stand wherever a number may; both 0 and 7 are Sunday. To POSIX it adds steps, counted from the first number: */n and
// a-b/n.
//
// A day must be in the month field and in both day fields, except that one of the two is enough when both are
// restricted: "0 0 13 * FRI" is every 13th and every Friday. As in Vixie cron, */n does not count as restricted: "0 0
// */2 * FRI" is each Friday on an odd day.
//
// The error says which of the five is wrong; a schedule that never comes, such as that of
// 30 February, is wrong as well.
func Parse(text string) (Schedule, error) {
	if len(text) > MaxBytes {
		return Schedule{}, fmt.Errorf("must be at most %d bytes, not %d", MaxBytes, len(text))
	}
	// Letters beyond ASCII can be the same without regard to case: ſ is an S.
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return Schedule{}, errors.New("must be ASCII")
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(parts) != 5 {
		return Schedule{}, fmt.Errorf(
			"must have five fields (minute, hour, day of month, month, day of week), not %d", len(parts),
		)
	}
	c := Schedule{
		text:      strings.Join(parts, " "),
		everyHour: parts[1] == "*",
		eitherDay: parts[2][0] != '*' && parts[4][0] != '*',
	}
	for i, part := range []struct {
		field
		set *uint64
	}{
		{minuteField, &c.minutes},
		{hourField, &c.hours},
		{dayField, &c.days},
		{monthField, &c.months},
		{weekdayField, &c.weekdays},
	} {
		set, err := part.parse(parts[i])
		if err != nil {
			return Schedule{}, fmt.Errorf("%s: %w", part.name, err)
		}
		*part.set = set
	}
	c.weekdays = (c.weekdays | c.weekdays>>7) & 0x7f // Sunday's 7 becomes its 0
	if !c.comes() {
		return Schedule{}, errors.New("never comes: no month that it names has such a day")
	}
	return c, nil
}

// String returns the text that was parsed, with one blank between the fields.
func (c Schedule) String() string { return c.text }

func (f field) parse(text string) (uint64, error) {
	var set uint64
	for item := range strings.SplitSeq(text, ",") {
		if item != text && strings.HasPrefix(item, "*") {
			return 0, fmt.Errorf("* and */n stand alone, not in a list; write %d-%d for *", f.low, f.high)
		}
		numbers, err := f.parseItem(item)
		if err != nil {
			return 0, err
		}
		set |= numbers
	}
	return set, nil
}

// parseItem reads *, */n, a, a-b or a-b/n.
func (f field) parseItem(text string) (uint64, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	low, high := f.low, f.high
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		if stepped && !ranged {
			return 0, fmt.Errorf("a step is written */n or a-b/n, not %q", text)
		}
		if !ranged {
			last = first
		}
		var err error
		if low, err = f.parseNumber(first); err != nil {
			return 0, err
		}
		if high, err = f.parseNumber(last); err != nil {
			return 0, err
		}
		if low > high {
			return 0, fmt.Errorf("the range %q must not go backwards", span)
		}
	}
	step := uint64(1)
	if stepped {
		var err error
		if step, err = strconv.ParseUint(stepText, 10, 8); err != nil || step == 0 || step > f.high {
			return 0, fmt.Errorf("a step must be between 1 and %d, not %q", f.high, stepText)
		}
	}
	var set uint64
	for n := low; n <= high; n += step {
		set |= 1 << n
	}
	return set, nil
}

func (f field) parseNumber(text string) (uint64, error) {
	if i := slices.Index(f.names, strings.ToUpper(text)); i >= 0 {
		return f.low + uint64(i), nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err == nil && f.low <= n && n <= f.high {
		return n, nil
	}
	names := ""
	if len(f.names) > 0 {
		names = ", or " + f.names[0] + " to " + f.names[len(f.names)-1]
	}
	return 0, fmt.Errorf("must be %d to %d%s, not %q", f.low, f.high, names, text)
}

// comes tells whether any date matches. Every month has every weekday, and every date falls on each of them in its
// turn: what can be missing is a day of the month.
func (c Schedule) comes() bool {
	if c.eitherDay {
		return true
	}
	for month := time.January; month <= time.December; month++ {
		last := time.Date(2024, month+1, 0, 0, 0, 0, 0, time.UTC).Day() // 2024 is a leap year
		if c.months>>month&1 == 1 && bits.TrailingZeros64(c.days) <= last {
			return true
		}
	}
	return false
}

// onDate tells whether the schedule has the date of day.
func (c Schedule) onDate(day time.Time) bool {
	_, month, n := day.Date()
	if c.months>>month&1 == 0 {
		return false
	}
	inMonth, inWeek := c.days>>n&1 == 1, c.weekdays>>day.Weekday()&1 == 1
	if c.eitherDay {
		return inMonth || inWeek
	}
	return inMonth && inWeek
}

// timeOfDay returns the first time of the schedule at or after hour:minute of the same day, in seconds from midnight.
func (c Schedule) timeOfDay(hour, minute int) (int64, bool) {
	left := c.minutes >> minute << minute
	if c.hours>>hour&1 == 0 || left == 0 {
		later := c.hours >> (hour + 1) << (hour + 1)
		if later == 0 {
			return 0, false
		}
		hour, left = bits.TrailingZeros64(later), c.minutes
	}
	return int64(hour*60+bits.TrailingZeros64(left)) * 60, true
}

// Next returns the schedule's first time after the given one, in UTC. It is false when there is none within 41 years,
// which happens to no schedule that Parse returns.
//
// The fields are read on a wall clock in zone. When that clock is set forward or back, as for daylight saving:
//
//   - A time that the clock skips comes as much later as the clock was set forward. With 02:00 to 03:00 left out, 02:30 comes
//     at 03:30, so that a daily job runs every day; what falls together with another time of the schedule comes once with it,
//     so that "*/15 * * * *" keeps to its quarters of an hour. The shift may lead into the next date.
//   - A time that the clock shows twice comes once, the first time, unless the hour field is exactly *: then it comes both
//     times, so that hourly and quarter-hourly jobs keep their pace.
func (c Schedule) Next(after time.Time, zone *time.Location) (time.Time, bool) {
	from := after.Unix() + 1
	horizon := from + lookahead
	p := periodAt(from-longestJump, horizon, zone)
	passed := p.start + p.offset // every wall-clock time before it was shown or skipped
	next := int64(never)
	for p.start < min(next, horizon) { // nothing later in the loop comes before p.start
		start := p.start
		if !c.everyHour {
			start = max(start, passed-p.offset)
		}
		next = min(next, c.firstIn(period{max(start, from), p.end, p.offset}))

		following := periodAt(p.end, horizon, zone)
		passed = max(passed, p.end+p.offset)
		if forward := following.offset - p.offset; forward > 0 {
			// For what is skipped, the clock as it was before runs on for as long as it was set forward.
			next = min(next, c.firstIn(period{max(passed-p.offset, from), p.end + forward, p.offset}))
		}
		p = following
	}
	if next == never {
		return time.Time{}, false
	}
	return time.Unix(next, 0).UTC(), true
}

// firstIn returns the first instant of p at which its clock shows a time of the schedule, or never.
func (c Schedule) firstIn(p period) int64 {
	wall := time.Unix(p.start+p.offset+59, 0).UTC() // rounded up to the minute, as its seconds are not looked at
	hour, minute, _ := wall.Clock()
	end := p.end + p.offset
	for day := wall.Truncate(daySeconds * time.Second); day.Unix() < end; day = day.Add(daySeconds * time.Second) {
		if c.onDate(day) {
			if seconds, ok := c.timeOfDay(hour, minute); ok && day.Unix()+seconds < end {
				return day.Unix() + seconds - p.offset
			}
		}
		hour, minute = 0, 0
	}
	return never
}

// period is a stretch of time in which a clock keeps its offset from UTC. start and end are instants in Unix seconds,
// end excluded. A wall-clock time is the instant at which a clock in UTC would show it: what p's clock shows is instant
// + offset.
type period struct{ start, end, offset int64 }

// periodAt returns what the zone's clock keeps from an instant on: until it is set, or a part of that, and not beyond
// horizon.
func periodAt(at, horizon int64, zone *time.Location) period {
	t := time.Unix(at, 0).In(zone)
	_, offset := t.Zone()
	_, bound := t.ZoneBounds()
	end := horizon
	if !bound.IsZero() {
		end = min(end, bound.Unix())
	}
	if end <= at {
		// Beyond the zone's table, ZoneBounds takes each year for one of 365 days and ends 31 December of a leap year before
		// it began (golang/go#81583). No rule sets a clock in the rest of that day, in UTC.
		end = at - at%daySeconds + daySeconds
	}
	return period{start: at, end: end, offset: int64(offset)}
}
