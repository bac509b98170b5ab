package models

import (
	"context"
	"net/mail"
	"time"
)

// User is a person with a role on some accounts.
type User struct {
	ID            int64
	Email         string
	FirstName     *string
	LastName      *string
	PartnerUserID *string // the user's id at the SSO client
	CreatedAt     time.Time
}

// TypeUser stands in the ObjectIDs of users.
const TypeUser = "User"

// ObjectID returns the user's global id.
func (u *User) ObjectID() ObjectID { return ObjectID{TypeUser, u.ID} }

// RawID returns the user's number as text.
func (u *User) RawID() string { return RawIDText(u.ID) }

// Username is the email address: there is no other name to log in with.
func (u *User) Username() string { return u.Email }

// Membership gives a user a role on an account.
type Membership struct {
	AccountID int64
	Role      Role
}

// NewUser is the input of CreateUser. RawID 0 lets the database choose.
type NewUser struct {
	Email         string
	RawID         int64
	FirstName     *string
	LastName      *string
	PartnerUserID *string
	Accounts      []Membership
}

// CreateUser makes a user with its roles. Platform only.
func (s *Access) CreateUser(ctx context.Context, actor *Actor, in NewUser) (*User, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	err := firstError(
		checkNewID("rawID", in.RawID),
		checkEmail(in.Email),
		checkOptionalName("firstName", in.FirstName),
		checkOptionalName("lastName", in.LastName),
		checkOptionalName("partnerUserId", in.PartnerUserID),
		checkMemberships(in.Accounts),
	)
	if err != nil {
		return nil, err
	}
	u := &User{
		ID: in.RawID, Email: in.Email, FirstName: in.FirstName, LastName: in.LastName,
		PartnerUserID: in.PartnerUserID, CreatedAt: s.now(),
	}
	return u, s.inTx(ctx, func(tx AccessStore) error {
		for _, m := range in.Accounts {
			if _, err := One(tx.Accounts(ctx, actor.Scope(RoleViewer), m.AccountID))(TypeAccount); err != nil {
				return err
			}
		}
		return tx.CreateUser(ctx, u, in.Accounts)
	})
}

func checkEmail(email string) error {
	if err := CheckName("email", email); err != nil {
		return err
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return Invalid("email", "must be a plain email address")
	}
	return nil
}

func checkMemberships(memberships []Membership) error {
	seen := map[int64]bool{}
	for _, m := range memberships {
		if seen[m.AccountID] {
			return Invalid("accounts", "account %d is there twice", m.AccountID)
		}
		if !m.Role.Valid() {
			return Invalid("accounts", "role must be Admin, Editor or Viewer")
		}
		seen[m.AccountID] = true
	}
	return nil
}
