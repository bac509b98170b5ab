package models

import "strings"

// maxNameLength, in bytes, of names and other short texts.
const maxNameLength = 255

// CheckRange refuses a number outside of least and most, both included: BAD_USER_INPUT on field.
func CheckRange(field string, n, least, most int) error {
	if n < least || n > most {
		return Invalid(field, "must be between %d and %d, not %d", least, most, n)
	}
	return nil
}

// CheckName refuses a name or another short text that is empty, longer than 255 bytes or has control characters in it:
// BAD_USER_INPUT on field.
func CheckName(field, value string) error { return checkText(field, value, maxNameLength) }

func checkText(field, value string, limit int) error {
	switch {
	case strings.TrimSpace(value) == "":
		return Invalid(field, "must not be empty")
	case len(value) > limit:
		return Invalid(field, "must be at most %d bytes, not %d", limit, len(value))
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Invalid(field, "must not contain control characters")
	}
	return nil
}

// CheckOptionalName is CheckName, and accepts a text that is left out or null.
func CheckOptionalName(field string, value *string) error {
	if value == nil {
		return nil
	}
	return CheckName(field, *value)
}
