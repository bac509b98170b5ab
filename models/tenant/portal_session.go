package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// How long a portal session lasts, which using it does not extend.
const (
	DefaultPortalTime = 15 * time.Minute
	MaxPortalTime     = time.Hour
)

// MaxPortalSessions is how many there are of one project, account or SSO client at a time; beyond it the oldest end.
const MaxPortalSessions = 1000

// PortalSession lets a page inside somebody's own page use the API within the scope of one project, one account or one
// SSO client. It makes neither keys nor further sessions.
type PortalSession struct {
	ID        int64
	Of        models.KeyScope
	UserID    int64 // the Admin who made it, with whose role it ends; 0: the platform or a partner's key did
	CreatedAt time.Time
	ExpiresAt time.Time
	// Token is set when the session is made; of it only the hash is stored.
	Token models.Secret
}

// PortalStore is the database as portal sessions need it. Those of deleted projects, and those made by users who are no
// Admins any more, are found by no method.
type PortalStore interface {
	Projects(ctx context.Context, scope models.Scope, ids ...int64) ([]*Project, error)
	VisibleSSOClients(ctx context.Context, scope models.Scope, ids ...int64) ([]*SSOClient, error)
	// CreatePortalSession sets the ID.
	CreatePortalSession(ctx context.Context, v *PortalSession, tokenHash []byte) error
	// KeepPortalSessions deletes all of an owner but so many, the newest of those that have not expired.
	KeepPortalSessions(ctx context.Context, of models.KeyScope, most int, now time.Time) error
	PortalSessionByToken(ctx context.Context, tokenHash []byte) (*PortalSession, error)
	DeletePortalSession(ctx context.Context, tokenHash []byte) error
}

// NewPortalSession is the input of CreatePortalSession. Of names the project, the account or the SSO client alone; its role
// is Viewer or Editor.
type NewPortalSession struct {
	Of        models.KeyScope
	ExpiresIn time.Duration // 1 s to MaxPortalTime
}

// CreatePortalSession makes a session, with its token. For the platform, for an Admin of the project or the account, and
// for the partner of its own SSO client. Where there are 1,000 of it already the oldest one ends.
func (s *Access) CreatePortalSession(
	ctx context.Context, actor *models.Actor, in NewPortalSession,
) (*PortalSession, error) {
	if in.ExpiresIn < time.Second || in.ExpiresIn > MaxPortalTime {
		return nil, models.Invalid("expiresIn", "must be between 1s and %s", models.FormatDuration(MaxPortalTime))
	}
	at, userID := s.now(), int64(0)
	if actor != nil {
		userID = actor.UserID
	}
	session := &PortalSession{
		Of: in.Of, UserID: userID, CreatedAt: at, ExpiresAt: at.Add(in.ExpiresIn), Token: models.NewToken(portalTokenPrefix),
	}
	err := s.inTx(ctx, func(tx AccessStore) error {
		if err := mayOpen(ctx, tx, actor, &session.Of); err != nil {
			return err
		}
		if err := tx.CreatePortalSession(ctx, session, session.Token.Hash()); err != nil {
			return err
		}
		return tx.KeepPortalSessions(ctx, session.Of, MaxPortalSessions, at)
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// mayOpen checks that the actor may open a portal to what it names, and completes that.
func mayOpen(ctx context.Context, tx AccessStore, actor *models.Actor, of *models.KeyScope) error {
	visible := actor.Scope(models.RoleViewer)
	switch {
	case of.SSOClientID != 0:
		_, err := models.One(tx.VisibleSSOClients(ctx, visible, of.SSOClientID))(TypeSSOClient)
		return cmp.Or(err, actor.RequireSSOClientRole(of.SSOClientID, models.RoleAdmin))
	case of.ProjectID != 0:
		project, err := models.One(tx.Projects(ctx, visible, of.ProjectID))(TypeProject)
		if err != nil {
			return err
		}
		of.AccountID = project.AccountID
		return actor.RequireProjectRole(of.AccountID, of.ProjectID, models.RoleAdmin)
	}
	_, err := models.One(tx.Accounts(ctx, visible, of.AccountID))(TypeAccount)
	return cmp.Or(err, actor.RequireRole(of.AccountID, models.RoleAdmin))
}

// authenticatePortal turns the token of a portal session into an actor. UNAUTHENTICATED when it is unknown or expired,
// when the project was deleted, and when whoever made it is no Admin any more.
func (s *Access) authenticatePortal(ctx context.Context, token models.Secret) (*models.Actor, error) {
	session, err := s.store.PortalSessionByToken(ctx, token.Hash())
	if err != nil {
		return nil, orUnauthenticated(err)
	}
	if !s.now().Before(session.ExpiresAt) {
		return nil, models.Unauthenticated()
	}
	return portalActor(session.Of, token), nil
}

func portalActor(of models.KeyScope, token models.Secret) *models.Actor {
	return &models.Actor{Key: &of, SessionToken: token}
}
