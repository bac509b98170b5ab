package store

import (
	"context"
	"maps"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// healthOwner has the conditions by which what is an owner's is found: the owner is @owner, and a project's key has
// @project.
type healthOwner struct {
	counted string // hours; what waits to be added up has all of an account's projects, and of an SSO client's
	waiting string
	oldest  string // its callbacks that have not ended, the oldest, and some that are not its
	ended   string
	paused  string // whether they wait for a pause to end
}

const (
	onlyCustomers = "sso_client_id = 0 AND account_id = "
	accountOf     = "(SELECT account_id FROM projects WHERE projects.id = @owner)"
	// fares is what says how a receiver fares: a test is somebody's who tries it.
	fares = "NOT " + isNotice + " AND NOT " + isTest
)

func healthOf(scope models.Scope, owner callback.Parent) healthOwner {
	oldest := func(of string) string {
		return "SELECT status, created_at, " + fares + " AS own FROM callbacks WHERE " + of + " AND " + isOngoing +
			" ORDER BY created_at, id LIMIT @limit"
	}
	project := func(account, project string) healthOwner {
		condition := onlyCustomers + account + " AND project_id = " + project
		return healthOwner{
			condition, condition, oldest("project_id = " + project), "project_id = " + project,
			"EXISTS (SELECT 1 FROM projects JOIN accounts ON accounts.id = projects.account_id WHERE projects.id = " + project +
				" AND (" + projectPaused + "))",
		}
	}
	switch {
	case owner == callback.OfSSOClient:
		return healthOwner{
			"sso_client_id = @owner AND account_id = 0 AND project_id = 0", "sso_client_id = @owner",
			"SELECT status, created_at, NOT " + isTest + " AS own FROM callbacks WHERE sso_client_id = @owner AND " + isOngoing +
				" ORDER BY created_at, id LIMIT @limit",
			"false", "false",
		}
	case owner == callback.OfProject:
		return project(accountOf, "@owner")
	case scope.ProjectID() != 0:
		return project("@owner", "@project")
	}
	return healthOwner{
		onlyCustomers + "@owner AND project_id = 0", onlyCustomers + "@owner", oldest("account_id = @owner"),
		"account_id = @owner", "EXISTS (SELECT 1 FROM accounts WHERE accounts.id = @owner AND paused_at IS NOT NULL)",
	}
}

// ofOwners runs a query of an owner for each of those that the scope reaches, in one statement.
func (s *Store) ofOwners(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, query string, args map[string]any,
) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB {
		return s.visibleOwners(ctx, scope, owner).Select("id").Where("id IN ?", ids)
	}
	all := s.dialect.ofEach(ids, visible, func(id clause.Expr) clause.Expression {
		of := map[string]any{"owner": id, "project": scope.ProjectID()}
		maps.Copy(of, args)
		return named(query, of)
	})
	return s.reader(ctx).Raw(all.SQL, all.Vars...)
}

// readOwners reads rows of owners.
func readOwners[R any](
	ctx context.Context, s *Store, scope models.Scope, owner callback.Parent, ids []int64, query string,
	args map[string]any,
) ([]R, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return planned(ctx, s, func(s *Store) (rows []R, err error) {
		err = s.ofOwners(ctx, scope, owner, ids, query, args).Scan(&rows).Error
		return rows, err
	})
}

// OngoingCallbacks counts what has not ended.
func (s *Store) OngoingCallbacks(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64,
) (ongoing map[int64]callback.Ongoing, countedAt time.Time, err error) {
	type row struct {
		Owner                      int64
		Looked, Pending, Running   int
		OldestPendingAt, CountedAt *int64
		Paused                     bool
	}
	of := healthOf(scope, owner)
	const ofStatus = "count(CASE WHEN own AND status = "
	rows, err := readOwners[row](ctx, s, scope, owner, ids, "SELECT CAST(@owner AS BIGINT) AS owner, count(*) AS looked, "+
		ofStatus+"'PENDING' THEN 1 END) AS pending, "+ofStatus+"'RUNNING' THEN 1 END) AS running, "+
		"min(CASE WHEN own AND status = 'PENDING' THEN created_at END) AS oldest_pending_at, "+
		"(SELECT counted_at FROM callback_health_since WHERE id = 1) AS counted_at, "+of.paused+" AS paused "+
		"FROM ("+of.oldest+") AS looked_at",
		map[string]any{"limit": callback.MaxOngoing + 1})
	ongoing = make(map[int64]callback.Ongoing, len(rows))
	for _, r := range rows {
		ongoing[r.Owner] = callback.Ongoing{
			Pending: r.Pending, Running: r.Running, OldestPendingAt: fromMicrosPtr(r.OldestPendingAt),
			OngoingExact: r.Looked <= callback.MaxOngoing, Paused: r.Paused,
		}
		if r.CountedAt != nil && *r.CountedAt > 0 {
			countedAt = fromMicros(*r.CountedAt)
		}
	}
	return ongoing, countedAt, err
}

