package models

import (
	"context"
	"time"
)

// Account is a customer: it owns projects, and says where their callbacks go unless a project says so itself.
type Account struct {
	ID               int64
	Name             string
	Timezone         string // IANA name
	Callback         Endpoint
	SSOClientID      *int64
	PartnerAccountID *string // the account's id at the SSO client
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// ObjectID returns the account's global id.
func (a *Account) ObjectID() ObjectID { return ObjectID{TypeAccount, a.ID} }

// RawID returns the account's number as text.
func (a *Account) RawID() string { return RawIDText(a.ID) }

// APICallbackURL is where callbacks go, as far as this level says it.
func (a *Account) APICallbackURL() *string { return a.Callback.URL }

// AccountStore keeps accounts.
type AccountStore interface {
	Accounts(ctx context.Context, scope Scope, ids ...int64) ([]*Account, error)
	// LockAccount reads an account that the transaction is about to change.
	LockAccount(ctx context.Context, scope Scope, id int64) (*Account, error)
	AccountPage(ctx context.Context, scope Scope, page Page) (*PageOf[*Account], error)
	CountAccounts(ctx context.Context, scope Scope) (int, error)
	// CreateAccount sets the ID unless it is given; a given one that is taken is a CONFLICT on rawID.
	CreateAccount(ctx context.Context, a *Account) error
	UpdateAccount(ctx context.Context, scope Scope, a *Account) error
}

// NewAccount is the input of CreateAccount. RawID 0 lets the database choose.
type NewAccount struct {
	Name             string
	RawID            int64
	Timezone         *string // default UTC
	Callback         EndpointUpdate
	SSOClientID      *int64
	PartnerAccountID *string
}

// CreateAccount makes an account. Platform only.
func (s *Service) CreateAccount(ctx context.Context, actor *Actor, in NewAccount) (*Account, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	at := s.now()
	a := &Account{
		ID: in.RawID, Name: in.Name, Timezone: "UTC", SSOClientID: in.SSOClientID,
		PartnerAccountID: in.PartnerAccountID, CreatedAt: at, UpdatedAt: at,
	}
	err := firstError(
		checkNewID("rawID", in.RawID),
		CheckName("name", in.Name),
		checkOptionalName("partnerAccountId", in.PartnerAccountID),
		a.setTimezone(Optional[*string]{in.Timezone != nil, in.Timezone}),
		a.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
	)
	if err != nil {
		return nil, err
	}
	return a, s.store.InTx(ctx, func(tx Store) error {
		if in.SSOClientID != nil {
			if _, err := One(tx.SSOClients(ctx, *in.SSOClientID))(TypeSSOClient); err != nil {
				return err
			}
		}
		return tx.CreateAccount(ctx, a)
	})
}

// AccountUpdate is the input of UpdateAccount.
type AccountUpdate struct {
	AccountID int64
	Name      Optional[*string]
	Timezone  Optional[*string]
	Callback  EndpointUpdate
}

// UpdateAccount changes what is given. Admin only.
func (s *Service) UpdateAccount(ctx context.Context, actor *Actor, in AccountUpdate) (*Account, error) {
	var a *Account
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if a, err = tx.LockAccount(ctx, actor.Scope(RoleViewer), in.AccountID); err != nil {
			return err
		}
		err = firstError(
			actor.RequireRole(a.ID, RoleAdmin),
			assignName(&a.Name, "name", in.Name),
			a.setTimezone(in.Timezone),
			a.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
		)
		if err != nil {
			return err
		}
		a.UpdatedAt = s.now()
		return tx.UpdateAccount(ctx, actor.Scope(RoleAdmin), a)
	})
	return a, err
}

func (a *Account) setTimezone(zone Optional[*string]) error {
	if err := assignName(&a.Timezone, "timezone", zone); err != nil || !zone.Set {
		return err
	}
	_, err := LoadZone("timezone", a.Timezone)
	return err
}

// Account returns one account that the actor may see.
func (s *Service) Account(ctx context.Context, actor *Actor, id int64) (*Account, error) {
	return One(s.Accounts(ctx, actor, id))(TypeAccount)
}

// Accounts returns those of the given accounts that the actor may see, in no order.
func (s *Service) Accounts(ctx context.Context, actor *Actor, ids ...int64) ([]*Account, error) {
	return s.store.Accounts(ctx, actor.Scope(RoleViewer), ids...)
}

// AccountPage lists the accounts that the actor may see, newest first.
func (s *Service) AccountPage(ctx context.Context, actor *Actor, page Page) (*PageOf[*Account], error) {
	return s.store.AccountPage(ctx, actor.Scope(RoleViewer), page)
}

// CountAccounts counts the accounts that the actor may see.
func (s *Service) CountAccounts(ctx context.Context, actor *Actor) (int, error) {
	return s.store.CountAccounts(ctx, actor.Scope(RoleViewer))
}
