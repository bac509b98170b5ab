package models

import (
	"strings"
	"time"
)

// FormatTime is how times leave: ISO 8601, UTC, with milliseconds.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// FormatDuration drops the zero units that time.Duration prints: 5m0s is 5m.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// TextOrEmpty is a text that may be missing, where what is missing is an empty one.
func TextOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
