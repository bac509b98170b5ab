package callback

import (
	"context"

	"github.com/ringback/ringback/models"
)

// bulkPage is what comes next of a bulk replay.
type bulkPage struct {
	callbacks []*Callback
	last      bool           // nothing comes after it
	until     *models.Cursor // where it was looked to
}

// bulkPage lists what comes next, the oldest first, without bodies.
func (s *Service) bulkPage(ctx context.Context, b *BulkReplay) (bulkPage, error) {
	owner, id := OfAccount, b.Owner.AccountID
	switch {
	case b.Owner.SSOClientID != 0:
		owner, id = OfAll, 0
	case b.Owner.ProjectID != 0:
		owner, id = OfProject, b.Owner.ProjectID
	}
	filter := b.Filter
	if filter.CreatedBefore == nil || filter.CreatedBefore.After(b.StartedAt) {
		filter.CreatedBefore = &b.StartedAt
	}
	page := models.Page{First: bulkPart, After: b.After, Order: byAge}
	if b.Status == BulkCounting {
		page.First = bulkCountPart
	}
	pages, err := s.CallbackPages(ctx, models.PlatformActor().Scope(models.RoleViewer), owner, []int64{id}, filter, page)
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
