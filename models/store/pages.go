package store

import (
	"context"
	"math"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

// cut narrows a query, newest first, to a page; one row more than that tells whether more follow.
func cut(db *gorm.DB, page models.Page) *gorm.DB {
	if page.After != nil {
		db = db.Where("(created_at, id) < (?, ?)", page.After.At.UnixMicro(), page.After.ID)
	}
	if page.Before != nil {
		db = db.Where("(created_at, id) > (?, ?)", page.Before.At.UnixMicro(), page.Before.ID)
	}
	if page.FromEnd {
		return db.Order("created_at, id").Limit(page.First + 1)
	}
	return db.Order("created_at DESC, id DESC").Limit(page.First + 1)
}

// pagesOf reads a page for each owner, newest first.
func pagesOf[R any, D owned](
	ctx context.Context, s *Store, ids []int64, page models.Page, query func(id int64) *gorm.DB,
	toDomain func(R) (D, error), owner func(D) int64,
) (map[int64]*models.PageOf[D], error) {
	part := func(id int64) *gorm.DB { return cut(query(id), page) }
	return unionOf(ctx, s, ids, page, part, toDomain, owner, newestFirst)
}

// numbersOf are the numbers that a page is between, in a list that is sorted by one, and how it is read.
func numbersOf(page models.Page) (above, below int64, direction string) {
	above, below = -1, math.MaxInt64
	if page.After != nil {
		above = page.After.ID
	}
	if page.Before != nil {
		below = page.Before.ID
	}
	if page.FromEnd {
		direction = " DESC"
	}
	return above, below, direction
}

func upwards[D owned](a, b D) int { return a.ListCursor().Compare(b.ListCursor()) }

func newestFirst[D owned](a, b D) int { return b.ListCursor().Compare(a.ListCursor()) }

// unionOf reads a page for each owner in one statement: a union of a part for each, so that each goes through the
// owner's index and stops at its limit.
func unionOf[R any, D owned](
	ctx context.Context, s *Store, ids []int64, page models.Page, part func(id int64) *gorm.DB,
	toDomain func(R) (D, error), owner func(D) int64, order func(a, b D) int,
) (map[int64]*models.PageOf[D], error) {
	parts, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		parts[i], args[i] = "SELECT * FROM (?) AS page", part(id)
	}
	return planned(ctx, s, func(s *Store) (map[int64]*models.PageOf[D], error) {
		return pagesFrom(s.reader(ctx).Raw(strings.Join(parts, " UNION ALL "), args...), ids, page, toDomain, owner, order)
	})
}

// pagesFrom reads the pages of owners, whose lists have an order, from one query in any order.
func pagesFrom[R any, D owned](
	db *gorm.DB, ids []int64, page models.Page, toDomain func(R) (D, error), owner func(D) int64, order func(a, b D) int,
) (map[int64]*models.PageOf[D], error) {
	pages := make(map[int64]*models.PageOf[D], len(ids))
	if len(ids) == 0 {
		return pages, nil
	}
	found, err := find(db, toDomain)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, order)
	if page.FromEnd {
		slices.Reverse(found)
	}
	byOwner := models.Grouped(found, owner)
	for _, id := range ids {
		pages[id] = models.Cut(byOwner[id], page)
	}
	return pages, nil
}

// joined is expressions with a text between them.
func joined(between string, parts []clause.Expr) clause.Expr {
	texts, args := make([]string, len(parts)), []any{}
	for i, p := range parts {
		texts[i], args = p.SQL, append(args, p.Vars...)
	}
	return gorm.Expr(strings.Join(texts, between), args...)
}

// owned is an entity in a list of its owner.
type owned interface{ ListCursor() models.Cursor }

// countBy counts rows by the owner in a column.
func countBy(db *gorm.DB, column string, ids []int64) (map[int64]int, error) {
	return countsFrom(db.Select(column+" AS owner, count(*) AS count").Where(column+" IN ?", ids).Group(column), ids)
}

// countUpTo counts rows of owners, of each no more than models.MaxCounted and one: a list can have millions.
func countUpTo(
	ctx context.Context, s *Store, ids []int64, query func(id int64) *gorm.DB,
) (map[int64]int, error) {
	parts, args := make([]string, len(ids)), make([]any, 0, 2*len(ids))
	for i, id := range ids {
		parts[i] = "SELECT ? AS owner, count(*) AS count FROM (?) AS counted"
		args = append(args, gorm.Expr("CAST(? AS BIGINT)", id),
			query(id).Select("id").Order("created_at DESC, id DESC").Limit(models.MaxCounted+1))
	}
	return countsFrom(s.reader(ctx).Raw(strings.Join(parts, " UNION ALL "), args...), ids)
}

// countsFrom reads the counts of owners from one query. One that has nothing is left out.
func countsFrom(db *gorm.DB, ids []int64) (map[int64]int, error) {
	counts := make(map[int64]int, len(ids))
	if len(ids) == 0 {
		return counts, nil
	}
	var rows []struct {
		Owner int64
		Count int
	}
	err := db.Find(&rows).Error
	for _, r := range rows {
		if r.Count > 0 {
			counts[r.Owner] = r.Count
		}
	}
	return counts, err
}
