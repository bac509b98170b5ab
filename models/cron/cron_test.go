package cron_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests, on machines without a zone database too

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/cron"
)

func mustCron(t testing.TB, text string) cron.Schedule {
	t.Helper()
	c, err := cron.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// instant reads RFC 3339.
func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// cronCase is a schedule and its first times after an instant, as they are read in the zone.
type cronCase struct {
	cron, zone, after string
	want              []string
}

func runCronCases(t *testing.T, tests map[string]cronCase) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, zone := mustCron(t, test.cron), zoneOf(t, test.zone)
			at := instant(t, test.after)
			var got []string
			for range test.want {
				next, ok := c.Next(at, zone)
				if !ok {
					t.Fatalf("never after %s", at)
				}
				if next.Location() != time.UTC {
					t.Errorf("%s is not in UTC", next)
				}
				got = append(got, next.In(zone).Format(time.RFC3339))
				at = next
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTextThatIsRefusedNamesItsFieldAndTheRule(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":                       {"", "five fields"},
		"blanks":                      {" \t ", "five fields"},
		"four fields":                 {"* * * *", "five fields (minute, hour, day of month, month, day of week), not 4"},
		"seconds":                     {"0 0 0 * * *", "not 6"},
		"a nickname":                  {"@daily", "not 1"},
		"a time zone":                 {"TZ=UTC 0 0 * * *", "not 6"},
		"a line break":                {"0 0 * * *\n", "day of week: must be 0 to 7"},
		"256 bytes":                   {"0 0 * * " + strings.Repeat("1", 248), "at most 255 bytes, not 256"},
		"minute 60":                   {"60 * * * *", `minute: must be 0 to 59, not "60"`},
		"hour 24":                     {"0 24 * * *", `hour: must be 0 to 23, not "24"`},
		"day 0":                       {"0 0 0 * *", `day of month: must be 1 to 31, not "0"`},
		"day 32":                      {"0 0 32 * *", "day of month: "},
		"month 0":                     {"0 0 1 0 *", "month: must be 1 to 12, or JAN to DEC"},
		"month 13":                    {"0 0 1 13 *", "month: "},
		"weekday 8":                   {"0 0 * * 8", "day of week: must be 0 to 7, or SUN to SAT"},
		"a month as a weekday":        {"0 0 * * JAN", "day of week: "},
		"a weekday as a month":        {"0 0 * MON *", "month: "},
		"a whole name":                {"0 0 * january *", "month: "},
		"a name of a minute":          {"MON * * * *", "minute: "},
		"a number beyond 64 bits":     {"99999999999999999999 * * * *", "minute: "},
		"negative":                    {"-1 * * * *", "minute: "},
		"signed":                      {"+1 * * * *", "minute: "},
		"a fraction":                  {"1.5 * * * *", "minute: "},
		"hexadecimal":                 {"0x1 * * * *", "minute: "},
		"digits beyond ASCII":         {"١ * * * *", "ASCII"},
		"an S that is another letter": {"0 0 * * ſun", "ASCII"},
		"bytes that are no text":      {"0 0 * * \xff", "ASCII"},
		"an empty item":               {"1,,2 * * * *", "minute: "},
		"a comma behind":              {"1, * * * *", "minute: "},
		"a range without its end":     {"1- * * * *", "minute: "},
		"a range of three":            {"1-2-3 * * * *", "minute: "},
		"a range backwards":           {"0 9-8 * * *", `hour: the range "9-8" must not go backwards`},
		"a range of names backwards":  {"0 0 * * SAT-SUN", `day of week: the range "SAT-SUN" must not go backwards`},
		"step 0":                      {"*/0 * * * *", `minute: a step must be between 1 and 59, not "0"`},
		"step 60":                     {"*/60 * * * *", "minute: a step"},
		"step beyond a range's field": {"0 0-23/24 * * *", "hour: a step"},
		"no step":                     {"*/ * * * *", "minute: a step"},
		"two steps":                   {"*/2/3 * * * *", "minute: a step"},
		"a step of a number":          {"5/15 * * * *", `minute: a step is written */n or a-b/n, not "5/15"`},
		"a step of nothing":           {"/15 * * * *", "minute: a step is written"},
		"* in a list":                 {"*,5 * * * *", "minute: * and */n stand alone"},
		"*/n in a list":               {"5,*/20 * * * *", "write 0-59 for *"},
		"two asterisks":               {"** * * * *", "minute: "},
		"a question mark":             {"0 0 ? * MON", "day of month: "},
		"the last day":                {"0 0 L * *", "day of month: "},
		"30 February":                 {"0 0 30 2 *", "never comes"},
		"31 February, April or June":  {"0 0 31 FEB,APR,JUN *", "never comes"},
		"30 February on odd weekdays": {"0 0 30,31 2 */2", "never comes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := cron.Parse(test.text)
			if err == nil {
				t.Fatal("it was read")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q does not say %q", err, test.want)
			}
			if c != (cron.Schedule{}) {
				t.Errorf("got %#v beside the error", c)
			}
		})
	}
}

