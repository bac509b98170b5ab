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
		return tenant.ErrEmailTaken
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

// UserPage lists all users, newest first.
func (s *Store) UserPage(ctx context.Context, page models.Page) (*models.PageOf[*tenant.User], error) {
	found, err := find(cut(s.reader(ctx), page), user)
	return models.Cut(found, page), err
}

// CountUsers counts what UserPage lists.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	return count(s.reader(ctx).Model(&userRow{}))
}
