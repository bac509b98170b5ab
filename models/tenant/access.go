package tenant

import (
	"context"
	"log/slog"
	"time"

	"github.com/ringback/ringback/models"
)

// Access has the use-cases of who gets in: users with their keys and sessions, the keys of projects, and the
// platform's. Its methods are safe for concurrent use.
type Access struct {
	store AccessStore
	inTx  models.InTx[AccessStore]
	rules AccessRules
	now   func() time.Time
	log   *slog.Logger
}

// AccessRules are the settings that Access obeys.
type AccessRules struct {
	// PlatformKeyHash is the hash of the platform's service key; nil: there is none.
	PlatformKeyHash []byte
	// MaxSessions of a user; beyond it the least recently used ends. 0: any number.
	MaxSessions int
}

// NewAccess wires it to a database, whose clock shows now.
func NewAccess(
	store AccessStore, inTx models.InTx[AccessStore], rules AccessRules, now func() time.Time, log *slog.Logger,
) *Access {
	return &Access{store: store, inTx: inTx, rules: rules, now: now, log: log}
}

// AccessStore is the database as Access needs it. Users know no Scope: a caller reaches itself.
type AccessStore interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*Account, error)
	// CreateUser sets the ID unless it is given; a taken email or rawID is a CONFLICT.
	CreateUser(ctx context.Context, u *User, memberships []Membership) error
	Users(ctx context.Context, ids ...int64) ([]*User, error)
	UserByEmail(ctx context.Context, email string) (*User, error)
	OldestUser(ctx context.Context) (*User, error)

	RoleStore
	SessionStore
	LoginCodeStore
	ProjectKeyStore
	SSOClientKeyStore
	PortalStore

	// Standings are those of sessions and of keys, by the hashes of their texts.
	Standings(ctx context.Context, hashes ...[]byte) ([]Standing, error)
}

// AccessPurgeTx deletes what let somebody in and expired before a time.
type AccessPurgeTx interface {
	PurgePortalSessions(ctx context.Context, before time.Time, limit int) (sessions, rows int, err error)
	PurgeLoginCodes(ctx context.Context, before time.Time, limit int) (codes, rows int, err error)
}
