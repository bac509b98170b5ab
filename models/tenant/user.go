package tenant

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
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
func (u *User) ObjectID() models.ObjectID { return models.ObjectID{Type: TypeUser, Raw: u.ID} }

// RawID returns the user's number as text.
func (u *User) RawID() string { return models.RawIDText(u.ID) }

// ListCursor is the user's place in the list of all.
func (u *User) ListCursor() models.Cursor { return models.Cursor{At: u.CreatedAt, ID: u.ID} }

// Username is the email address: there is no other name to log in with.
func (u *User) Username() string { return u.Email }

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
func (s *Access) CreateUser(ctx context.Context, actor *models.Actor, in NewUser) (*User, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	wrong := models.AllProblems(
		models.CheckNewID("rawID", in.RawID),
		CheckEmail("email", in.Email),
		models.CheckOptionalName("firstName", in.FirstName),
		models.CheckOptionalName("lastName", in.LastName),
		models.CheckOptionalName("partnerUserId", in.PartnerUserID),
		checkMemberships(in.Accounts),
	)
	u := &User{
		ID: in.RawID, Email: in.Email, FirstName: in.FirstName, LastName: in.LastName,
		PartnerUserID: in.PartnerUserID, CreatedAt: s.now(),
	}
	return u, s.inTx(ctx, func(tx AccessStore) error {
		problems := []error{wrong, checkFree(ctx, tx, in.Email)}
		for i, m := range in.Accounts {
			_, err := models.One(tx.Accounts(ctx, actor.Scope(models.RoleViewer), m.AccountID))(TypeAccount)
			problems = append(problems, models.FoundAt(fmt.Sprintf("accounts.%d.accountId", i), err))
		}
		if err := models.Beside(models.AllProblems(problems...), tx.CreateUser(ctx, u, in.Accounts)); err != nil {
			return err
		}
		models.Made(ctx, u.ID)
		return nil
	})
}

// ErrEmailTaken is of a user with the email address of another.
var ErrEmailTaken = models.Conflict("email", "a user with this email exists already")

// checkFree tells of an email address that is taken also where the rawID is, too.
func checkFree(ctx context.Context, tx AccessStore, email string) error {
	if CheckEmail("email", email) != nil {
		return nil
	}
	switch _, err := tx.UserByEmail(ctx, email); {
	case err == nil:
		return ErrEmailTaken
	case models.ErrorCode(err) == models.CodeNotFound:
		return nil
	default:
		return err
	}
}

// FindUser finds a user by its email address, its number or its global id, as people write them. Platform only.
func (s *Access) FindUser(ctx context.Context, actor *models.Actor, name string) (*User, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	if strings.Contains(name, "@") {
		return s.store.UserByEmail(ctx, name)
	}
	id, err := models.ParseObjectID(name)
	if err != nil {
		return nil, models.Invalid("user", "must be an email address or the id of a user")
	}
	raw, err := id.RawOf(TypeUser, "user")
	if err != nil {
		return nil, err
	}
	return models.One(s.store.Users(ctx, raw))(TypeUser)
}

// OldestUser is the one who was made first: on the embedded default the demo user, or whoever was made in its place.
// Platform only; ENTITY_NOT_FOUND where there is none.
func (s *Access) OldestUser(ctx context.Context, actor *models.Actor) (*User, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	return s.store.OldestUser(ctx)
}

// CheckEmail refuses what is no plain email address of at most 255 bytes: BAD_USER_INPUT on field.
func CheckEmail(field, email string) error {
	if err := models.CheckName(field, email); err != nil {
		return err
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return models.Invalid(field, "must be a plain email address")
	}
	return nil
}

func checkMemberships(memberships []Membership) error {
	seen := map[int64]bool{}
	for _, m := range memberships {
		if seen[m.AccountID] {
			return models.Invalid("accounts", "account %d is there twice", m.AccountID)
		}
		if !m.Role.Valid() {
			return models.Invalid("accounts", "role must be Admin, Editor or Viewer")
		}
		seen[m.AccountID] = true
	}
	return nil
}
