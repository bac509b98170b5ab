package cron_test

import (
	"testing"
	"time"
)

func BenchmarkCronNext(b *testing.B) {
	for name, text := range map[string]string{
		"minutely": "* * * * *", "quarter-hourly": "*/15 * * * *", "working days": "0 9 * * MON-FRI", "monthly": "0 0 1 * *",
		"yearly": "0 0 1 1 *", "leap days": "0 0 29 2 *", "leap days on Sunday": "0 0 29 2 */7",
	} {
		b.Run(name, func(b *testing.B) {
			c, zone := mustCron(b, text), zoneOf(b, "America/New_York")
			at := time.Date(2088, 2, 29, 12, 0, 0, 0, time.UTC) // before the longest pause: 40 years
			for b.Loop() {
				if _, ok := c.Next(at, zone); !ok {
					b.Fatal("never")
				}
			}
		})
	}
}
