package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// leased is a table whose rows wait in lanes, are claimed for an attempt, and are in a worker's hand until their lease
// runs out.
type leased struct {
	table string
	due   string // the status of what waits
	// waits is the condition of what waits. Conditions on the status are literals and not parameters: only then can a
	// cached plan use the partial indexes.
	waits       string
	first       string // the column that keeps when it was claimed for the first time; empty: there is none
	claimed     string // the columns that a claim returns
	attempts    string // the table of attempts
	row         string // its column that names the row
	interrupted string // the message of an attempt that nobody will hear the end of
	// of a row without one, which the release before has written; it is put right when the row is claimed
	lane string
}

var leasedTables = map[callback.Leased]*leased{
	callback.LeasedCallbacks: {
		table: "callbacks", due: "PENDING", waits: "status = 'PENDING' AND NOT held", claimed: claimedCallback,
		attempts: "callback_attempts", row: "callback_id", interrupted: callback.InterruptedMessage,
		lane: "target_host || ' project:' || project_id || ' ' || account_id",
	},
	run.LeasedBatches: {
		table: "run_batches", due: "QUEUED", waits: "status = 'QUEUED'", first: "started_at", claimed: claimedBatch,
		attempts: "batch_attempts", row: "batch_id", interrupted: run.InterruptedCallMessage,
		lane: "' action:' || action_id || ' ' || account_id",
	},
}

// isRunning is of what is in hand, of either kind.
const isRunning = "status = 'RUNNING'"

// claimedCallback are the columns of a callback that its delivery needs, with callback.MaxClaimedBody, and claimedBatch
// those of a batch. They are named, so that a column which a later release adds changes no statement that is prepared.
var (
	claimedCallback = lineColumns + ", target_headers, " +
		"CASE WHEN octet_length(body) <= 65536 THEN body END AS body, " +
		"CASE WHEN octet_length(body) <= 65536 THEN 0 ELSE octet_length(body) END AS body_bytes"
	claimedBatch = batchColumns + ", lane, local_since"
)

// on is a statement on one of the tables. {pending} is of what is claimed together with others, and {suspect} of what
// is claimed alone: callback.SuspectAfter.
func (s *Store) on(of callback.Leased, statement string) string {
	t := leasedTables[of]
	return strings.NewReplacer(
		"{table}", t.table, "{due}", "'"+t.due+"'", "{waits}", t.waits, "{pending}", t.waits+" AND interruption_count < 3",
		"{suspect}", t.waits+" AND interruption_count >= 3", "{running}", isRunning,
		"{claimed}", t.claimed, "{attempts}", t.attempts, "{lane}", t.lane,
		"{chosen}", s.dialect.chosen(), "{skip locked}", s.dialect.skipLocked(t.table),
	).Replace(statement)
}

// Body reads the body of a callback.
func (s *Store) Body(ctx context.Context, callbackID int64) ([]byte, error) {
	var bodies [][]byte
	err := s.reader(ctx).Raw("SELECT body FROM callbacks WHERE id = ?", callbackID).Scan(&bodies).Error
	if err == nil && len(bodies) == 0 {
		err = models.NotFound(models.TypeCallback)
	}
	if err != nil {
		return nil, err
	}
	return bodies[0], nil
}

// ClaimDue gives due callbacks of lanes to the caller.
func (s *Store) ClaimDue(
	ctx context.Context, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) ([]*callback.Callback, error) {
	return claimed(s.claimDue(ctx, callback.LeasedCallbacks, lanes, now, leaseUntil), s.callback)
}

// ClaimDueBatches gives due batches of lanes to the caller.
func (s *Store) ClaimDueBatches(
	ctx context.Context, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) ([]*run.Batch, error) {
	return claimed(s.claimDue(ctx, run.LeasedBatches, lanes, now, leaseUntil), batch)
}

// ClaimSuspect gives a due callback to the caller that is to be sent alone.
func (s *Store) ClaimSuspect(ctx context.Context, now, leaseUntil time.Time) ([]*callback.Callback, error) {
	return claimed(s.claimSuspect(ctx, callback.LeasedCallbacks, now, leaseUntil), s.callback)
}

// ClaimSuspectBatch gives a due batch to the caller that is to be executed alone.
func (s *Store) ClaimSuspectBatch(ctx context.Context, now, leaseUntil time.Time) ([]*run.Batch, error) {
	return claimed(s.claimSuspect(ctx, run.LeasedBatches, now, leaseUntil), batch)
}

// claimed runs a claim; nil: nothing is asked for.
func claimed[R, D any](claim *gorm.DB, toDomain func(R) (D, error)) ([]D, error) {
	var rows []R
	if claim == nil {
		return nil, nil
	}
	if err := claim.Scan(&rows).Error; err != nil {
		return nil, err
	}
	return convert(rows, toDomain)
}

