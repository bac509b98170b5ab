package tenant

import (
	"context"
	"slices"

	"github.com/ringback/ringback/models"
)

// Membership gives a user a role on an account.
type Membership struct {
	AccountID int64
	Role      models.Role
}

// AccountRole is a user's role on an account.
type AccountRole struct {
	UserID int64
	Membership
}

// ListCursor is the account's place in the user's list.
func (r *AccountRole) ListCursor() models.Cursor { return models.Cursor{ID: r.AccountID} }

// AccountUser is a user with a role on an account.
type AccountUser struct {
	AccountID int64
	User      *User
	Role      models.Role
}

// ListCursor is the user's place in the account's list.
func (u *AccountUser) ListCursor() models.Cursor { return models.Cursor{ID: u.User.ID} }

// RoleStore is the database as roles are set.
type RoleStore interface {
	LockAccount(ctx context.Context, scope models.Scope, id int64) (*Account, error)
	Memberships(ctx context.Context, userID int64) ([]Membership, error)
	CountAdmins(ctx context.Context, accountID int64) (int, error)
	// SetMembership gives a role in place of the one that the user has on the account, or of none.
	SetMembership(ctx context.Context, userID int64, m Membership) error
	DeleteMembership(ctx context.Context, userID, accountID int64) error
}

// RoleToSet is the input of SetRole.
type RoleToSet struct {
	AccountID, UserID int64
	Role              models.Role // empty: none any more
}

// RoleSet is whose role was set, and where.
type RoleSet struct {
	Account *Account
	User    *User
	Role    models.Role
}

// SetRole sets the role of a user on an account, from the next request on: an Admin of the account that of those who have
// one there, the platform that of anybody. To an Admin others are ENTITY_NOT_FOUND. CONFLICT where the account would be left
// without an Admin.
func (s *Access) SetRole(ctx context.Context, actor *models.Actor, in RoleToSet) (set RoleSet, err error) {
	if in.Role != "" && !in.Role.Valid() {
		return set, models.Invalid("role", "must be Admin, Editor or Viewer")
	}
	err = s.inTx(ctx, func(tx AccessStore) error {
		account, err := tx.LockAccount(ctx, actor.Scope(models.RoleViewer), in.AccountID)
		if err != nil {
			return err
		}
		if err := actor.RequireRole(account.ID, models.RoleAdmin); err != nil {
			return err
		}
		user, err := tx.LockUser(ctx, in.UserID)
		if err != nil {
			return err
		}
		roles, err := tx.Memberships(ctx, user.ID)
		if err != nil {
			return err
		}
		set = RoleSet{account, user, in.Role}
		i := slices.IndexFunc(roles, func(m Membership) bool { return m.AccountID == account.ID })
		if i < 0 {
			return addRole(ctx, tx, actor, in)
		}
		return changeRole(ctx, tx, in, roles[i].Role)
	})
	return set, err
}

// addRole gives a role to who has none on the account.
func addRole(ctx context.Context, tx AccessStore, actor *models.Actor, in RoleToSet) error {
	switch {
	case !actor.Platform:
		return models.NotFound(TypeUser)
	case in.Role == "":
		return nil
	}
	return tx.SetMembership(ctx, in.UserID, Membership{in.AccountID, in.Role})
}

func changeRole(ctx context.Context, tx AccessStore, in RoleToSet, has models.Role) error {
	if has == models.RoleAdmin && in.Role != models.RoleAdmin {
		admins, err := tx.CountAdmins(ctx, in.AccountID)
		if err != nil {
			return err
		}
		if admins < 2 {
			return models.Conflict("userId", "is the account's only Admin: make another one first")
		}
	}
	if in.Role == "" {
		return tx.DeleteMembership(ctx, in.UserID, in.AccountID)
	}
	return tx.SetMembership(ctx, in.UserID, Membership{in.AccountID, in.Role})
}