func TestCronIsWrittenAsItWasReadWithSingleBlanks(t *testing.T) {
	t.Parallel()
	longest := "0 0 * * " + strings.Repeat("1,", 123) + "1"
	tests := map[string]string{
		"0 9 * * mon-Fri":             "0 9 * * mon-Fri",
		"\t*/15  0-23/2\t 1,15 JAN 7": "*/15 0-23/2 1,15 JAN 7",
		"007 00 * * * ":               "007 00 * * *",
		longest:                       longest, // 255 bytes
	}
	for text, want := range tests {
		c := mustCron(t, text)
		if got := c.String(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := mustCron(t, want); again != c {
			t.Errorf("%q differs from %q", want, text)
		}
	}
}

func TestZeroCronNeverComes(t *testing.T) {
	t.Parallel()
	if next, ok := (cron.Schedule{}).Next(time.Unix(0, 0), time.UTC); ok {
		t.Errorf("got %s", next)
	}
}

func TestCronComesStrictlyAfterTheGivenTime(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	tests := map[time.Time]time.Time{
		noon.Add(-time.Nanosecond): noon,
		noon:                       noon.Add(24 * time.Hour),
		noon.Add(time.Nanosecond):  noon.Add(24 * time.Hour),
	}
	for after, want := range tests {
		if got, ok := mustCron(t, "0 12 * * *").Next(after, time.UTC); !ok || !got.Equal(want) {
			t.Errorf("after %s: got %s, want %s", after, got, want)
		}
	}
}

func TestCronMatchesTheCalendar(t *testing.T) {
	t.Parallel()
	const utc, newYear = "UTC", "2026-01-01T00:00:00Z" // a Thursday
	runCronCases(t, map[string]cronCase{
		"each minute":          {"* * * * *", utc, "2025-12-31T23:59:59Z", []string{newYear, "2026-01-01T00:01:00Z"}},
		"lists and ranges":     {"5,50 8-9 * * *", utc, "2026-01-01T08:06:00Z", []string{"2026-01-01T08:50:00Z", "2026-01-01T09:05:00Z"}},
		"a step in a range":    {"10-40/15 8 * * *", utc, "2026-01-01T08:10:00Z", []string{"2026-01-01T08:25:00Z", "2026-01-01T08:40:00Z"}},
		"a step from the low":  {"0 0 */15 * *", utc, newYear, []string{"2026-01-16T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"}},
		"working days":         {"0 9 * * MON-fri", utc, "2026-01-02T09:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z"}},
		"Sunday is 0":          {"0 0 * * 0", utc, newYear, []string{"2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"}},
		"Sunday is 7":          {"0 0 * * 7", utc, newYear, []string{"2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"}},
		"Saturday and Sunday":  {"0 0 * * 6-7", utc, newYear, []string{"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-10T00:00:00Z"}},
		"months by name":       {"0 0 1 mar-Jun/3 *", utc, newYear, []string{"2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z", "2027-03-01T00:00:00Z"}},
		"day 31":               {"0 0 31 * *", utc, newYear, []string{"2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"}},
		"either day":           {"0 0 13 * FRI", utc, newYear, []string{"2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"}},
		"*/n of month and day": {"0 0 */2 * FRI", utc, newYear, []string{"2026-01-09T00:00:00Z", "2026-01-23T00:00:00Z", "2026-02-13T00:00:00Z"}},
		"day and */n of week":  {"0 0 13 * */5", utc, newYear, []string{"2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z", "2026-09-13T00:00:00Z"}},
		"1-31 is restricted":   {"0 0 1-31 * FRI", utc, newYear, []string{"2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"}},
		"30 Feb or Monday":     {"0 0 30 2 MON", utc, newYear, []string{"2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z"}},
		"no leap day in 1900":  {"0 0 29 2 *", utc, "1896-02-29T00:00:00Z", []string{"1904-02-29T00:00:00Z", "1908-02-29T00:00:00Z"}},
		"no leap day in 2100":  {"0 0 29 2 *", utc, "2096-02-29T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		"the longest pause":    {"0 0 29 2 */7", "America/New_York", "2088-02-29T05:00:00Z", []string{"2128-02-29T00:00:00-05:00"}},
		"before 1970":          {"30 12 * * *", utc, "1969-07-20T20:17:40Z", []string{"1969-07-21T12:30:00Z"}},
		// time.ZoneBounds is wrong on this day, in zones with daylight saving.
		"New Year of a leap year": {
			"0 */12 * * *", "Europe/London", "2040-12-30T12:00:00Z",
			[]string{"2040-12-31T00:00:00Z", "2040-12-31T12:00:00Z", "2041-01-01T00:00:00Z", "2041-01-01T12:00:00Z"},
		},
	})
}

func TestCronTimeThatTheClockSkipsComesAsMuchLater(t *testing.T) {
	t.Parallel()
	runCronCases(t, map[string]cronCase{
		"London, 1:00 to 2:00": {
			"30 1 * * *", "Europe/London", "2026-03-28T02:00:00Z", []string{"2026-03-29T02:30:00+01:00", "2026-03-30T01:30:00+01:00"},
		},
		"New York, from its first minute": {
			"0 2 * * *", "America/New_York", "2026-03-08T05:00:00Z", []string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00"},
		},
		"the end of the gap is not in it": {
			"0 3 * * *", "America/New_York", "2026-03-08T05:00:00Z", []string{"2026-03-08T03:00:00-04:00", "2026-03-09T03:00:00-04:00"},
		},
		"asked within the shifted hour": {
			"30 2 * * *", "America/New_York", "2026-03-08T07:15:00Z", []string{"2026-03-08T03:30:00-04:00", "2026-03-09T02:30:00-04:00"},
		},
		"asked just after": {
			"30 2 * * *", "America/New_York", "2026-03-08T07:30:00Z", []string{"2026-03-09T02:30:00-04:00"},
		},
		"falling together with times that exist": {
			"15,45 2,3 * * *", "America/New_York", "2026-03-08T05:00:00Z",
			[]string{"2026-03-08T03:15:00-04:00", "2026-03-08T03:45:00-04:00", "2026-03-09T02:15:00-04:00"},
		},
		"between times that exist": {
			"15-45/30 3 * * *", "America/New_York", "2026-03-08T05:00:00Z",
			[]string{"2026-03-08T03:15:00-04:00", "2026-03-08T03:45:00-04:00", "2026-03-09T03:15:00-04:00"},
		},
		"Lord Howe, half an hour: overtaken by a time that exists": {
			"20,45 2 * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z",
			[]string{"2026-10-04T02:45:00+11:00", "2026-10-04T02:50:00+11:00", "2026-10-05T02:20:00+11:00"},
		},
		"São Paulo, at midnight": {
			"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", []string{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		},
		"Havana, at midnight, on its day only": {
			"30 0 8 3 *", "America/Havana", "2026-03-07T12:00:00Z", []string{"2026-03-08T01:30:00-04:00", "2027-03-08T00:30:00-05:00"},
		},
		"Casablanca, at the end of Ramadan": {
			"30 2 * * *", "Africa/Casablanca", "2026-03-21T12:00:00Z", []string{"2026-03-22T03:30:00+01:00", "2026-03-23T02:30:00+01:00"},
		},
		"Casey, three hours: overtaken": {
			"0 1,3,5 18 10 *", "Antarctica/Casey", "2009-10-17T12:00:00Z",
			[]string{"2009-10-18T01:00:00+08:00", "2009-10-18T05:00:00+11:00", "2009-10-18T06:00:00+11:00"},
		},
		"Pyongyang, up to midnight: into the next date": {
			"45 23 * * *", "Asia/Pyongyang", "2018-05-04T12:00:00Z",
			[]string{"2018-05-05T00:15:00+09:00", "2018-05-05T23:45:00+09:00"},
		},
		"Apia, a whole day: with the next day's": {
			"0 10 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
			[]string{"2011-12-29T10:00:00-10:00", "2011-12-31T10:00:00+14:00", "2012-01-01T10:00:00+14:00"},
		},
		"Apia, a whole day: alone": {
			"0 10 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", []string{"2011-12-31T10:00:00+14:00", "2012-12-30T10:00:00+14:00"},
		},
		"Apia, a whole day: asked at its end": {
			"59 23 30 12 *", "Pacific/Apia", "2011-12-31T09:58:59Z", []string{"2011-12-31T23:59:00+14:00", "2012-12-30T23:59:00+14:00"},
		},
		"Monrovia, 44 minutes and 30 seconds": {
			"30 0 * * *", "Africa/Monrovia", "1972-01-06T12:00:00Z", []string{"1972-01-07T01:14:30Z", "1972-01-08T00:30:00Z"},
		},
	})
}

func TestCronTimeThatComesTwiceIsUsedOnceUnlessTheHourIsAsterisk(t *testing.T) {
	t.Parallel()
	const london, before = "Europe/London", "2026-10-24T23:30:00Z" // 2:00 becomes 1:00 on 25 October at 1:00 UTC
	once := []string{"2026-10-25T01:30:00+01:00", "2026-10-26T01:30:00Z"}
	runCronCases(t, map[string]cronCase{
		"a daily time":              {"30 1 * * *", london, before, once},
		"asked between the two":     {"30 1 * * *", london, "2026-10-25T00:30:00Z", once[1:]},
		"asked in the second pass":  {"30 1 * * *", london, "2026-10-25T01:15:00Z", once[1:]},
		"from its first minute":     {"0 1 * * *", london, before, []string{"2026-10-25T01:00:00+01:00", "2026-10-26T01:00:00Z"}},
		"the end comes only once":   {"0 2 * * *", london, before, []string{"2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"}},
		"every minute of some hour": {"*/30 1 * * *", london, "2026-10-25T00:00:00Z", []string{"2026-10-25T01:30:00+01:00", "2026-10-26T01:00:00Z"}},
		"all hours, but written otherwise": {
			"30 0-23 * * *", london, before, []string{"2026-10-25T01:30:00+01:00", "2026-10-25T02:30:00Z"},
		},
		"*/1 is not *": {"30 */1 * * *", london, before, []string{"2026-10-25T01:30:00+01:00", "2026-10-25T02:30:00Z"}},
		"hourly": {
			"30 * * * *", london, before, []string{"2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"},
		},
		"hourly, on its day only": {
			"59 * 25 10 *", london, before, []string{"2026-10-25T00:59:00+01:00", "2026-10-25T01:59:00+01:00", "2026-10-25T01:59:00Z"},
		},
		"New York":  {"59 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", []string{"2026-11-01T01:59:00-04:00", "2026-11-02T01:59:00-05:00"}},
		"Lord Howe": {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T13:00:00Z", []string{"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
		"Lord Howe, hourly": {
			"45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z",
			[]string{"2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30", "2026-04-05T02:45:00+10:30"},
		},
		"São Paulo, back into the day before": {
			"30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z", []string{"2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"},
		},
		"São Paulo, a midnight that comes late": {
			"0 0 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z", []string{"2018-02-18T00:00:00-03:00", "2018-02-19T00:00:00-03:00"},
		},
		"Havana, midnight twice": {
			"0 0 * * *", "America/Havana", "2026-10-31T12:00:00Z", []string{"2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		},
		"Casablanca, at the start of Ramadan": {
			"30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00:00Z", []string{"2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00Z"},
		},
		"Kwajalein, 23 hours": {
			"0 12 * * *", "Pacific/Kwajalein", "1969-09-30T00:00:00Z", []string{"1969-09-30T12:00:00+11:00", "1969-10-01T12:00:00-12:00"},
		},
	})
}

// madeUpZone is a zone whose clock is at UTC until it is set to each of the offsets, in seconds, at its time.
func madeUpZone(t *testing.T, offsets map[time.Time]int32) *time.Location {
	t.Helper()
	times := slices.SortedFunc(maps.Keys(offsets), time.Time.Compare)
	n := byte(len(times))
	// RFC 9636, section 3, version 1: six counts, the times, their kinds, each kind with its offset, the name of all of them.
	data := append([]byte("TZif"), make([]byte, 16+12)...)
	data = append(data, 0, 0, 0, n, 0, 0, 0, n+1, 0, 0, 0, 4)
	for _, at := range times {
		data = binary.BigEndian.AppendUint32(data, uint32(at.Unix()))
	}
	kinds := make([]byte, 6) // the first: at UTC
	for i, at := range times {
		data = append(data, byte(i+1))
		kinds = append(binary.BigEndian.AppendUint32(kinds, uint32(offsets[at])), 0, 0)
	}
	zone, err := time.LoadLocationFromTZData("made up", append(append(data, kinds...), "XXX\x00"...))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestCronComesOnceWhenTheClockIsSetTwiceWithinAnHour(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	backAndBack := madeUpZone(t, map[time.Time]int32{noon: -3600, noon.Add(20 * time.Minute): -5400})
	backAndForward := madeUpZone(t, map[time.Time]int32{noon: -3600, noon.Add(10 * time.Minute): 0})
	tests := map[string]struct {
		cron string
		zone *time.Location
		want []string
	}{
		"back and back: three times 11:10":     {"10 11 * * *", backAndBack, []string{"02 11:10", "03 12:40"}},
		"back and back: 11:30 twice":           {"30 11 * * *", backAndBack, []string{"02 11:30", "03 13:00"}},
		"back and forward: 11:05 twice":        {"5 11 * * *", backAndForward, []string{"02 11:05", "03 11:05"}},
		"back and forward: 11:30 once":         {"30 11 * * *", backAndForward, []string{"02 11:30", "03 11:30"}},
		"back and forward: 12:05 left out":     {"5 12 * * *", backAndForward, []string{"02 13:05", "03 12:05"}},
		"back and forward: 12:15 on its clock": {"15 12 * * *", backAndForward, []string{"02 12:15", "03 12:15"}},
	}
	for name, test := range tests {
		at := noon.Add(-2 * time.Hour)
		for _, want := range test.want {
			next, _ := mustCron(t, test.cron).Next(at, test.zone)
			if got := next.Format("02 15:04"); got != want {
				t.Errorf("%s: after %s comes %s, want %s", name, at, got, want)
			}
			at = next
		}
	}
}
