package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type userRow struct {
	ID            int64
	Email         string
	FirstName     *string
	LastName      *string
	PartnerUserID *string
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
}

func (userRow) TableName() string { return "users" }

func user(r userRow) (*tenant.User, error) {
	return &tenant.User{
		ID: r.ID, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName, PartnerUserID: r.PartnerUserID,
		CreatedAt: fromMicros(r.CreatedAt),
	}, nil
}

type membershipRow struct {
	UserID    int64 `gorm:"primaryKey;autoIncrement:false"`
	AccountID int64 `gorm:"primaryKey;autoIncrement:false"`
	Role      models.Role
}

func (membershipRow) TableName() string { return "memberships" }

func membership(r membershipRow) (tenant.Membership, error) {
	return tenant.Membership{AccountID: r.AccountID, Role: r.Role}, nil
}

// InAccessTx runs f in one transaction: models.NewAccess takes it.
func (s *Store) InAccessTx(ctx context.Context, f func(tenant.AccessStore) error) error {
	return s.Transaction(ctx, func(tx *Store) error { return f(tx) })
}

// InAccessPurgeTx is InAccessTx of a purge: callback.PurgeAfter takes it.
func (s *Store) InAccessPurgeTx(ctx context.Context, f func(tenant.AccessPurgeTx) error) error {
	return s.Transaction(ctx, func(tx *Store) error { return f(tx) })
}

// Users finds users by id.
func (s *Store) Users(ctx context.Context, ids ...int64) ([]*tenant.User, error) {
	return find(s.reader(ctx).Where(s.among("id", &ids)), user)
}

// UserByEmail finds a user by its email address, as it is written.
func (s *Store) UserByEmail(ctx context.Context, email string) (*tenant.User, error) {
	return first(s.reader(ctx).Where("email = ?", email), tenant.TypeUser, user)
}

// OldestUser finds the user who was made first.
func (s *Store) OldestUser(ctx context.Context) (*tenant.User, error) {
	return first(s.reader(ctx).Order("created_at, id"), tenant.TypeUser, user)
}

// LockUser reads one user for an update.
func (s *Store) LockUser(ctx context.Context, id int64) (*tenant.User, error) {
	return first(s.locking(ctx).Where("id = ?", id), tenant.TypeUser, user)
}

// CreateUser inserts a user and its memberships.
func (s *Store) CreateUser(ctx context.Context, u *tenant.User, memberships []tenant.Membership) error {
	row := userRow{
		ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, PartnerUserID: u.PartnerUserID,
		CreatedAt: micros(u.CreatedAt),
	}
	err := insertNew(ctx, s, &row, &row.ID, "users", tenant.TypeUser)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.Conflict("email", "a user with this email exists already")
	}
	if err != nil {
		return err
	}
	u.ID = row.ID
	if len(memberships) == 0 {
		return nil
	}
	rows := make([]membershipRow, len(memberships))
	for i, m := range memberships {
		rows[i] = membershipRow{UserID: u.ID, AccountID: m.AccountID, Role: m.Role}
	}
	return createParts(ctx, s, rows, noTexts[membershipRow])
}

// Memberships returns a user's roles.
func (s *Store) Memberships(ctx context.Context, userID int64) ([]tenant.Membership, error) {
	return find(s.reader(ctx).Where("user_id = ?", userID), membership)
}

type accountUserRow struct {
	User      userRow `gorm:"embedded"`
	AccountID int64
	Role      models.Role
}

func accountUser(r accountUserRow) (*tenant.AccountUser, error) {
	u, err := user(r.User)
	return &tenant.AccountUser{AccountID: r.AccountID, User: u, Role: r.Role}, err
}

// AccountUserPages lists who has a role on accounts.
func (s *Store) AccountUserPages(
	ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*tenant.AccountUser], error) {
	above, below, direction := numbersOf(page)
	part := func(id int64) *gorm.DB {
		return s.membersOf(ctx, scope).Joins("JOIN users ON users.id = of_account.user_id").
			Select("users.id, email, first_name, last_name, partner_user_id, created_at, account_id, role").
			Where("account_id = ? AND user_id > ? AND user_id < ?", id, above, below).
			Order("user_id" + direction).Limit(page.First + 1)
	}
	owner := func(u *tenant.AccountUser) int64 { return u.AccountID }
	return unionOf(ctx, s, accountIDs, page, part, accountUser, owner, upwards)
}

// CountAccountUsers counts what AccountUserPages lists.
func (s *Store) CountAccountUsers(
	ctx context.Context, scope models.Scope, accountIDs []int64,
) (map[int64]int, error) {
	return countBy(s.membersOf(ctx, scope), "account_id", accountIDs)
}

// membersOf are people, of whom no key and no portal session sees any.
func (s *Store) membersOf(ctx context.Context, scope models.Scope) *gorm.DB {
	if !scope.Everything() && scope.UserID() == 0 {
		scope = models.Scope{}
	}
	return scoped(s.reader(ctx).Table("memberships AS of_account"), scope, "of_account.account_id", noProject)
}
