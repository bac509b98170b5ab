package tenant

import (
	"context"

	"github.com/ringback/ringback/models"
)

// CallbackOwner is a project or an account, whose callback configuration is meant: the other is 0.
type CallbackOwner struct{ ProjectID, AccountID int64 }

// Configured is what a change of a callback configuration leads to: the project or the account, the other is nil.
type Configured struct {
	Project *Project
	Account *Account
	// Moved counts the callbacks that wait and go to another URL by the change, exact up to MaxMoved.
	Moved int
}

const (
	// MaxMoved is as far as they are counted: one more stands for any number above.
	MaxMoved = 10_000
	// movedLook bounds what counting looks at, of the callbacks that have not ended: some of them are sent just now, or go
	// to URLs that came with requests, or to the partner.
	movedLook = 4 * MaxMoved
)

// HeadersToSet is the input of SetHeaders.
type HeadersToSet struct {
	Owner     CallbackOwner
	Headers   []models.Header
	IfVersion *int // of the owner, as in its update
}

// SetHeaders sets single headers by name, without regard to letter case, and leaves the others as they are. Who may
// update the owner may do so.
func (s *Service) SetHeaders(ctx context.Context, actor *models.Actor, in HeadersToSet) (Configured, error) {
	return s.changeEndpoint(ctx, actor, in.Owner, in.IfVersion, func(e *models.Endpoint) error {
		return e.SetHeaders(in.Headers, "headers")
	})
}

// HeadersToRemove is the input of RemoveHeaders.
type HeadersToRemove struct {
	Owner     CallbackOwner
	Keys      []string
	IfVersion *int
}

// RemoveHeaders removes single headers by name, without regard to letter case. One that is not there is no error: the
// same call again leads to the same.
func (s *Service) RemoveHeaders(ctx context.Context, actor *models.Actor, in HeadersToRemove) (Configured, error) {
	return s.changeEndpoint(ctx, actor, in.Owner, in.IfVersion, func(e *models.Endpoint) error {
		return e.RemoveHeaders(in.Keys, "keys")
	})
}

// changeEndpoint changes the callback configuration of a project, as an Editor may, or of an account, as an Admin.
func (s *Service) changeEndpoint(
	ctx context.Context, actor *models.Actor, of CallbackOwner, ifVersion *int, change func(*models.Endpoint) error,
) (Configured, error) {
	if of.ProjectID != 0 {
		return s.changeProject(ctx, actor, of.ProjectID, ifVersion, models.RoleEditor, func(p *Project) error {
			return change(&p.Callback)
		})
	}
	return s.changeAccount(ctx, actor, of.AccountID, ifVersion, models.RoleAdmin, func(a *Account) error {
		return change(&a.Callback)
	})
}

// moved counts what waits and goes elsewhere since the URL of an owner, whose account is given, was another one.
func moved(ctx context.Context, tx Waiting, of CallbackOwner, before, after Target) (int, error) {
	if after.URL == "" || after.URL == before.URL {
		return 0, nil
	}
	return tx.CountWaiting(ctx, of, movedLook, MaxMoved+1)
}
