package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// callbackOwner is what callbacks are listed by: the column, the table of the owners and the field.
type callbackOwner struct {
	column string
	table  any
	id     func(*callback.Callback) int64
}

var owners = func() map[callback.Parent]callbackOwner {
	list := map[callback.Parent]callbackOwner{
		callback.OfAccount:   {"account_id", &accountRow{}, func(c *callback.Callback) int64 { return c.AccountID }},
		callback.OfProject:   {"project_id", &projectRow{}, func(c *callback.Callback) int64 { return c.ProjectID }},
		callback.OfSSOClient: {"sso_client_id", &ssoClientRow{}, func(c *callback.Callback) int64 { return *c.SSOClientID }},
		callback.OfAll:       {id: func(*callback.Callback) int64 { return 0 }},
	}
	for _, kind := range callbackSources {
		if !kind.part {
			list[callback.Parent(kind.typeName)] = callbackOwner{
				kind.column, kind.row, func(c *callback.Callback) int64 { return c.Source.Of.Raw },
			}
		}
	}
	return list
}()

// callbacksOf runs a query of the callbacks of one owner for each of those that the scope reaches, in one statement.
func (s *Store) callbacksOf(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64,
	query func(id clause.Expr) clause.Expression,
) *gorm.DB {
	if owner == callback.OfAll {
		return s.reader(ctx).Raw("?", query(gorm.Expr("0")))
	}
	all := s.ofEachVisible(ctx, scope, owner, ids, query)
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}

func (s *Store) ofEachVisible(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, query func(id clause.Expr) clause.Expression,
) clause.Expr {
	return s.dialect.ofEach(ids, func(ids ...int64) *gorm.DB {
		return s.visibleOwners(ctx, scope, owner).Select("id").Where("id IN ?", ids)
	}, query)
}

// visibleOwners are those whose callbacks the scope reaches, all of them; only of an account a project's key reaches
// just its own. An SSO client's are its own and the platform's.
func (s *Store) visibleOwners(ctx context.Context, scope models.Scope, owner callback.Parent) *gorm.DB {
	db := s.reader(ctx).Model(owners[owner].table)
	switch {
	case owner == callback.OfAccount && scope.ProjectID() != 0:
		return db.Where("id IN (SELECT account_id FROM projects WHERE id = ?)", scope.ProjectID())
	case owner == callback.OfAccount:
		return scoped(db, scope, "id", noProject)
	case owner == callback.OfProject:
		return scoped(db, scope, "account_id", "id")
	case owner == callback.OfSSOClient:
		return ssoClientsWithin(db, scope, "id")
	}
	return scoped(db, scope, "account_id", "project_id")
}

// maxMerged bounds the accounts of a partner whose lists are read as one: of each as many entries as the page has.
const maxMerged = 500

// mergedPage is the page of all that a partner sees, nil where it is looked for among all at the root.
func (s *Store) mergedPage(
	ctx context.Context, scope models.Scope, owner callback.Parent, filter callback.Filter, page models.Page,
) (map[int64]*models.PageOf[*callback.Callback], error) {
	if owner != callback.OfAll || scope.SSOClientID() == 0 {
		return nil, nil
	}
	query, l, err := s.queryMerged(ctx, scope, filter, page)
	if err != nil || query == nil {
		return nil, err
	}
	return pagesFrom(query, []int64{0}, page, s.callback, owners[owner].id, l.compare)
}

// queryMerged reads the lists of a partner's accounts, each from its index: as many rows however many callbacks others have.
// Nil where that is no way: for what no index of an account answers many would be looked through of each, and the accounts
// may be too many.
func (s *Store) queryMerged(
	ctx context.Context, scope models.Scope, filter callback.Filter, page models.Page,
) (*gorm.DB, callbackList, error) {
	l := s.newCallbackList(scope, callback.OfAccount, filter, page)
	if l.looks() {
		return nil, l, nil
	}
	var accounts []int64
	err := s.visibleOwners(ctx, scope, callback.OfAccount).Order("id").Limit(maxMerged+1).Pluck("id", &accounts).Error
	switch {
	case err != nil || len(accounts) > maxMerged:
		return nil, l, err
	case len(accounts) == 0:
		return s.reader(ctx).Raw("SELECT id FROM callbacks WHERE " + isNowhere), l, nil
	}
	direction, column := " DESC", timeColumns[l.by].column
	if page.FromEnd {
		direction = ""
	}
	return s.reader(ctx).Raw("SELECT * FROM (?) AS merged ORDER BY "+column+direction+", id"+direction+" LIMIT ?",
		s.ofEachVisible(ctx, scope, callback.OfAccount, accounts, l.page), l.limit()), l, nil
}
