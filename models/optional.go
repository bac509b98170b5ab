package models

// Optional is an input that can be left out: an update leaves what is not Set unchanged. T is a pointer where null
// means "clear it".
type Optional[T any] struct {
	Set   bool
	Value T
}

// Given is an Optional that is set.
func Given[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

// AssignName puts a given name where it belongs: BAD_USER_INPUT on field where CheckName refuses it, or where it is
// null.
func AssignName(target *string, field string, value Optional[*string]) error {
	return AssignText(target, field, value, maxNameLength)
}

// AssignText is AssignName for a text of so many bytes.
func AssignText(target *string, field string, value Optional[*string], limit int) error {
	if !value.Set {
		return nil
	}
	if value.Value == nil {
		return Invalid(field, "cannot be null")
	}
	if err := checkText(field, *value.Value, limit); err != nil {
		return err
	}
	*target = *value.Value
	return nil
}
