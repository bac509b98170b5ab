package models

import (
	"context"
	"slices"
	"strings"
)

type refusalKey struct{}

// Refusal is why nothing may be written under a context; nil: it may. Every transaction under it fails with that, and so
// does a write outside of one.
func Refusal(ctx context.Context) error {
	refusal, _ := ctx.Value(refusalKey{}).(error)
	return refusal
}

// Refused finds out what else is wrong with what is refused before it began, as for what cannot be read of its input: it
// does the same where nothing can be written, and tells all problems. Those of a field that is refused, and errors that are
// no problems of the input, may come of the refusal, and are left out.
func Refused[T any](ctx context.Context, refusal error, do func(context.Context) (T, error)) (T, error) {
	_, err := do(context.WithValue(ctx, refusalKey{}, refusal))
	all, refused := slices.Clone(ProblemsOf(refusal)), map[string]bool{}
	for _, problem := range all {
		refused[problem.Field] = true
	}
	for _, problem := range ProblemsOf(err) {
		if !isWithin(problem.Field, refused) {
			all = append(all, problem)
		}
	}
	var none T
	return none, all.alone()
}

// isWithin tells whether a field, or one that it is within, is among some.
func isWithin(field string, fields map[string]bool) bool {
	for {
		if fields[field] {
			return true
		}
		end := strings.LastIndexByte(field, '.')
		if end < 0 {
			return false
		}
		field = field[:end]
	}
}

// Unrefused lets a transaction that only reads come to its end.
func Unrefused(ctx context.Context) context.Context { return context.WithValue(ctx, refusalKey{}, nil) }