// countedHealth is one statement: what is added up between two would be missed, or counted twice.
func (o healthOwner) countedHealth() string {
	columns := "CAST(@owner AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at, tally"
	hours := "SELECT false AS waits, " + columns + " FROM callback_health_hours WHERE " + o.counted
	return hours + " AND hour >= @from " +
		"UNION ALL SELECT * FROM (" + hours + " AND hour < @from ORDER BY hour DESC LIMIT 1) AS last " +
		"UNION ALL SELECT * FROM (SELECT true AS waits, " + columns + " FROM callback_health_parts WHERE " + o.waiting +
		" LIMIT @limit) AS waiting"
}

// CountedHealth reads what was counted.
func (s *Store) CountedHealth(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, from time.Time,
) (counted map[int64][]callback.HealthPart, exact map[int64]bool, err error) {
	type row struct {
		Waits bool
		Owner int64
		Of    healthColumns `gorm:"embedded"`
	}
	rows, err := readOwners[row](ctx, s, scope, owner, ids, healthOf(scope, owner).countedHealth(), map[string]any{
		"from": micros(from), "limit": callback.MaxHealthParts + 1,
	})
	if err != nil {
		return nil, nil, err
	}
	counted, exact = map[int64][]callback.HealthPart{}, map[int64]bool{}
	waiting := map[int64]int{}
	for _, id := range ids {
		exact[id] = true
	}
	for _, r := range rows {
		part, err := healthPart(r.Of)
		if err != nil {
			return nil, nil, err
		}
		counted[r.Owner] = append(counted[r.Owner], part)
		if r.Waits {
			waiting[r.Owner]++
			exact[r.Owner] = waiting[r.Owner] <= callback.MaxHealthParts
		}
	}
	return counted, exact, nil
}

// FailingSince goes back to the hour of the last success.
func (s *Store) FailingSince(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64,
) (map[int64]time.Time, error) {
	hours := "callback_health_hours WHERE " + healthOf(scope, owner).counted
	rows, err := readOwners[struct {
		Owner        int64
		FailingSince *int64
	}](ctx, s, scope, owner, ids, "SELECT CAST(@owner AS BIGINT) AS owner, min(failing_since) AS failing_since FROM "+hours+
		" AND hour >= COALESCE((SELECT hour FROM "+hours+" AND last_success_at IS NOT NULL ORDER BY hour DESC LIMIT 1), 0)", nil)
	since := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		if r.FailingSince != nil {
			since[r.Owner] = fromMicros(*r.FailingSince)
		}
	}
	return since, err
}

// LastEnded looks at the twenty that were created last.
func (s *Store) LastEnded(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64,
) (map[int64]callback.Answers, error) {
	rows, err := readOwners[struct {
		Owner      int64
		Status     callback.Status
		FinishedAt *int64
	}](ctx, s, scope, owner, ids, "SELECT CAST(@owner AS BIGINT) AS owner, status, finished_at FROM "+
		"(SELECT target, dedup_key, status, finished_at FROM callbacks WHERE "+healthOf(scope, owner).ended+" AND "+isEnded+
		" ORDER BY created_at DESC, id DESC LIMIT 20) AS last WHERE "+fares+" ORDER BY finished_at DESC LIMIT 1", nil)
	ended := make(map[int64]callback.Answers, len(rows))
	for _, r := range rows {
		at := fromMicrosPtr(r.FinishedAt)
		if r.Status == callback.StatusSuccess {
			ended[r.Owner] = callback.Answers{LastSuccess: at}
		} else {
			ended[r.Owner] = callback.Answers{FailingSince: at, LastFailure: at}
		}
	}
	return ended, err
}
