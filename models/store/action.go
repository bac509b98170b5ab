package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

type actionRow struct {
	ID              int64
	AccountID       int64
	Name            string
	ExecutorURL     string
	ExecutorHeaders []byte
	PageSize        int
	TimeoutMicros   int64
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	UpdatedAt       int64 `gorm:"autoUpdateTime:false"`
}

func (actionRow) TableName() string { return "actions" }

func executorHeadersPlace(id int64) string { return fmt.Sprintf("actions.executor_headers:%d", id) }

func (s *Store) action(r actionRow) (*run.Action, error) {
	headers, unreadable := s.sealer.openHeaders(r.ExecutorHeaders, executorHeadersPlace(r.ID))
	return &run.Action{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name,
		Executor: models.Endpoint{URL: &r.ExecutorURL, Headers: headers, Unreadable: unreadable},
		PageSize: r.PageSize, Timeout: fromMicrosDuration(r.TimeoutMicros),
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
	}, nil
}

// Actions finds actions by id.
func (s *Store) Actions(ctx context.Context, scope models.Scope, ids ...int64) ([]*run.Action, error) {
	return find(ofAccount(s.reader(ctx), scope).Where(s.among("id", &ids)), s.action)
}

// ActionByName finds an action of an account.
func (s *Store) ActionByName(
	ctx context.Context, scope models.Scope, accountID int64, name string,
) (*run.Action, error) {
	return first(s.actionByName(ctx, scope, accountID, name), models.TypeAction, s.action)
}

func (s *Store) actionByName(ctx context.Context, scope models.Scope, accountID int64, name string) *gorm.DB {
	return ofAccount(s.reader(ctx), scope).Where("account_id = ? AND "+s.dialect.byBytes("name")+" = ?", accountID, name)
}

// LockAction reads one action for an update.
func (s *Store) LockAction(ctx context.Context, id int64) (*run.Action, error) {
	return first(s.locking(ctx).Where("id = ?", id), models.TypeAction, s.action)
}

// ActionPages lists the actions of accounts.
func (s *Store) ActionPages(
	ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*run.Action], error) {
	return pagesOf(ctx, s, accountIDs, page, func(id int64) *gorm.DB {
		return ofAccount(s.reader(ctx).Model(&actionRow{}), scope).Where("account_id = ?", id)
	}, s.action, func(a *run.Action) int64 { return a.AccountID })
}

// CountActions counts what ActionPages lists.
func (s *Store) CountActions(ctx context.Context, scope models.Scope, accountIDs []int64) (map[int64]int, error) {
	return countBy(ofAccount(s.reader(ctx).Model(&actionRow{}), scope), "account_id", accountIDs)
}

// CreateAction inserts an action.
func (s *Store) CreateAction(ctx context.Context, a *run.Action) error {
	row := actionRow{
		AccountID: a.AccountID, Name: a.Name, ExecutorURL: a.ExecutorURL(), PageSize: a.PageSize,
		TimeoutMicros: a.Timeout.Microseconds(),
		CreatedAt:     micros(a.CreatedAt), UpdatedAt: micros(a.UpdatedAt),
	}
	err := s.writer(ctx).Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.Conflict("name", "the account has an action %q already", a.Name)
	}
	if err != nil {
		return err
	}
	a.ID = row.ID
	return s.sealInto(ctx, &row, "executor_headers", a.Executor.Headers, executorHeadersPlace(row.ID))
}

// UpdateAction writes what can change of an action.
func (s *Store) UpdateAction(ctx context.Context, a *run.Action) error {
	values := map[string]any{
		"executor_url": a.ExecutorURL(), "page_size": a.PageSize, "timeout_micros": a.Timeout.Microseconds(),
		"updated_at": micros(a.UpdatedAt),
	}
	if err := s.putHeaders(values, "executor_headers", a.Executor, executorHeadersPlace(a.ID)); err != nil {
		return err
	}
	return mustChange(s.writer(ctx).Model(&actionRow{}).Where("id = ?", a.ID).Updates(values), models.TypeAction)
}
