package run

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Limits of actions and their runs.
const (
	DefaultPageSize        = 10
	MaxPageSize            = 1_000
	DefaultExecutorTimeout = 30 * time.Second
	MaxExecutorTimeout     = 10 * time.Minute
)

// Action is a synchronous HTTP endpoint of the platform, the executor, by a name. Runs make it asynchronous.
type Action struct {
	ID        int64
	AccountID int64
	Name      string
	Executor  models.Endpoint // its URL is always set
	PageSize  int             // results a page, where a run does not say it
	Timeout   time.Duration
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ObjectID returns the action's global id.
func (a *Action) ObjectID() models.ObjectID {
	return models.ObjectID{Type: models.TypeAction, Raw: a.ID}
}

// RawID returns the action's number as text.
func (a *Action) RawID() string { return models.RawIDText(a.ID) }

// ExecutorURL is where the executor listens.
func (a *Action) ExecutorURL() string { return *a.Executor.URL }

// Lane is where an action's batches wait.
func (a *Action) Lane() callback.Lane {
	host, owner := models.HostOf(a.ExecutorURL()), ofAction+models.RawIDText(a.ID)
	return callback.Lane{Host: host, Owner: owner, Account: a.AccountID}
}

// ofAction begins the owner of each lane of batches: action:4.
const ofAction = "action:"

// OfBatches tells whether batches wait in a lane, and not callbacks.
func OfBatches(l callback.Lane) bool { return strings.HasPrefix(l.Owner, ofAction) }

// ListCursor is the action's place in a list.
func (a *Action) ListCursor() models.Cursor { return models.Cursor{At: a.CreatedAt, ID: a.ID} }

// ActionTx is what a change of an action asks of its transaction.
type ActionTx interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.Account, error)
	LockAction(ctx context.Context, id int64) (*Action, error)
	// CreateAction sets the ID. A name that the account has already is a CONFLICT.
	CreateAction(ctx context.Context, a *Action) error
	UpdateAction(ctx context.Context, a *Action) error
}

// ActionSettings are what can be said of an executor. What is left out has its default, or stays as it is.
type ActionSettings struct {
	Executor models.EndpointUpdate
	PageSize *int           // 1 to 1,000, default 10
	Timeout  *time.Duration // of one call: 1 s to 10 m, default 30 s
}

// actionPattern: the name stands in the path of the REST doors.
var actionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CreateAction names an executor of an account's platform. Platform only. A taken name is a CONFLICT.
func (s *Service) CreateAction(
	ctx context.Context, actor *models.Actor, accountID int64, name string, in ActionSettings,
) (*Action, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	var misnamed error
	if !actionPattern.MatchString(name) {
		misnamed = models.Invalid("name",
			"must be 1 to 100 letters, digits, dots, _ or -, and begin with a letter or digit")
	}
	at := s.engine.Now()
	a := &Action{
		AccountID: accountID, Name: name, PageSize: DefaultPageSize, Timeout: DefaultExecutorTimeout,
		CreatedAt: at, UpdatedAt: at,
	}
	if err := models.AllProblems(misnamed, a.set(in)); err != nil {
		return nil, err
	}
	return a, s.db.InActionTx(ctx, func(tx ActionTx) error {
		_, err := models.One(tx.Accounts(ctx, actor.Scope(models.RoleViewer), accountID))(tenant.TypeAccount)
		if err != nil {
			return err
		}
		if err := tx.CreateAction(ctx, a); err != nil {
			return err
		}
		models.Made(ctx, a.ID)
		return nil
	})
}

// UpdateAction changes what is given of an action; calls from then on go by it. Platform only.
func (s *Service) UpdateAction(ctx context.Context, actor *models.Actor, id int64, in ActionSettings) (*Action, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	var a *Action
	err := s.db.InActionTx(ctx, func(tx ActionTx) (err error) {
		if a, err = tx.LockAction(ctx, id); err != nil {
			return err
		}
		if err := a.set(in); err != nil {
			return err
		}
		a.UpdatedAt = s.engine.Now()
		return tx.UpdateAction(ctx, a)
	})
	return a, err
}

func (a *Action) set(in ActionSettings) error {
	unfit := a.Executor.Apply(in.Executor, "executorUrl", "executorHeaders")
	if unfit == nil && a.Executor.URL == nil {
		unfit = models.Invalid("executorUrl", "must be given")
	}
	if err := models.AllProblems(unfit, in.check()); err != nil {
		return err
	}
	if in.PageSize != nil {
		a.PageSize = *in.PageSize
	}
	if in.Timeout != nil {
		a.Timeout = *in.Timeout
	}
	return nil
}

func (in ActionSettings) check() error {
	var size, timeout error
	if in.PageSize != nil {
		size = models.CheckRange("pageSize", *in.PageSize, 1, MaxPageSize)
	}
	if in.Timeout != nil && (*in.Timeout < time.Second || *in.Timeout > MaxExecutorTimeout) {
		timeout = models.Invalid("timeout", "must be between 1s and %s", models.FormatDuration(MaxExecutorTimeout))
	}
	return models.AllProblems(size, timeout)
}
