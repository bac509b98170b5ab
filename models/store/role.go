package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type membershipRow struct {
	UserID    int64 `gorm:"primaryKey;autoIncrement:false"`
	AccountID int64 `gorm:"primaryKey;autoIncrement:false"`
	Role      models.Role
}

func (membershipRow) TableName() string { return "memberships" }

func membership(r membershipRow) (tenant.Membership, error) {
	return tenant.Membership{AccountID: r.AccountID, Role: r.Role}, nil
}

// Memberships returns a user's roles.
func (s *Store) Memberships(ctx context.Context, userID int64) ([]tenant.Membership, error) {
	return find(s.reader(ctx).Where("user_id = ?", userID), membership)
}

// CountAdmins counts the Admins of an account.
func (s *Store) CountAdmins(ctx context.Context, accountID int64) (int, error) {
	return count(s.reader(ctx).Model(&membershipRow{}).Where("account_id = ? AND role = ?", accountID, models.RoleAdmin))
}

// SetMembership inserts a role, or changes the one that is there.
func (s *Store) SetMembership(ctx context.Context, userID int64, m tenant.Membership) error {
	return s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "user_id"}, {Name: "account_id"}}, DoUpdates: clause.AssignmentColumns([]string{"role"}),
	}).Create(&membershipRow{UserID: userID, AccountID: m.AccountID, Role: m.Role}).Error
}

// DeleteMembership deletes a role.
func (s *Store) DeleteMembership(ctx context.Context, userID, accountID int64) error {
	return mustChange(s.writer(ctx).Where("user_id = ? AND account_id = ?", userID, accountID).Delete(&membershipRow{}), tenant.TypeUser)
}

// RolePages lists the roles of users.
func (s *Store) RolePages(
	ctx context.Context, userIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*tenant.AccountRole], error) {
	above, below, direction := numbersOf(page)
	part := func(id int64) *gorm.DB {
		return s.reader(ctx).Model(&membershipRow{}).Where("user_id = ? AND account_id > ? AND account_id < ?", id, above, below).
			Order("account_id" + direction).Limit(page.First + 1)
	}
	role := func(r membershipRow) (*tenant.AccountRole, error) {
		return &tenant.AccountRole{UserID: r.UserID, Membership: tenant.Membership{AccountID: r.AccountID, Role: r.Role}}, nil
	}
	return unionOf(ctx, s, userIDs, page, part, role, func(r *tenant.AccountRole) int64 { return r.UserID }, upwards)
}

// CountRoles counts what RolePages lists.
func (s *Store) CountRoles(ctx context.Context, userIDs []int64) (map[int64]int, error) {
	return countBy(s.reader(ctx).Model(&membershipRow{}), "user_id", userIDs)
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
