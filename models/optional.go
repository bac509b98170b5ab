package models

import "strings"

// Optional is an input that can be left out: an update leaves what is not Set unchanged. T is a pointer where null means
// "clear it".
type Optional[T any] struct {
	Set   bool
	Value T
}

// Given is an Optional that is set.
func Given[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

// maxNameLength, in bytes, of names and other short texts.
const maxNameLength = 255

// maxDomainLength, in bytes: a primary domain may be a full URL, as the published examples have it.
const maxDomainLength = 2048

func checkName(field, value string) error { return checkText(field, value, maxNameLength) }

func checkText(field, value string, limit int) error {
	switch {
	case strings.TrimSpace(value) == "":
		return invalid(field, "must not be empty")
	case len(value) > limit:
		return invalid(field, "must be at most %d bytes, not %d", limit, len(value))
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid(field, "must not contain control characters")
	}
	return nil
}

// checkOptionalName accepts a text that is left out or null.
func checkOptionalName(field string, value *string) error {
	if value == nil {
		return nil
	}
	return checkName(field, *value)
}

// assignName puts a given name where it belongs. A name cannot be cleared.
func assignName(target *string, field string, value Optional[*string]) error {
	return assignText(target, field, value, maxNameLength)
}

func assignText(target *string, field string, value Optional[*string], limit int) error {
	if !value.Set {
		return nil
	}
	if value.Value == nil {
		return invalid(field, "cannot be null")
	}
	if err := checkText(field, *value.Value, limit); err != nil {
		return err
	}
	*target = *value.Value
	return nil
}

// firstError returns the first error of several checks, all of which have been made: statements are not for it.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
