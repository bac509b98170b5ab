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

// UserStore keeps users, their keys and their sessions.
type UserStore interface {
	// Users finds users without regard to scope; a caller reaches one only through an entity that it may see.
	Users(ctx context.Context, ids ...int64) ([]*User, error)
	// CreateUser sets the ID unless it is given; a taken email or rawID is a CONFLICT.
	CreateUser(ctx context.Context, u *User, memberships []Membership) error
	Memberships(ctx context.Context, userID int64) ([]Membership, error)

	// LockUser keeps two transactions from counting the user's keys at the same time.
	LockUser(ctx context.Context, id int64) (*User, error)
	UserKeys(ctx context.Context, userID int64) ([]*UserKey, error)
	UserKey(ctx context.Context, id int64) (*UserKey, error)
	CreateUserKey(ctx context.Context, k *UserKey) error
	DeleteUserKey(ctx context.Context, userID, id int64) (*UserKey, error)

	CreateSession(ctx context.Context, s *Session) error
	// UseSession notes when a session was used.
	UseSession(ctx context.Context, id int64, at time.Time) error
	// KeepSessions deletes all sessions of a user but so many, the most recently used.
	KeepSessions(ctx context.Context, userID int64, most int) error
	SessionByToken(ctx context.Context, tokenHash []byte) (*Session, error)
	DeleteSession(ctx context.Context, id int64) error

	// PlatformKeyHash is the hash of the service key that was made on the first start, nil where there is none.
	PlatformKeyHash(ctx context.Context) ([]byte, error)
	SetPlatformKeyHash(ctx context.Context, hash []byte) error
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
func (s *Service) CreateUser(ctx context.Context, actor *Actor, in NewUser) (*User, error) {
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
	return u, s.store.InTx(ctx, func(tx Store) error {
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

// Users finds users by id, in no order. It is for fields of entities that the caller may see (a crawl's creator).
func (s *Service) Users(ctx context.Context, ids ...int64) ([]*User, error) {
	return s.store.Users(ctx, ids...)
}

// User returns a user to itself and to the platform. To everyone else there is none.
func (s *Service) User(ctx context.Context, actor *Actor, id int64) (*User, error) {
	if actor == nil || !actor.Platform && (actor.User == nil || actor.User.ID != id) {
		return nil, NotFound(TypeUser)
	}
	return One(s.store.Users(ctx, id))(TypeUser)
}
