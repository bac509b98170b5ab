package models

import "strconv"

// MaxEntries is how many entries a call may have whose entries stand each for itself: at some 4 statements for each,
// those of jobs are half a second in one transaction.
const MaxEntries = 500

// Entry is one of a call's entries that stand each for itself: as it was read, or why it could not be.
type Entry[In any] struct {
	In  In
	Err error
}

// Outcome is what came of an entry. Where Err is not nil it changed nothing.
type Outcome[Out any] struct {
	Out Out
	Err error
}

// EachEntry does what is right of a call's entries together, and returns what came of each, in their order. The errors
// of an entry have its path in front of their own, as crawls.3.projectId. An error of do, or of the call itself, says
// that nothing was done.
func EachEntry[In, Out any](
	field string, entries []Entry[In], check func(In) error, do func([]In) ([]Outcome[Out], error),
) ([]Outcome[Out], error) {
	if len(entries) < 1 || len(entries) > MaxEntries {
		return nil, Invalid(field, "must have 1 to %d elements, not %d", MaxEntries, len(entries))
	}
	outcomes := make([]Outcome[Out], len(entries))
	var right []In
	var places []int // of those that are right
	for i, e := range entries {
		if e.Err == nil {
			e.Err = check(e.In)
		}
		if outcomes[i].Err = e.Err; e.Err == nil {
			right, places = append(right, e.In), append(places, i)
		}
	}
	if len(right) > 0 {
		done, err := do(right)
		if err != nil {
			return nil, err
		}
		for k, i := range places {
			outcomes[i] = done[k]
		}
	}
	for i := range outcomes {
		outcomes[i].Err = withinField(field+"."+strconv.Itoa(i), outcomes[i].Err)
	}
	return outcomes, nil
}

// withinField is a domain error of what is in a field of a larger input.
func withinField(field string, err error) error {
	within := Problems{}
	for _, e := range ErrorsOf(err) {
		within = append(within, e.within(field))
	}
	switch len(within) {
	case 0:
		return err
	case 1:
		return within[0]
	}
	return within
}

func (e *Error) within(field string) *Error {
	of := *e
	if of.Field = field; e.Field != "" {
		of.Field += "." + e.Field
	}
	return &of
}
