package callback

import (
	"context"
	"maps"
	"slices"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// PartiesTx reads whom callbacks are of and who gets notices of them.
type PartiesTx interface {
	// Owners returns projects and their accounts by project, also when a project is deleted.
	Owners(ctx context.Context, projectIDs ...int64) (map[int64]Owners, error)
	Users(ctx context.Context, ids ...int64) ([]*tenant.User, error)
	SSOClients(ctx context.Context, ids ...int64) ([]*tenant.SSOClient, error)
}

// Owners are what a callback belongs to.
type Owners struct {
	Account *tenant.Account
	Project *tenant.Project
}

func ownersOf(ctx context.Context, tx PartiesTx, projectID int64) (Owners, error) {
	parties, err := ReadParties(ctx, tx, []*int64{&projectID}, nil)
	if err != nil {
		return Owners{}, err
	}
	return parties.Owner(projectID)
}

// Parties are the projects with their accounts, the users, and the SSO clients, that callbacks of one transaction name.
type Parties struct {
	owners  map[int64]Owners // by project, also when it is deleted
	users   map[int64]*tenant.User
	clients map[int64]*tenant.SSOClient
}

// NewParties has nobody.
func NewParties() Parties {
	return Parties{map[int64]Owners{}, map[int64]*tenant.User{}, map[int64]*tenant.SSOClient{}}
}

// ReadParties reads the projects and users that are given: see Parties.Read.
func ReadParties(ctx context.Context, tx PartiesTx, projectIDs, userIDs []*int64) (Parties, error) {
	p := NewParties()
	return p, p.Read(ctx, tx, projectIDs, userIDs)
}

// Read reads those that are not read yet: each kind in one statement, and none for a kind that nobody asks for. A
// nil asks for nothing.
func (p Parties) Read(ctx context.Context, tx PartiesTx, projectIDs, userIDs []*int64) error {
	if ids := missing(p.owners, projectIDs); len(ids) > 0 {
		owners, err := tx.Owners(ctx, ids...)
		if err != nil {
			return err
		}
		maps.Copy(p.owners, owners)
	}
	ids := missing(p.users, userIDs)
	if len(ids) == 0 {
		return nil
	}
	users, err := tx.Users(ctx, ids...)
	for _, u := range users {
		p.users[u.ID] = u
	}
	return err
}

func missing[V any](read map[int64]V, ids []*int64) []int64 {
	return slices.DeleteFunc(models.Distinct(ids), func(id int64) bool {
		_, ok := read[id]
		return ok
	})
}

// Owner returns a project with its account. NotFound where nobody has read it.
func (p Parties) Owner(projectID int64) (Owners, error) {
	owners, ok := p.owners[projectID]
	if !ok {
		return Owners{}, models.NotFound(tenant.TypeProject)
	}
	return owners, nil
}

// User returns a user. NotFound where nobody has read it.
func (p Parties) User(id int64) (*tenant.User, error) {
	user, ok := p.users[id]
	if !ok {
		return nil, models.NotFound(tenant.TypeUser)
	}
	return user, nil
}

// through reads an SSO client once, however many callbacks go to it.
func (p Parties) through(tx PartiesTx) PartiesTx { return partiesTx{tx, p.clients} }

type partiesTx struct {
	PartiesTx
	clients map[int64]*tenant.SSOClient
}

// SSOClients reads those that were not read before.
func (p partiesTx) SSOClients(ctx context.Context, ids ...int64) (all []*tenant.SSOClient, err error) {
	var more []int64
	for _, id := range ids {
		if client := p.clients[id]; client != nil {
			all = append(all, client)
		} else {
			more = append(more, id)
		}
	}
	if len(more) == 0 {
		return all, nil
	}
	read, err := p.PartiesTx.SSOClients(ctx, more...)
	for _, client := range read {
		p.clients[client.ID] = client
	}
	return append(all, read...), err
}
