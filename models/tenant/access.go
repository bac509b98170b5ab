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

// AccessStore is the database as Access needs it. Users, their keys and their sessions know no Scope: a caller
// reaches its own. The keys of deleted projects are found by no method.
type AccessStore interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*Account, error)
	// CreateUser sets the ID unless it is given; a taken email or rawID is a CONFLICT.
	CreateUser(ctx context.Context, u *User, memberships []Membership) error
	Memberships(ctx context.Context, userID int64) ([]Membership, error)

	// LockUser keeps two transactions from counting what the user has at the same time.
	LockUser(ctx context.Context, id int64) (*User, error)
	UserKeys(ctx context.Context, userID int64) ([]*UserKey, error)
	UserKey(ctx context.Context, id int64) (*UserKey, error)
	CreateUserKey(ctx context.Context, k *UserKey) error
	DeleteUserKey(ctx context.Context, userID, id int64) (*UserKey, error)

	CreateSession(ctx context.Context, s *Session) error
	SessionByToken(ctx context.Context, tokenHash []byte) (*Session, error)
	// SessionPage has those of a user that have not expired at a time, newest first; CountSessions counts them.
	SessionPage(ctx context.Context, userID int64, at time.Time, page models.Page) (*models.PageOf[*Session], error)
	CountSessions(ctx context.Context, userID int64, at time.Time) (int, error)
	// UseSession notes when a session was used.
	UseSession(ctx context.Context, id int64, at time.Time) error
	// KeepSessions deletes all sessions of a user but so many, the most recently used.
	KeepSessions(ctx context.Context, userID int64, most int) error
	DeleteSession(ctx context.Context, tokenHash []byte) error

	// LockProject keeps two transactions from counting the project's keys at the same time.
	LockProject(ctx context.Context, scope models.Scope, id int64) (*Project, error)
	// ProjectKeys returns the keys of the given projects, newest first.
	ProjectKeys(ctx context.Context, scope models.Scope, projectIDs ...int64) ([]*ProjectKey, error)
	ProjectKey(ctx context.Context, scope models.Scope, id int64) (*ProjectKey, error)
	ProjectKeyByHash(ctx context.Context, keyHash []byte) (*ProjectKey, error)
	// CreateProjectKey sets the ID.
	CreateProjectKey(ctx context.Context, k *ProjectKey, keyHash []byte) error
	DeleteProjectKey(ctx context.Context, scope models.Scope, id int64) error

	// Standings are those of sessions and of keys of projects, by the hashes of their texts.
	Standings(ctx context.Context, hashes ...[]byte) ([]Standing, error)
}
