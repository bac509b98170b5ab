package store

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
)

// What many write at the same moment Postgres takes in one statement, which is a transaction of its own: each way to it
// and back costs more than a row. Where others were quicker, so that not all can be written, it divides by zero, and nothing
// is.

const divisionByZero = "22012"

// unless ends a statement: it fails unless a condition holds.
func unless(condition string) string { return "1 / CASE WHEN " + condition + " THEN 1 ELSE 0 END" }

// AtOnce tells whether a statement of its own has its settings, and may be all that is written.
func (s *Store) AtOnce(ctx context.Context) bool {
	return s.dialect.modifiesInQueries() && !s.inTx && !s.shared.Load() && models.ClaimFrom(ctx) == nil && models.Refusal(ctx) == nil
}

// errKnown is of rows that were there before.
var errKnown = errors.New("some are known")

// undone turns the error of a statement that wrote nothing, since something has changed meanwhile, into false.
func undone(err error) (bool, error) {
	var known *pgconn.PgError
	if errors.As(err, &known) && known.Code == divisionByZero ||
		errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, errKnown) {
		return false, nil
	}
	return err == nil, err
}

// Record writes the callbacks before their attempts, as the sweep locks them: nothing is known of the order of two updates
// unless one asks for the other.
func (s *Store) Record(
	ctx context.Context, callbacks []*callback.Callback, attempts []*callback.Attempt, counts []callback.HealthCount,
) (bool, error) {
	if !s.AtOnce(ctx) {
		return false, nil
	}
	given, args := s.given(len(callbacks), settledColumns(callbacks)...)
	statement := "WITH settled AS (" + given + settle + "), "
	given, more := s.given(len(attempts), finishedColumns(attempts)...)
	statement += "finished AS (" + given + finishAttempts +
		" AND (SELECT count(*) FROM settled) = ? RETURNING callback_attempts.id)"
	args = slices.Concat(args, more, []any{len(callbacks)})
	if len(counts) > 0 {
		given, more = s.given(len(counts), countedColumns(counts)...)
		statement += ", counted AS (" + given + addHealth + ")"
		args = append(args, more...)
	}
	statement += " SELECT " + unless("(SELECT count(*) FROM finished) = ?")
	var all int
	return undone(s.writer(ctx).Raw(statement, append(args, len(attempts))...).Scan(&all).Error)
}

// CreateStarted inserts callbacks and attempts.
func (s *Store) CreateStarted(ctx context.Context, starts []callback.Start) error {
	if s.dialect.modifiesInQueries() {
		for some := range parts(starts, startTexts) {
			err := s.createStarted(ctx, nil, some)
			if err != nil {
				return taken(err, callbacksOf(some))
			}
		}
		return nil
	}
	if err := s.CreateCallbacks(ctx, callbacksOf(starts)...); err != nil {
		return err
	}
	var attempts []*callback.Attempt
	for _, start := range starts {
		if start.Attempt != nil {
			start.Attempt.CallbackID = start.Callback.ID
			attempts = append(attempts, start.Attempt)
		}
	}
	if len(attempts) == 0 {
		return nil
	}
	return s.CreateAttempts(ctx, attempts)
}

func startTexts(start callback.Start) int { return callbackTexts(start.Callback) }

func callbacksOf(starts []callback.Start) []*callback.Callback {
	callbacks := make([]*callback.Callback, len(starts))
	for i, start := range starts {
		callbacks[i] = start.Callback
	}
	return callbacks
}

// CreateEnded inserts crawls with their callbacks. Whoever takes the id of one at the same moment is waited for.
func (s *Store) CreateEnded(ctx context.Context, crawls []*crawl.Crawl, starts []callback.Start) (bool, error) {
	if !s.AtOnce(ctx) || len(starts) == 0 {
		return false, nil
	}
	for some := range parts(starts, startTexts) {
		if len(some) < len(starts) {
			return false, nil
		}
	}
	return undone(s.createStarted(ctx, crawls, starts))
}

// createStarted gives the rows their ids before they are inserted: what is inserted by a part of a statement, the other
// parts do not see.
func (s *Store) createStarted(ctx context.Context, crawls []*crawl.Crawl, starts []callback.Start) error {
	rows := make([]*callbackRow, len(starts))
	for i, start := range starts {
		var err error
		if rows[i], err = s.callbackColumns(start.Callback); err != nil {
			return err
		}
	}
	columns := newCallbacks(rows)
	names := namesOf(columns)
	listed, args := s.dialect.rows(len(rows), append(columns, startColumns(starts)...))
	statement := "WITH given AS (SELECT listed.*, nextval('callbacks_id_seq') AS id, " +
		"CASE WHEN starts THEN nextval('callback_attempts_id_seq') END AS attempt_id " +
		"FROM (" + listed + ") AS listed (" + names + ", starts, attempt_uid, attempt_started_at)), "
	all, none := "true", "false"
	if len(crawls) > 0 {
		ids := make([]int64, len(crawls))
		for i, c := range crawls {
			ids[i] = c.ID
		}
		ended, more := s.creation(crawls, "NOT EXISTS (SELECT 1 FROM crawls WHERE crawls.id = ANY(?))")
		statement += "ended AS (" + ended + "), counted AS (SELECT count(*) = ? AS complete, count(*) = 0 AS empty FROM ended), "
		args = slices.Concat(args, more, []any{&ids, len(crawls)})
		all, none = "(SELECT complete FROM counted)", "(SELECT empty FROM counted)"
	}
	statement += "created AS (INSERT INTO callbacks (id, " + names + ") SELECT id, " + names + " FROM given WHERE " + all + "), " +
		"started AS (INSERT INTO callback_attempts (id, uid, callback_id, number, url, started_at, " + noMicrosYet + ") " +
		"SELECT attempt_id, attempt_uid, id, attempt_count, target_url, attempt_started_at, 0, 0, 0, 0, 0 FROM given " +
		"WHERE starts AND " + all + ") " +
		"SELECT id, uid, attempt_id, CASE WHEN " + none + " THEN 0 ELSE " + unless(all) + " END AS created FROM given"
	var inserted []struct {
		ID        int64
		UID       uuid.UUID
		AttemptID *int64
		Created   int
	}
	if err := s.writer(ctx).Raw(statement, args...).Find(&inserted).Error; err != nil {
		return err
	}
	if inserted[0].Created == 0 {
		return errKnown
	}
	place := make(map[uuid.UUID]int, len(starts))
	for i, start := range starts {
		place[start.Callback.UID] = i
	}
	for _, row := range inserted {
		start := starts[place[row.UID]]
		start.Callback.ID = row.ID
		if start.Attempt != nil {
			start.Attempt.ID, start.Attempt.CallbackID = *row.AttemptID, row.ID
		}
	}
	return nil
}

func startColumns(starts []callback.Start) []column {
	attempt := func(start callback.Start) callback.Attempt {
		if start.Attempt == nil {
			return callback.Attempt{}
		}
		return *start.Attempt
	}
	return []column{
		columnOf("starts", "boolean", starts, func(start callback.Start) bool { return start.Attempt != nil }),
		uuidsOf("attempt_uid", starts, func(start callback.Start) uuid.UUID { return attempt(start).UID }),
		columnOf("attempt_started_at", "bigint", starts, func(start callback.Start) int64 { return micros(attempt(start).StartedAt) }),
	}
}
