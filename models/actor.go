package models

import (
	"context"
	"slices"
)

// Role is what a user may do on an account.
type Role string

// Roles, from the least to the most.
const (
	RoleViewer Role = "Viewer"
	RoleEditor Role = "Editor"
	RoleAdmin  Role = "Admin"
)

var rolesByRank = []Role{RoleViewer, RoleEditor, RoleAdmin}

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool { return slices.Contains(rolesByRank, r) }

// AtLeast tells whether r includes everything that least may do. The empty role includes nothing.
func (r Role) AtLeast(least Role) bool {
	return r.Valid() && slices.Index(rolesByRank, r) >= slices.Index(rolesByRank, least)
}

// Actor is who makes a request: a user with a session, a project's key, or the platform's back end. The nil Actor is
// a stranger.
type Actor struct {
	Platform bool
	// Key is where a project's key works, nil for the others.
	Key *KeyScope
	// UserID is the user, who came with the session of that token; 0 for the others.
	UserID       int64
	SessionToken Secret
	Roles        map[int64]Role // a user's, by account id
}

// KeyScope is the one project that a key works on.
type KeyScope struct{ AccountID, ProjectID int64 }

// PlatformActor is the platform's back end.
func PlatformActor() *Actor { return &Actor{Platform: true} }

// RoleOn returns the actor's role on an account, empty for none. What belongs to a project asks RoleOnProject: a
// project's key is an Editor there, and on the account a Viewer who sees nothing of other projects.
func (a *Actor) RoleOn(accountID int64) Role {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return RoleAdmin
	case a.Key != nil && a.Key.AccountID == accountID:
		return RoleViewer
	default:
		return a.Roles[accountID]
	}
}

// RoleOnProject returns the actor's role on a project of an account, empty for none.
func (a *Actor) RoleOnProject(accountID, projectID int64) Role {
	switch {
	case a == nil || a.Key == nil:
		return a.RoleOn(accountID)
	case *a.Key == KeyScope{accountID, projectID}:
		return RoleEditor
	default:
		return ""
	}
}

// Scope returns what the actor may reach in the store with at least the given role.
func (a *Actor) Scope(least Role) Scope {
	switch {
	case a == nil:
		return Scope{}
	case a.Platform:
		return Scope{everything: true}
	case a.Key != nil:
		return a.Key.scope(least)
	default:
		return Scope{userID: a.UserID, roles: rolesByRank[slices.Index(rolesByRank, least):]}
	}
}

// Name tells actors apart of whom something is counted or kept. A project's keys are one; the stranger has none.
func (a *Actor) Name() string {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return "platform"
	case a.Key != nil:
		return "project:" + RawIDText(a.Key.ProjectID)
	default:
		return "user:" + RawIDText(a.UserID)
	}
}

// CreatorID is the user who creates what the actor creates, nil where it is none.
func (a *Actor) CreatorID() *int64 {
	if a.UserID == 0 {
		return nil
	}
	return new(a.UserID)
}

// RequireKnown returns UNAUTHENTICATED for a stranger.
func (a *Actor) RequireKnown() error {
	if a == nil {
		return Unauthenticated()
	}
	return nil
}

// RequireRole returns FORBIDDEN unless the actor has at least the given role on an account. What belongs to a project
// asks RequireProjectRole.
func (a *Actor) RequireRole(accountID int64, least Role) error {
	return a.require(a.RoleOn(accountID), least)
}

// RequireProjectRole returns FORBIDDEN unless the actor has at least the given role on a project of an account.
func (a *Actor) RequireProjectRole(accountID, projectID int64, least Role) error {
	return a.require(a.RoleOnProject(accountID, projectID), least)
}

func (a *Actor) require(has, least Role) error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !has.AtLeast(least) {
		return Forbidden("needs the role %s on the account", least)
	}
	return nil
}

// RequirePlatform returns FORBIDDEN unless the actor is the platform.
func (a *Actor) RequirePlatform() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !a.Platform {
		return Forbidden("only the platform's service key may do this")
	}
	return nil
}

// RequireUser returns FORBIDDEN unless the actor is a user.
func (a *Actor) RequireUser() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if a.UserID == 0 {
		return Forbidden("needs a user's session, not a key")
	}
	return nil
}

// Scope limits a store call to the accounts, or to the one project, that the caller may reach. The store turns it
// into a condition of the statement itself, so that a forgotten check in a resolver cannot leak a row. The zero Scope
// reaches nothing.
type Scope struct {
	everything bool
	accountID  int64
	projectID  int64
	userID     int64
	roles      []Role
}

// scope is that of a project's key: an Editor on the project, a Viewer on its account.
func (k *KeyScope) scope(least Role) Scope {
	switch {
	case RoleViewer.AtLeast(least):
		return Scope{accountID: k.AccountID, projectID: k.ProjectID}
	case RoleEditor.AtLeast(least):
		return Scope{projectID: k.ProjectID}
	default:
		return Scope{}
	}
}

// Everything tells whether the scope is the platform's.
func (s Scope) Everything() bool { return s.everything }

// ProjectID returns the only project whose rows the scope reaches, 0 where it is bound by memberships instead.
func (s Scope) ProjectID() int64 { return s.projectID }

// AccountID returns the only account that a scope with a ProjectID reaches, 0 for none.
func (s Scope) AccountID() int64 { return s.accountID }

// UserID returns the user whose memberships bound the scope.
func (s Scope) UserID() int64 { return s.userID }

// Roles returns the roles that reach.
func (s Scope) Roles() []Role { return s.roles }

type actorKey struct{}

// WithActor returns a context that carries the actor of a request.
func WithActor(ctx context.Context, a *Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor of a request, nil for a stranger.
func ActorFrom(ctx context.Context) *Actor {
	a, _ := ctx.Value(actorKey{}).(*Actor)
	return a
}
