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

// TypeAccount stands in the ObjectIDs of accounts.
const TypeAccount = "Account"

// ObjectID returns the account's global id.
func (a *Account) ObjectID() ObjectID { return ObjectID{TypeAccount, a.ID} }

// RawID returns the account's number as text.
func (a *Account) RawID() string { return RawIDText(a.ID) }

// ListCursor is the account's place in a list.
func (a *Account) ListCursor() Cursor { return Cursor{a.CreatedAt, a.ID} }

// APICallbackURL is where callbacks go, as far as this level says it.
func (a *Account) APICallbackURL() *string { return a.Callback.URL }

// Names of the fields of an account's and a project's Callback in the API.
const (
	fieldCallbackURL     = "apiCallbackUrl"
	fieldCallbackHeaders = "apiCallbackHeaders"
)

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
func (s *Tenants) CreateAccount(ctx context.Context, actor *Actor, in NewAccount) (*Account, error) {
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
	return a, s.inTx(ctx, func(tx TenantStore) error {
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
func (s *Tenants) UpdateAccount(ctx context.Context, actor *Actor, in AccountUpdate) (*Account, error) {
	var a *Account
	err := s.inTx(ctx, func(tx TenantStore) (err error) {
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
