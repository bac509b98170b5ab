package tenant

import (
	"context"
	"reflect"
	"time"

	"github.com/ringback/ringback/models"
)

// Account is a customer: it owns projects, and says where their callbacks go unless a project says so itself.
type Account struct {
	ID       int64
	Name     string
	Timezone string // IANA name
	Callback models.Endpoint
	Limits
	SSOClientID      *int64
	PartnerAccountID *string // the account's id at the SSO client
	Pause
	Version   int // grows by one with each change of what a person can set, but a pause
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TypeAccount stands in the ObjectIDs of accounts.
const TypeAccount = "Account"

// ObjectID returns the account's global id.
func (a *Account) ObjectID() models.ObjectID { return models.ObjectID{Type: TypeAccount, Raw: a.ID} }

// RawID returns the account's number as text.
func (a *Account) RawID() string { return models.RawIDText(a.ID) }

// ListCursor is the account's place in a list.
func (a *Account) ListCursor() models.Cursor { return models.Cursor{At: a.CreatedAt, ID: a.ID} }

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
	Callback         models.EndpointUpdate
	Limits           LimitsUpdate
	SSOClientID      *int64
	PartnerAccountID *string
}

// CreateAccount makes an account. Platform only.
func (s *Service) CreateAccount(ctx context.Context, actor *models.Actor, in NewAccount) (*Account, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	at := s.now()
	a := &Account{
		ID: in.RawID, Name: in.Name, Timezone: "UTC", SSOClientID: in.SSOClientID,
		PartnerAccountID: in.PartnerAccountID, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	wrong := models.AllProblems(
		models.CheckNewID("rawID", in.RawID),
		models.CheckName("name", in.Name),
		models.CheckOptionalName("partnerAccountId", in.PartnerAccountID),
		a.setTimezone(models.Optional[*string]{Set: in.Timezone != nil, Value: in.Timezone}),
		a.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
		a.limit(in.Limits),
	)
	return a, s.inTx(ctx, func(tx Store) error {
		wrong := wrong
		if in.SSOClientID != nil {
			_, err := models.One(tx.SSOClients(ctx, *in.SSOClientID))(TypeSSOClient)
			wrong = models.AllProblems(wrong, models.FoundAt("ssoClientId", err))
		}
		if err := models.Beside(wrong, tx.CreateAccount(ctx, a)); err != nil {
			return err
		}
		models.Made(ctx, a.ID)
		return nil
	})
}

// AccountUpdate is the input of UpdateAccount.
type AccountUpdate struct {
	AccountID int64
	IfVersion *int // as of a project
	Name      models.Optional[*string]
	Timezone  models.Optional[*string]
	Callback  models.EndpointUpdate
	Limits    LimitsUpdate
}

// UpdateAccount changes what is given. Admin only.
func (s *Service) UpdateAccount(ctx context.Context, actor *models.Actor, in AccountUpdate) (Configured, error) {
	return s.changeAccount(ctx, actor, in.AccountID, in.IfVersion, models.RoleAdmin, func(a *Account) error {
		return models.AllProblems(
			models.AssignName(&a.Name, "name", in.Name),
			a.setTimezone(in.Timezone),
			a.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
			a.limit(in.Limits),
		)
	})
}

// changeAccount is changeProject of an account.
func (s *Service) changeAccount(
	ctx context.Context, actor *models.Actor, id int64, ifVersion *int, least models.Role, change func(*Account) error,
) (c Configured, err error) {
	err = s.inTx(ctx, func(tx Store) error {
		a, err := tx.LockAccount(ctx, actor.Scope(models.RoleViewer), id)
		if err != nil {
			return err
		}
		if err := actor.RequireRole(a.ID, least); err != nil {
			return err
		}
		before := *a
		c.Account = a
		if err := models.AllProblems(models.CheckVersion(ifVersion, a.Version, &before), change(a)); err != nil || reflect.DeepEqual(before, *a) {
			return err
		}
		if before.Pause == a.Pause { // nobody who sets something else comes too late for it
			a.Version++
			a.UpdatedAt = s.now()
		}
		if err := tx.UpdateAccount(ctx, actor.Scope(least), a); err != nil {
			return err
		}
		c.Moved, err = moved(ctx, tx, CallbackOwner{AccountID: a.ID},
			TargetOf(LevelAccount, before.Callback), TargetOf(LevelAccount, a.Callback))
		return err
	})
	return c, err
}

func (a *Account) setTimezone(zone models.Optional[*string]) error {
	if err := models.AssignName(&a.Timezone, "timezone", zone); err != nil || !zone.Set {
		return err
	}
	_, err := models.LoadZone("timezone", a.Timezone)
	return err
}
