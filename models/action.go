package models

import (
	"context"
	"regexp"
	"time"
)

// Limits of actions and their runs.
const (
	DefaultPageSizeOfAction = 10
	MaxPageSizeOfAction     = 1_000
	DefaultExecutorTimeout  = 30 * time.Second
	MaxExecutorTimeout      = 10 * time.Minute
)

// Action is a synchronous HTTP endpoint of the platform, the executor, by a name. Runs make it asynchronous.
type Action struct {
	ID        int64
	AccountID int64
	Name      string
	Executor  Endpoint // its URL is always set
	PageSize  int      // results a page, where a run does not say it
	Timeout   time.Duration
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ObjectID returns the action's global id.
func (a *Action) ObjectID() ObjectID { return ObjectID{TypeAction, a.ID} }

// RawID returns the action's number as text.
func (a *Action) RawID() string { return RawIDText(a.ID) }

// ExecutorURL is where the executor listens.
func (a *Action) ExecutorURL() string { return *a.Executor.URL }

// ListCursor is the action's place in a list.
func (a *Action) ListCursor() Cursor { return Cursor{a.CreatedAt, a.ID} }

// ActionStore keeps actions.
type ActionStore interface {
	Actions(ctx context.Context, scope Scope, ids ...int64) ([]*Action, error)
	ActionByName(ctx context.Context, accountID int64, name string) (*Action, error)
	LockAction(ctx context.Context, id int64) (*Action, error)
	// ActionPages returns a page for each of the accounts, newest first, in one statement.
	ActionPages(ctx context.Context, scope Scope, accountIDs []int64, page Page) (map[int64]*PageOf[*Action], error)
	CountActions(ctx context.Context, scope Scope, accountIDs []int64) (map[int64]int, error)
	// CreateAction sets the ID. A name that the account has already is a CONFLICT.
	CreateAction(ctx context.Context, a *Action) error
	UpdateAction(ctx context.Context, a *Action) error
}

// ActionSettings are what can be said of an executor. What is left out has its default, or stays as it is.
type ActionSettings struct {
	Executor EndpointUpdate
	PageSize *int           // 1 to 1,000, default 10
	Timeout  *time.Duration // of one call: 1 s to 10 m, default 30 s
}

// actionPattern: the name stands in the path of the REST doors.
var actionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CreateAction names an executor of an account's platform. Platform only. A taken name is a CONFLICT.
func (s *Service) CreateAction(ctx context.Context, actor *Actor, accountID int64, name string, in ActionSettings) (*Action, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	if !actionPattern.MatchString(name) {
		return nil, Invalid("name", "must be 1 to 100 letters, digits, dots, _ or -, and begin with a letter or digit")
	}
	at := s.now()
	a := &Action{
		AccountID: accountID, Name: name, PageSize: DefaultPageSizeOfAction, Timeout: DefaultExecutorTimeout, CreatedAt: at, UpdatedAt: at,
	}
	if err := a.set(in); err != nil {
		return nil, err
	}
	return a, s.store.InTx(ctx, func(tx Store) error {
		if _, err := One(tx.Accounts(ctx, actor.Scope(RoleViewer), accountID))(TypeAccount); err != nil {
			return err
		}
		return tx.CreateAction(ctx, a)
	})
}

// Lane is where an action's batches wait.
func (a *Action) Lane() Lane {
	return Lane{HostOf(a.ExecutorURL()), ofAction + RawIDText(a.ID), a.AccountID}
}

// UpdateAction changes what is given of an action; calls from then on go by it. Platform only.
func (s *Service) UpdateAction(ctx context.Context, actor *Actor, id int64, in ActionSettings) (*Action, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	var a *Action
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if a, err = tx.LockAction(ctx, id); err != nil {
			return err
		}
		if err := a.set(in); err != nil {
			return err
		}
		a.UpdatedAt = s.now()
		return tx.UpdateAction(ctx, a)
	})
	return a, err
}

func (a *Action) set(in ActionSettings) error {
	if err := a.Executor.Apply(in.Executor, "executorUrl", "executorHeaders"); err != nil {
		return err
	}
	if a.Executor.URL == nil {
		return Invalid("executorUrl", "must be given")
	}
	if in.PageSize != nil {
		if err := CheckRange("pageSize", *in.PageSize, 1, MaxPageSizeOfAction); err != nil {
			return err
		}
		a.PageSize = *in.PageSize
	}
	if in.Timeout != nil {
		if *in.Timeout < time.Second || *in.Timeout > MaxExecutorTimeout {
			return Invalid("timeout", "must be between 1s and %s", FormatDuration(MaxExecutorTimeout))
		}
		a.Timeout = *in.Timeout
	}
	return nil
}

// Action returns one action that the actor may see.
func (s *Service) Action(ctx context.Context, actor *Actor, id int64) (*Action, error) {
	return One(s.Actions(ctx, actor, id))(TypeAction)
}

// Actions returns those of the given actions that the actor may see, in no order.
func (s *Service) Actions(ctx context.Context, actor *Actor, ids ...int64) ([]*Action, error) {
	return s.store.Actions(ctx, actor.Scope(RoleViewer), ids...)
}

// ActionPages lists the actions of each account, newest first.
func (s *Service) ActionPages(ctx context.Context, actor *Actor, accountIDs []int64, page Page) (map[int64]*PageOf[*Action], error) {
	return s.store.ActionPages(ctx, actor.Scope(RoleViewer), accountIDs, page)
}

// CountActions counts what ActionPages lists.
func (s *Service) CountActions(ctx context.Context, actor *Actor, accountIDs []int64) (map[int64]int, error) {
	return s.store.CountActions(ctx, actor.Scope(RoleViewer), accountIDs)
}
