package store

import (
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// What no index answers is asked of the callbacks themselves: of as many entries of the list as may be looked through,
// in its order. The page says where it stopped, and the next one goes on from there. A list that no index has in its order
// is sorted, if it has no more than that.

// limit is how many entries are read.
func (l callbackList) limit() int {
	if l.looks() && l.through {
		return l.bound()
	}
	return l.window.First + 1
}

// bound is how many are looked through: one more, where only that tells whether there are more.
func (l callbackList) bound() int {
	switch {
	case !l.looks():
		return l.window.First + 1
	case l.sorts() || l.counts:
		return l.most + 1
	}
	return l.most
}

// looked selects the entries that are looked through.
func (l callbackList) looked() string {
	with, parts := "", ""
	if l.sorts() {
		l.window = models.Page{}
	}
	if l.ended != "" {
		with, parts = l.parts(false)
		with += ", "
	} else {
		parts = l.exactly()
	}
	return "WITH RECURSIVE " + with + "looked AS (SELECT id AS entry_id, {name} AS entry_at FROM (" + parts + ") AS parts" +
		strings.Replace(l.sorted(), "@limit", "@most", 1) + ")"
}

// exactly selects those of each exact condition, or all.
func (l callbackList) exactly() string {
	var parts []string
	conditions, order := l.exact, l.sorted()
	if l.anyhow {
		order = " ORDER BY lane, next_attempt_at, id LIMIT @limit"
	}
	if conditions == nil {
		conditions = []string{""}
	}
	for _, condition := range conditions {
		parts = append(parts, "SELECT id, {name} FROM (SELECT id, {at} AS {name} FROM callbacks WHERE "+
			l.where(condition, l.span())+order+") AS part")
	}
	return strings.Join(parts, " UNION ")
}

// lookedPage selects what was asked for of the list, and one more, each with how many entries were looked through and the
// last of them; and these alone where nothing was found.
func (l callbackList) lookedPage(owner clause.Expr, columns string) clause.Expression {
	found := append([]string{"callbacks.id = entry_id"}, l.let()...)
	by, last, direction := timeColumns[l.order].column+"{}, callbacks.id{}", "entry_at{}, entry_id{}", [2]string{" DESC", ""}
	if l.byID {
		by, last = "callbacks.id{}", "entry_id{}"
	}
	if l.window.FromEnd {
		direction = [2]string{"", " DESC"}
	}
	if l.sorts() {
		key := "(" + strings.ReplaceAll(by, "{}", "") + ")"
		found = append(found, key+" < (@below, @below_id)")
		if l.window.Before != nil {
			found = append(found, key+" > (@above, @above_id)")
		}
	}
	by, last = strings.ReplaceAll(by, "{}", direction[0]), strings.ReplaceAll(last, "{}", direction[1])
	return l.statement(l.looked()+" SELECT CAST(@owner AS BIGINT) AS owner_id, looked, looked_at, looked_id, "+columns+
		" FROM (SELECT (SELECT count(*) FROM looked) AS looked, "+
		"(SELECT entry_at FROM looked ORDER BY "+last+" LIMIT 1) AS looked_at, "+
		"(SELECT entry_id FROM looked ORDER BY "+last+" LIMIT 1) AS looked_id) AS bound "+
		"LEFT JOIN (SELECT callbacks.id AS chosen_id FROM looked CROSS JOIN callbacks WHERE "+allOf(found...)+
		" ORDER BY "+by+" LIMIT @shown) AS chosen ON TRUE LEFT JOIN callbacks ON callbacks.id = chosen_id", owner)
}

// let is the condition of what is open, such that no plan takes another index for it than that of the ids: one of what
// waits, say, which can be long.
func (l callbackList) let() []string {
	if len(l.open) == 0 {
		return nil
	}
	return []string{"CASE WHEN " + allOf(l.open...) + " THEN TRUE END"}
}

// lookedCount counts what is found among the entries.
func (l callbackList) lookedCount(owner clause.Expr) clause.Expression {
	if !l.through {
		return l.countedBeside(owner)
	}
	found := allOf(append(l.let(), "TRUE")...)
	return l.statement(l.looked()+" SELECT CAST(@owner AS BIGINT) AS owner, count(*) AS looked, "+
		"count(CASE WHEN "+found+" THEN 1 END) AS count "+
		"FROM looked CROSS JOIN callbacks WHERE callbacks.id = entry_id", owner)
}

// countedBeside counts what has ended by its index, and what is found among what has not.
func (l callbackList) countedBeside(owner clause.Expr) clause.Expression {
	with, _ := l.parts(true)
	return l.statement("WITH RECURSIVE "+with+" SELECT CAST(@owner AS BIGINT) AS owner, (SELECT count(*) FROM ongoing) AS looked, "+
		"(SELECT count(*) FROM (SELECT id FROM ended LIMIT @limit) AS counted) + (SELECT count(*) FROM ongoing CROSS JOIN callbacks "+
		"WHERE callbacks.id = ongoing.id AND "+allOf(l.let()...)+") AS count", owner)
}

// lookedRow is a callback that was found, or none, with what was looked through.
type lookedRow struct {
	Callback callbackRow `gorm:"embedded"`
	OwnerID  int64
	Looked   int
	LookedAt *int64
	LookedID *int64
}

// lookedPages reads the pages that lookedPage selects.
func (s *Store) lookedPages(
	query *gorm.DB, l callbackList, ids []int64,
) (map[int64]*models.PageOf[*callback.Callback], error) {
	pages := make(map[int64]*models.PageOf[*callback.Callback], len(ids))
	if len(ids) == 0 {
		return pages, nil
	}
	var rows []lookedRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, err
	}
	for _, id := range ids {
		pages[id] = &models.PageOf[*callback.Callback]{}
	}
	for owner, rows := range models.Grouped(rows, func(r lookedRow) int64 { return r.OwnerID }) {
		if l.sorts() && rows[0].Looked > l.most {
			return nil, callback.ErrOrder
		}
		page, err := s.lookedPage(rows, l)
		if err != nil {
			return nil, err
		}
		pages[owner] = page
	}
	return pages, nil
}

// lookedPage is the page of one owner.
func (s *Store) lookedPage(rows []lookedRow, l callbackList) (*models.PageOf[*callback.Callback], error) {
	var found []*callback.Callback
	for _, r := range rows {
		if r.Callback.ID == 0 {
			continue
		}
		c, err := s.callback(r.Callback)
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	slices.SortFunc(found, l.compare)
	if l.window.FromEnd {
		slices.Reverse(found)
	}
	full := len(found) > l.window.First
	page := models.Cut(found, l.window)
	if bound := rows[0]; !full && !l.sorts() && bound.Looked == l.most {
		page.SearchedUntil = &models.Cursor{At: fromMicros(*bound.LookedAt), ID: *bound.LookedID, Order: l.window.Order}
		if l.window.FromEnd {
			page.HasPrevious = true
		} else {
			page.HasNext = true
		}
	}
	return page, nil
}
