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

// Actor is who makes a request: a user with a session, or the platform's back end. The nil Actor is a stranger.
type Actor struct {
	Platform bool
	User     *User
	Session  *Session
	Roles    map[int64]Role // by account id; empty for the platform, which may do everything
}

// PlatformActor is the platform's back end.
func PlatformActor() *Actor { return &Actor{Platform: true} }

// RoleOn returns the actor's role on an account, empty for none.
func (a *Actor) RoleOn(accountID int64) Role {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return RoleAdmin
	default:
		return a.Roles[accountID]
	}
}

// Scope returns what the actor may reach in the store with at least the given role.
func (a *Actor) Scope(least Role) Scope {
	switch {
	case a == nil:
		return Scope{}
	case a.Platform:
		return Scope{everything: true}
	default:
		return Scope{userID: a.User.ID, roles: rolesByRank[slices.Index(rolesByRank, least):]}
	}
}

// RequireKnown returns UNAUTHENTICATED for a stranger.
func (a *Actor) RequireKnown() error {
	if a == nil {
		return Unauthenticated()
	}
	return nil
}

// RequireRole returns FORBIDDEN unless the actor has at least the given role on an account.
func (a *Actor) RequireRole(accountID int64, least Role) error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !a.RoleOn(accountID).AtLeast(least) {
		return forbidden("needs the role %s on the account", least)
	}
	return nil
}

// RequirePlatform returns FORBIDDEN unless the actor is the platform.
func (a *Actor) RequirePlatform() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !a.Platform {
		return forbidden("only the platform's service key may do this")
	}
	return nil
}

// RequireUser returns FORBIDDEN unless the actor is a user.
func (a *Actor) RequireUser() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if a.User == nil {
		return forbidden("needs a user's session, not a service key")
	}
	return nil
}

// Scope limits a store call to the accounts that the caller may reach. The store turns it into a condition
// of the statement itself, so that a forgotten check in a resolver cannot leak a row. The zero Scope reaches nothing.
type Scope struct {
	everything bool
	userID     int64
	roles      []Role
}

// Everything tells whether the scope is the platform's.
func (s Scope) Everything() bool { return s.everything }

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
