package callback

import (
	"context"

	"github.com/ringback/ringback/models"
)

// bulkPage is what comes next of what many are done with.
type bulkPage struct {
	callbacks []*Callback
	last      bool           // nothing comes after it
	until     *models.Cursor // where it was looked to
}

// bulkPage lists what comes next of a bulk replay, the oldest first, without bodies.
func (s *Service) bulkPage(ctx context.Context, b *BulkReplay) (bulkPage, error) {
	filter := b.Filter
	if filter.CreatedBefore == nil || filter.CreatedBefore.After(b.StartedAt) {
		filter.CreatedBefore = &b.StartedAt
	}
	limit := bulkPart
	if b.Status == BulkCounting {
		limit = bulkCountPart
	}
	return s.pageOf(ctx, models.PlatformActor().Scope(models.RoleViewer), b.Owner, filter, b.After, limit)
}

// pageOf lists an owner's callbacks after a place, the oldest first, without bodies.
func (s *Service) pageOf(
	ctx context.Context, scope models.Scope, of BulkOwner, filter Filter, after *models.Cursor, limit int,
) (bulkPage, error) {
	owner, id := OfAccount, of.AccountID
	switch {
	case of.SSOClientID != 0:
		owner, id = OfSSOClient, of.SSOClientID
	case of.ProjectID != 0:
		owner, id = OfProject, of.ProjectID
	}
	pages, err := s.CallbackPages(ctx, scope, owner, []int64{id}, filter, models.Page{First: limit, After: after, Order: byAge})
	if err != nil || pages[id] == nil {
		return bulkPage{last: true}, err
	}
	p := pages[id]
	next := bulkPage{callbacks: p.Nodes, last: !p.HasNext, until: p.SearchedUntil}
	if n := len(p.Nodes); next.until == nil && n > 0 {
		next.until = new(BulkPlace(p.Nodes[n-1].CreatedAt, p.Nodes[n-1].ID))
	}
	return next, nil
}