// claimDue is one statement, which looks into the index once for each lane.
func (s *Store) claimDue(
	ctx context.Context, of callback.Leased, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) *gorm.DB {
	if len(lanes) == 0 {
		return nil
	}
	due := s.on(of, `SELECT id FROM {table} WHERE {pending} AND lane = ? AND next_attempt_at <= ?
	ORDER BY next_attempt_at, id LIMIT ?{skip locked}`)
	return s.claim(ctx, of, s.dialect.ofLanes(lanes, func(lane, limit clause.Expr) clause.Expr {
		return gorm.Expr(due, lane, micros(now), limit)
	}), now, leaseUntil)
}

func (s *Store) claimSuspect(ctx context.Context, of callback.Leased, now, leaseUntil time.Time) *gorm.DB {
	due := s.on(of, "SELECT id FROM {table} WHERE {suspect} AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT "+
		"1{skip locked}")
	return s.claim(ctx, of, gorm.Expr(due, micros(now)), now, leaseUntil)
}

func (s *Store) claim(ctx context.Context, of callback.Leased, due clause.Expr, now, leaseUntil time.Time) *gorm.DB {
	set, args := "", []any{micros(leaseUntil)}
	if first := leasedTables[of].first; first != "" {
		set, args = ", "+first+" = COALESCE("+first+", ?)", append(args, micros(now))
	}
	return s.writer(ctx).Raw(s.on(of, `UPDATE {table} SET status = 'RUNNING', attempt_count = attempt_count + 1, lease_until = ?,
	next_attempt_at = NULL`+set+" WHERE {chosen} RETURNING {claimed}"), append(args, due)...)
}

// returned is what is written of a row in a worker's hand that is given back.
type returned struct {
	id       int64
	attempts int
	callback.Mishaps
	next *int64
	lane callback.Lane
}

// GiveBackCallbacks gives claimed callbacks back as if they had not been claimed.
func (s *Store) GiveBackCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	rows := make([]returned, len(callbacks))
	for i, c := range callbacks {
		rows[i] = returned{c.ID, c.AttemptCount, c.Mishaps, nextAttempt(c), c.Lane}
	}
	return s.giveBack(ctx, callback.LeasedCallbacks, rows,
		columnOf("target_url", "text", callbacks, func(c *callback.Callback) *string { return c.TargetURL }),
		columnOf("target_host", "text", callbacks, func(c *callback.Callback) string { return c.Lane.Host }),
	)
}

// GiveBackBatches gives claimed batches back as if they had not been claimed.
func (s *Store) GiveBackBatches(ctx context.Context, batches ...*run.Batch) error {
	rows := make([]returned, len(batches))
	for i, b := range batches {
		rows[i] = returned{b.ID, b.AttemptCount, b.Mishaps, microsPtr(b.NextAttemptAt), b.Lane}
	}
	return s.giveBack(ctx, run.LeasedBatches, rows)
}

// giveBack is fenced by the attempt count, row by row.
func (s *Store) giveBack(ctx context.Context, of callback.Leased, rows []returned, more ...column) error {
	if len(rows) == 0 {
		return nil
	}
	columns := append([]column{
		columnOf("interruption_count", "bigint", rows, func(r returned) int { return r.InterruptionCount }),
		columnOf("unreadable_since", "bigint", rows, func(r returned) *int64 { return microsPtr(r.UnreadableSince) }),
		columnOf("next_attempt_at", "bigint", rows, func(r returned) *int64 { return r.next }),
		columnOf("lane", "text", rows, func(r returned) string { return r.lane.String() }),
	}, more...)
	set := ""
	for _, c := range columns {
		set += ", " + c.name + " = given." + c.name
	}
	given, args := s.given(len(rows), append(columns,
		columnOf("id", "bigint", rows, func(r returned) int64 { return r.id }),
		columnOf("attempt_count", "bigint", rows, func(r returned) int { return r.attempts }),
	)...)
	return s.writer(ctx).Exec(given+s.on(of, "UPDATE {table} SET status = {due}, lease_until = NULL, attempt_count = given.attempt_count - 1"+set+`
FROM given WHERE {table}.id = given.id AND {table}.attempt_count = given.attempt_count AND {running}`), args...).Error
}

// renewPart keeps a statement, with two parameters for each lease, below the 32,766 of SQLite.
const renewPart = 10_000

// RenewLeases keeps rows in their worker's hand. The attempt count is the fence. One that somebody has locked is being
// settled, stopped or interrupted: waiting for it, with others locked, could be a ring.
func (s *Store) RenewLeases(
	ctx context.Context, of callback.Leased, leases []callback.Lease, until time.Time,
) ([]callback.Lease, error) {
	var renewed []callback.Lease
	mine := gorm.Expr(s.on(of, `SELECT {table}.id FROM {table} JOIN given ON given.id = {table}.id AND given.attempt = attempt_count
	WHERE {running}{skip locked}`))
	for part := range slices.Chunk(leases, renewPart) {
		given, args := s.given(len(part),
			columnOf("id", "bigint", part, func(l callback.Lease) int64 { return l.ID }),
			columnOf("attempt", "bigint", part, func(l callback.Lease) int { return l.Attempt }),
		)
		var some []callback.Lease
		statement := s.on(of, "UPDATE {table} SET lease_until = ? WHERE {chosen} RETURNING id, attempt_count AS attempt")
		if err := s.writer(ctx).Raw(given+statement, append(args, micros(until), mine)...).Scan(&some).Error; err != nil {
			return renewed, err
		}
		renewed = append(renewed, some...)
	}
	return renewed, nil
}

