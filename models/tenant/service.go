// Package tenant has what tenants configure, and who may do so: accounts, projects, users and their keys and sessions,
// SSO clients, signing secrets, and what follows of them for a callback, its target. It knows nothing of callbacks.
package tenant

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Service has the use-cases of what tenants configure: accounts, projects, SSO clients and signing secrets. Its
// methods are safe for concurrent use.
type Service struct {
	Queries
	inTx        models.InTx[Store]
	maxProjects int
}

// NewService wires them to a database. An account may have so many projects; 0: any number.
func NewService(queries Queries, inTx models.InTx[Store], maxProjects int) *Service {
	return &Service{Queries: queries, inTx: inTx, maxProjects: maxProjects}
}

// Store is the database as a transaction needs it that changes what tenants configure.
type Store interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*Account, error)
	// LockAccount reads an account that the transaction is about to change.
	LockAccount(ctx context.Context, scope models.Scope, id int64) (*Account, error)
	// CreateAccount sets the ID unless it is given; a given one that is taken is a CONFLICT on rawID.
	CreateAccount(ctx context.Context, a *Account) error
	UpdateAccount(ctx context.Context, scope models.Scope, a *Account) error

	LockProject(ctx context.Context, scope models.Scope, id int64) (*Project, error)
	// CountLiveProjects counts those of an account that are not deleted, up to a limit.
	CountLiveProjects(ctx context.Context, accountID int64, limit int) (int, error)
	// CreateProject does with a given ID what CreateAccount does.
	CreateProject(ctx context.Context, p *Project) error
	UpdateProject(ctx context.Context, scope models.Scope, p *Project) error

	// CountWaiting counts, up to most, the callbacks that wait and go where a project says, or an account to which its
	// project leaves it, looking at so many that have not ended at most: the oldest.
	CountWaiting(ctx context.Context, of CallbackOwner, look, most int) (int, error)

	// SSOClients are for the platform's accounts, and know no Scope.
	SSOClients(ctx context.Context, ids ...int64) ([]*SSOClient, error)
	LockSSOClient(ctx context.Context, scope models.Scope, id int64) (*SSOClient, error)
	// CreateSSOClient does with a given ID what CreateAccount does.
	CreateSSOClient(ctx context.Context, c *SSOClient) error
	UpdateSSOClient(ctx context.Context, c *SSOClient) error

	SecretsTx
	CreateSigningSecret(ctx context.Context, s *SigningSecret) error
	// ExpireSigningSecrets makes the owner's secrets expire at the given time, unless they do so earlier.
	ExpireSigningSecrets(ctx context.Context, owner SigningOwner, at time.Time) error
}
