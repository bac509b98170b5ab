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
// does the same where nothing can be written, and tells all problems (Beside).
func Refused[T any](ctx context.Context, refusal error, do func(context.Context) (T, error)) (T, error) {
	var none T
	_, err := do(context.WithValue(ctx, refusalKey{}, refusal))
	return none, Beside(refusal, err)
}

// Beside is what is wrong with an input and, where it was gone on with all the same, what came of that: problems of other
// fields. Errors of another kind are left out, as they may come of what is wrong. Where nothing is wrong it is err.
func Beside(wrong, err error) error {
	all, refused := slices.Clone(ProblemsOf(wrong)), map[string]bool{}
	switch {
	case wrong == nil:
		return err
	case len(all) == 0:
		return wrong
	}
	for _, problem := range all {
		refused[problem.Field] = true
	}
	for _, problem := range ProblemsOf(err) {
		if !isWithin(problem.Field, refused) {
			all = append(all, problem)
		}
	}
	return all.alone()
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
