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

// Actor is who makes a request: a user with a session, a key of a project or of an SSO client, a portal session, or the
// platform's back end. The nil Actor is a stranger.
type Actor struct {
	Platform bool
	// Key is where a key or a portal session works, nil for the others.
	Key *KeyScope
	// UserID is the user, who came with the session of that token; 0 for the others. A portal session has a token, too.
	UserID       int64
	SessionToken Secret
	Roles        map[int64]Role // a user's, by account id
}

// KeyScope is the one project, the one account (without a ProjectID), or the accounts of the one SSO client (without the
// other two) that a key or a portal session works on, and the role that it has on that.
type KeyScope struct {
	AccountID, ProjectID int64
	SSOClientID          int64
	Role                 Role
}

// PlatformActor is the platform's back end.
func PlatformActor() *Actor { return &Actor{Platform: true} }

// RoleOn returns the actor's role on an account, empty for none. What belongs to a project asks RoleOnProject: a
// project's key is an Editor there, and on the account a Viewer who sees nothing of other projects. A partner is a Viewer
// of the accounts of its SSO client, which are those that its Scope finds: that, and not this, keeps it from others.
func (a *Actor) RoleOn(accountID int64) Role {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return RoleAdmin
	case a.Key == nil:
		return a.Roles[accountID]
	case a.Key.SSOClientID != 0:
		return RoleViewer
	case a.Key.AccountID != accountID:
		return ""
	case a.Key.ProjectID != 0:
		return RoleViewer
	}
	return a.Key.Role
}

// RoleOnProject returns the actor's role on a project of an account, empty for none.
func (a *Actor) RoleOnProject(accountID, projectID int64) Role {
	switch {
	case a == nil || a.Key == nil || a.Key.ProjectID == 0:
		return a.RoleOn(accountID)
	case a.Key.AccountID == accountID && a.Key.ProjectID == projectID:
		return a.Key.Role
	default:
		return ""
	}
}

// RoleOnSSOClient returns the actor's role on an SSO client, empty for none: its key is an Admin.
func (a *Actor) RoleOnSSOClient(id int64) Role {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return RoleAdmin
	case a.Key != nil && a.Key.SSOClientID == id:
		return a.Key.Role
	}
	return ""
}

// PartnerID is the SSO client whose key or portal session the actor has, 0 for none.
func (a *Actor) PartnerID() int64 {
	if a == nil || a.Key == nil {
		return 0
	}
	return a.Key.SSOClientID
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

// Name tells actors apart of whom something is counted or kept. The keys of a project, or of an SSO client, are one; the
// stranger has none.
func (a *Actor) Name() string {
	switch {
	case a == nil:
		return ""
	case a.Platform:
		return "platform"
	case a.IsPortal():
		return "portal " + (&Actor{Key: a.Key}).Name()
	case a.PartnerID() != 0:
		return "ssoClient:" + RawIDText(a.Key.SSOClientID)
	case a.Key != nil && a.Key.ProjectID == 0:
		return "account:" + RawIDText(a.Key.AccountID)
	case a.Key != nil:
		return "project:" + RawIDText(a.Key.ProjectID)
	default:
		return "user:" + RawIDText(a.UserID)
	}
}

// IsPortal tells whether the actor came with a portal session.
func (a *Actor) IsPortal() bool { return a != nil && a.Key != nil && a.SessionToken != "" }

// CreatorID is the user who creates what the actor creates, nil where it is none.
func (a *Actor) CreatorID() *int64 {
	if a == nil || a.UserID == 0 {
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

// RequireSender returns FORBIDDEN unless the actor may have callbacks sent again, of a project or, where that is 0, of a
// whole account: an Editor and up, and who is that on the SSO client whose account it is.
func (a *Actor) RequireSender(accountID, projectID int64) error {
	if a.PartnerID() != 0 {
		return a.RequireSSOClientRole(a.PartnerID(), RoleEditor)
	}
	if projectID == 0 {
		return a.RequireRole(accountID, RoleEditor)
	}
	return a.RequireProjectRole(accountID, projectID, RoleEditor)
}

// RequireNoticeSender is RequireSender of notices to an SSO client that the actor has found: they are its own, and the
// platform's.
func (a *Actor) RequireNoticeSender() error {
	if a.PartnerID() != 0 {
		return a.RequireSSOClientRole(a.PartnerID(), RoleEditor)
	}
	return a.RequirePlatform()
}

// RequireSSOClientRole returns FORBIDDEN unless the actor has at least the given role on an SSO client.
func (a *Actor) RequireSSOClientRole(id int64, least Role) error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !a.RoleOnSSOClient(id).AtLeast(least) {
		return Forbidden("needs the platform's service key, or the SSO client's with the role %s", least)
	}
	return nil
}

// RequirePartner returns FORBIDDEN unless the actor is the platform, or has a key or a portal session of an SSO client.
func (a *Actor) RequirePartner() error {
	if a.PartnerID() != 0 {
		return nil
	}
	return a.RequirePlatform()
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

// RequireSession returns FORBIDDEN unless the actor came with a session: a user's, or a portal session.
func (a *Actor) RequireSession() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if a.SessionToken == "" {
		return Forbidden("needs a session, not a key")
	}
	return nil
}

// Scope limits a store call to the accounts, or to the one project, that the caller may reach. The store turns it
// into a condition of the statement itself, so that a forgotten check in a resolver cannot leak a row. The zero Scope
// reaches nothing.
type Scope struct {
	everything  bool
	accountID   int64
	projectID   int64
	ssoClientID int64
	payloads    bool
	userID      int64
	roles       []Role
}

// scope is that of a key or a portal session. One of a project is on its account a Viewer, one of an SSO client on all of
// its accounts.
func (k *KeyScope) scope(least Role) Scope {
	viewer := RoleViewer.AtLeast(least)
	switch {
	case k.SSOClientID != 0 && viewer:
		return Scope{ssoClientID: k.SSOClientID}
	case k.SSOClientID != 0, !k.Role.AtLeast(least):
		return Scope{}
	case k.ProjectID != 0 && !viewer:
		return Scope{projectID: k.ProjectID}
	}
	return Scope{accountID: k.AccountID, projectID: k.ProjectID}
}

// Payloads narrows the scope to what the caller may see the bodies of: a partner only where SSOClient.SeesPayloads says so.
func (s Scope) Payloads() Scope {
	s.payloads = true
	return s
}

// Everything tells whether the scope is the platform's.
func (s Scope) Everything() bool { return s.everything }

// SeesNotices tells whether notices are seen as a whole: by the platform, and by the partner to whom they go.
func (s Scope) SeesNotices() bool { return s.everything || s.ssoClientID != 0 }

// ProjectID returns the only project whose rows the scope reaches, 0 where it is bound by something else.
func (s Scope) ProjectID() int64 { return s.projectID }

// AccountID returns the only account that the scope reaches, 0 where it is bound by something else.
func (s Scope) AccountID() int64 { return s.accountID }

// SSOClientID returns the SSO client whose accounts alone the scope reaches, 0 where it is bound by something else.
func (s Scope) SSOClientID() int64 { return s.ssoClientID }

// OnlyPayloads tells whether Payloads has narrowed it.
func (s Scope) OnlyPayloads() bool { return s.payloads }

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