// DeleteAttempts deletes those that are still open.
func (s *Store) DeleteAttempts(ctx context.Context, of callback.Leased, ids ...int64) error {
	return s.writer(ctx).Exec(
		s.on(of, "DELETE FROM {attempts} WHERE ? AND finished_at IS NULL"), s.among("id", &ids),
	).Error
}

// AnnounceStop takes an interruption back before it is counted.
func (s *Store) AnnounceStop(ctx context.Context, of callback.Leased, ids []int64) error {
	mine := gorm.Expr(s.on(of, "SELECT id FROM {table} WHERE ? AND {running}{skip locked}"), s.among("id", &ids))
	return s.writer(ctx).Exec(
		s.on(of, "UPDATE {table} SET interruption_count = interruption_count - 1 WHERE {chosen}"), mine,
	).Error
}

// InterruptExpired takes rows from workers that are gone. They have been due since their leases ran out.
func (s *Store) InterruptExpired(ctx context.Context, of callback.Leased, now time.Time, limit int) (int, error) {
	expired := gorm.Expr(s.on(of, "SELECT id FROM {table} WHERE {running} AND lease_until <= ? ORDER BY lease_until "+
		"LIMIT ?{skip locked}"),
		micros(now), limit)
	var ids []int64
	err := s.writer(ctx).Raw(s.on(of, `UPDATE {table} SET status = {due}, next_attempt_at = lease_until, lease_until = NULL,
	interruption_count = interruption_count + 1 WHERE {chosen} RETURNING id`), expired).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	t := leasedTables[of]
	return len(ids), s.writer(ctx).Exec(s.on(of, `UPDATE {attempts} SET finished_at = ?, duration_micros = ? - started_at,
	error_code = ?, error_message = ? WHERE ? AND finished_at IS NULL`),
		micros(now), micros(now), callback.Interrupted, t.interrupted, s.among(t.row, &ids)).Error
}

// CountDue counts what is due.
func (s *Store) CountDue(ctx context.Context, of callback.Leased, dueBy time.Time, limit int) (int, error) {
	return planned(ctx, s, func(s *Store) (n int, err error) {
		err = s.reader(ctx).Raw(s.on(of, "SELECT count(*) FROM (SELECT id FROM {table} WHERE {waits} AND next_attempt_at "+
			"<= ? LIMIT ?) AS due"),
			micros(dueBy), limit).Scan(&n).Error
		return n, err
	})
}

// overdueLanes steps from lane to lane through the index of what waits, so that its cost is in the number of lanes.
const overdueLanes = `WITH RECURSIVE lanes (lane, number) AS (
	SELECT (SELECT min(lane) FROM {table} WHERE {pending} AND lane > ?), 1
	UNION ALL
	SELECT (SELECT min(lane) FROM {table} WHERE {pending} AND lane > lanes.lane), number + 1
	FROM lanes WHERE lane IS NOT NULL AND number < ?
)
SELECT lane, EXISTS (SELECT 1 FROM {table} WHERE {pending} AND lane = lanes.lane AND next_attempt_at <= ?) AS overdue
FROM lanes WHERE lane IS NOT NULL`

// OverdueLanes walks over lanes.
func (s *Store) OverdueLanes(
	ctx context.Context, of callback.Leased, after string, dueBy time.Time, limit int,
) (overdue []string, next string, err error) {
	var lanes []struct {
		Lane    string
		Overdue bool
	}
	err = s.reader(ctx).Raw(s.on(of, overdueLanes), after, limit, micros(dueBy)).Scan(&lanes).Error
	for _, l := range lanes {
		if l.Overdue {
			overdue = append(overdue, l.Lane)
		}
	}
	if len(lanes) == limit {
		next = lanes[limit-1].Lane
	}
	return overdue, next, err
}

// GiveLanes gives lanes to rows that wait without one.
func (s *Store) GiveLanes(ctx context.Context, of callback.Leased, limit int) (int, error) {
	without := gorm.Expr(s.on(of, "SELECT id FROM {table} WHERE {waits} AND lane = '' ORDER BY next_attempt_at LIMIT "+
		"?{skip locked}"), limit)
	return planned(ctx, s, func(s *Store) (int, error) {
		result := s.writer(ctx).Exec(s.on(of, "UPDATE {table} SET lane = {lane} WHERE {chosen}"), without)
		return int(result.RowsAffected), result.Error
	})
}
