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

// Grouped are the lists of what belongs together, each in the order of the whole list.
func Grouped[K comparable, V any](list []V, by func(V) K) map[K][]V {
	groups := map[K][]V{}
	for _, v := range list {
		key := by(v)
		groups[key] = append(groups[key], v)
	}
	return groups
}
