package models

import "slices"

// One turns the answer of a batch read for a single id into that entity, or NotFound.
func One[T any](found []T, err error) func(typeName string) (T, error) {
	return func(typeName string) (T, error) {
		var none T
		if err != nil {
			return none, err
		}
		if len(found) == 0 {
			return none, NotFound(typeName)
		}
		return found[0], nil
	}
}

// Distinct returns the ids that are given, each once.
func Distinct(ids []*int64) []int64 {
	var known []int64
	for _, id := range ids {
		if id != nil {
			known = append(known, *id)
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}
