package store

import (
	"slices"
	"sync"
	"time"
)

// turns are the accounts that have schedules which are due, in the order of their turns to fire one: an account with a thousand of them
// holds up another's only one for as long as one firing takes. It belongs to a process: each fires what it gets hold of.
type turns struct {
	mu       sync.Mutex
	accounts []int64
	readAt   time.Time
}

// turnsLife is after which time the accounts are read again, so that those that have come meanwhile have their turn.
const turnsLife = time.Second

// next takes the account whose turn it is. It reads them where there is none, or where they were read a while ago.
func (t *turns) next(now time.Time, read func() ([]int64, error)) (account int64, ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := now.Sub(t.readAt); len(t.accounts) == 0 || age < 0 || age >= turnsLife {
		due, err := read()
		if err != nil {
			return 0, false, err
		}
		t.update(due)
		t.readAt = now
	}
	if len(t.accounts) == 0 {
		return 0, false, nil
	}
	account, t.accounts = t.accounts[0], t.accounts[1:]
	return account, true, nil
}

// update lets the accounts that wait keep their order; those that are new come first, since they have had no turn.
func (t *turns) update(due []int64) {
	waiting := slices.DeleteFunc(slices.Clone(t.accounts), func(id int64) bool { return !slices.Contains(due, id) })
	come := slices.DeleteFunc(due, func(id int64) bool { return slices.Contains(waiting, id) })
	t.accounts = append(come, waiting...)
}

// again lets an account that has had its turn have another one, after the others.
func (t *turns) again(account int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.accounts, account) {
		t.accounts = append(t.accounts, account)
	}
}
