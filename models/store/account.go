package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type accountRow struct {
	ID                 int64
	Name               string
	Timezone           string
	APICallbackURL     *string
	APICallbackHeaders []byte
	SSOClientID        *int64
	PartnerAccountID   *string
	Limits             limitColumns `gorm:"embedded"`
	Pause              pauseColumns `gorm:"embedded"`
	Version            int
	CreatedAt          int64 `gorm:"autoCreateTime:false"`
	UpdatedAt          int64 `gorm:"autoUpdateTime:false"`
}

func (accountRow) TableName() string { return "accounts" }

func accountHeadersPlace(id int64) string { return fmt.Sprintf("accounts.api_callback_headers:%d", id) }

func (s *Store) account(r accountRow) (*tenant.Account, error) {
	headers, unreadable := s.sealer.openHeaders(r.APICallbackHeaders, accountHeadersPlace(r.ID))
	return &tenant.Account{
		ID: r.ID, Name: r.Name, Timezone: r.Timezone,
		Callback:    models.Endpoint{URL: r.APICallbackURL, Headers: headers, Unreadable: unreadable},
		SSOClientID: r.SSOClientID, PartnerAccountID: r.PartnerAccountID,
		Limits: tenant.Limits(r.Limits), Pause: r.Pause.pause(), Version: r.Version,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
	}, nil
}

// limitColumns are those of a project and of an account.
type limitColumns struct {
	MaxInFlight  *int `gorm:"column:api_callback_max_in_flight"`
	MaxPerSecond *int `gorm:"column:api_callback_max_per_second"`
}

// InTenantTx runs f in one transaction: models.NewTenants takes it.
func (s *Store) InTenantTx(ctx context.Context, f func(tenant.Store) error) error {
	return s.Transaction(ctx, func(tx *Store) error { return f(tx) })
}

// Accounts finds accounts by id.
func (s *Store) Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.Account, error) {
	return find(scoped(s.reader(ctx), scope, "id", noProject).Where(s.among("id", &ids)), s.account)
}

// LockAccount reads one account for an update.
func (s *Store) LockAccount(ctx context.Context, scope models.Scope, id int64) (*tenant.Account, error) {
	return first(scoped(s.locking(ctx), scope, "id", noProject).Where("id = ?", id), tenant.TypeAccount, s.account)
}

// AccountPage lists accounts, newest first.
func (s *Store) AccountPage(
	ctx context.Context, scope models.Scope, page models.Page,
) (*models.PageOf[*tenant.Account], error) {
	found, err := find(cut(scoped(s.reader(ctx), scope, "id", noProject), page), s.account)
	return models.Cut(found, page), err
}

// CountAccounts counts what AccountPage lists.
func (s *Store) CountAccounts(ctx context.Context, scope models.Scope) (int, error) {
	return count(scoped(s.reader(ctx).Model(&accountRow{}), scope, "id", noProject))
}

// SSOClientAccountPages lists the accounts of SSO clients, newest first.
func (s *Store) SSOClientAccountPages(
	ctx context.Context, scope models.Scope, ssoClientIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*tenant.Account], error) {
	return pagesOf(ctx, s, ssoClientIDs, page, func(id int64) *gorm.DB {
		return s.ofSSOClients(ctx, scope).Where("sso_client_id = ?", id)
	}, s.account, func(a *tenant.Account) int64 { return *a.SSOClientID })
}

// CountSSOClientAccounts counts what SSOClientAccountPages lists.
func (s *Store) CountSSOClientAccounts(
	ctx context.Context, scope models.Scope, ssoClientIDs []int64,
) (map[int64]int, error) {
	return countBy(s.ofSSOClients(ctx, scope), "sso_client_id", ssoClientIDs)
}

func (s *Store) ofSSOClients(ctx context.Context, scope models.Scope) *gorm.DB {
	return ssoClientsWithin(s.reader(ctx).Model(&accountRow{}), scope, "sso_client_id")
}

// CreateAccount inserts an account.
func (s *Store) CreateAccount(ctx context.Context, a *tenant.Account) error {
	row := accountRow{
		ID: a.ID, Name: a.Name, Timezone: a.Timezone, APICallbackURL: a.Callback.URL, SSOClientID: a.SSOClientID,
		PartnerAccountID: a.PartnerAccountID, Limits: limitColumns(a.Limits), Version: a.Version, CreatedAt: micros(a.CreatedAt),
		UpdatedAt: micros(a.UpdatedAt),
	}
	if err := insertNew(ctx, s, &row, &row.ID, "accounts", tenant.TypeAccount); err != nil {
		return err
	}
	a.ID = row.ID
	return s.sealInto(ctx, &row, "api_callback_headers", a.Callback.Headers, accountHeadersPlace(row.ID))
}

// UpdateAccount writes what can change of an account.
func (s *Store) UpdateAccount(ctx context.Context, scope models.Scope, a *tenant.Account) error {
	values := map[string]any{
		"name": a.Name, "timezone": a.Timezone, "api_callback_url": a.Callback.URL, "version": a.Version,
		"api_callback_max_in_flight": a.MaxInFlight, "api_callback_max_per_second": a.MaxPerSecond,
		"paused_at": microsPtr(a.PausedAt), "paused_by_user_id": a.PausedByUserID,
		"updated_at": micros(a.UpdatedAt),
	}
	if err := s.putHeaders(values, "api_callback_headers", a.Callback, accountHeadersPlace(a.ID)); err != nil {
		return err
	}
	update := scoped(s.writer(ctx).Model(&accountRow{}), scope, "id", noProject).Where("id = ?", a.ID)
	return mustChange(update.Updates(values), tenant.TypeAccount)
}

// putHeaders adds an endpoint's headers to what is written of its row. Those that could not be read stay as they are:
// the key may come back.
func (s *Store) putHeaders(values map[string]any, column string, of models.Endpoint, place string) error {
	if of.Unreadable != nil {
		return nil
	}
	box, err := s.sealer.sealHeaders(of.Headers, place)
	values[column] = box
	return err
}

// sealInto writes headers into a row that was just inserted: the box is bound to the row's id, which is known only
// then.
func (s *Store) sealInto(ctx context.Context, row any, column string, headers []models.Header, place string) error {
	box, err := s.sealer.sealHeaders(headers, place)
	if err != nil || box == nil {
		return err
	}
	return s.writer(ctx).Model(row).Update(column, box).Error
}
