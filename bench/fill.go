package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// fillSpan is how far a made history goes back: well within the retention.
	fillSpan = 30 * 24 * time.Hour
	// fillBatch is the size of one transaction: a second or two, during which SQLite's only writer is taken.
	fillBatch = 50_000
	// waitingHosts are the hosts on which callbacks wait; one of them is the receiver's.
	waitingHosts = 100
	// firstWaiting is the first crawl of those that wait.
	firstWaiting = 1_000_000_000
)

// filler makes a history by SQL: what has ended belongs to the tenant's other project, one crawl and one attempt each.
// Of 49, one is FAILED, and of 5, one is of a report.
type filler struct {
	db       *database
	tenant   *tenant
	hook     string
	begins   time.Time
	step     time.Duration // between two callbacks
	finished int           // so far
	project  int64
}

// newFiller spreads so many callbacks over the span.
func newFiller(i *installation, finished int) *filler {
	return &filler{
		db: i.db, tenant: i.tenant, project: i.tenant.otherProjectID, hook: i.receiver.base + hookPath,
		begins: time.Now().Add(-fillSpan), step: fillSpan / time.Duration(max(finished, 1)),
	}
}

// at is when a finished callback was created.
func (f *filler) at(n int) time.Time { return f.begins.Add(time.Duration(n) * f.step) }

// finishTo makes the history so long.
func (f *filler) finishTo(ctx context.Context, count int) error {
	created := "{begins} + i * {step}"
	err := f.inBatches(ctx, f.finished+1, count, created, finishedCallbacks)
	f.finished = count
	return err
}

// wait makes callbacks that wait for another attempt, next month.
func (f *filler) wait(ctx context.Context, count int) error {
	return f.inBatches(ctx, firstWaiting, firstWaiting+count-1, "{now} - 60000000", waitingCallbacks)
}

const finishedCrawls = `INSERT INTO crawls (id, account_id, project_id, created_by_user_id, kind, status, created_at, finished_at)
SELECT i, {account}, {project}, {user}, 'Standard', 'Finished', at, at FROM (SELECT i, {created} AS at FROM {series}) AS made`

const callbackColumns = `INSERT INTO callbacks (uid, ref, event, status, target, target_url, target_host, content_type, body, account_id, project_id,
	crawl_id, dedup_key, attempt_count, failure_count, next_attempt_at, http_status, error_code, error_message, created_at, finished_at)
`

const finishedCallbacks = callbackColumns + `SELECT {uid}, {uid}, CASE WHEN i % 5 = 0 THEN 'REPORT_DOWNLOAD_GENERATED' ELSE 'CRAWL_FINISHED' END,
	CASE WHEN i % 49 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, 'CONFIGURED', '{hook}', '{host}', 'application/x-www-form-urlencoded', {body},
	{account}, {project}, i, 'made:' || i, 1, CASE WHEN i % 49 = 0 THEN 1 ELSE 0 END, NULL, CASE WHEN i % 49 = 0 THEN 410 ELSE 200 END,
	CASE WHEN i % 49 = 0 THEN 'HTTP_STATUS' END, CASE WHEN i % 49 = 0 THEN 'the receiver answered 410' END, at, at + 203000
FROM (SELECT i, {created} AS at FROM {series}) AS made`

const waitingCallbacks = callbackColumns + `SELECT {uid}, {uid}, 'CRAWL_FINISHED', 'PENDING', 'CONFIGURED',
	CASE WHEN i % {hosts} = 0 THEN '{hook}' ELSE 'https://host-' || i % {hosts} || '.example/hook' END,
	CASE WHEN i % {hosts} = 0 THEN '{host}' ELSE 'host-' || i % {hosts} || '.example:443' END,
	'application/x-www-form-urlencoded', {body}, {account}, {project}, i, 'made:' || i, 1, 1, {now} + 2592000000000 + i, 503, 'HTTP_STATUS',
	'the receiver answered 503', at, NULL
FROM (SELECT i, {created} AS at FROM {series}) AS made`

// attempts takes the callbacks' uids for its own: the two are never compared.
const attempts = `INSERT INTO callback_attempts (uid, callback_id, number, url, started_at, finished_at, duration_micros, dns_micros, connect_micros,
	tls_micros, first_byte_micros, http_status, error_code, error_message, response_body)
SELECT uid, id, 1, target_url, created_at + 3000, created_at + 203000, 200000, 0, 0, 0, 190000, http_status, error_code, error_message, {answer}
FROM callbacks WHERE crawl_id BETWEEN {from} AND {to}`

// dialects are what the two databases write differently. An uid has the time in front, as a UUID of version 7.
var dialects = map[string][]string{
	onPostgres: {
		"{series}", "generate_series({from}::bigint, {to}) AS series (i)",
		"{uid}", "(lpad(to_hex(at / 1000), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid",
		"{body}", "convert_to('{text}' || i, 'UTF8')",
		"{answer}", "convert_to('ok', 'UTF8')",
	},
	embedded: {
		"{series}", "(WITH RECURSIVE series (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM series WHERE i < {to}) " +
			"SELECT i FROM series)",
		"{uid}", "substr(printf('%012x', at / 1000), 1, 8) || '-' || substr(printf('%012x', at / 1000), 9) || " +
			"'-7000-8000-' || printf('%012x', i)",
		"{body}", "CAST('{text}' || i AS BLOB)",
		"{answer}", "CAST('ok' AS BLOB)",
	},
}

// inBatches inserts callbacks from one number to another, with their crawls and attempts.
func (f *filler) inBatches(ctx context.Context, from, to int, created, callbacks string) error {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	u, err := url.Parse(f.hook)
	if err != nil {
		return err
	}
	for ; from <= to; from += fillBatch {
		values := strings.NewReplacer(
			"{from}", strconv.Itoa(from), "{to}", strconv.Itoa(min(to, from+fillBatch-1)),
			"{account}", number(f.tenant.accountID), "{project}", number(f.project), "{user}",
			number(f.tenant.userID),
			"{begins}", number(f.begins.UnixMicro()), "{step}", number(f.step.Microseconds()), "{now}",
			number(time.Now().UnixMicro()),
			"{hook}", f.hook, "{host}", u.Host, "{hosts}", strconv.Itoa(waitingHosts),
			"{text}", straightBody[:strings.LastIndexByte(straightBody, 'F')+1], // up to the number of the crawl
		)
		shape := strings.NewReplacer(slices.Concat(dialects[f.db.engine], []string{"{created}", created})...)
		if err := f.inTx(ctx, func(statement string) string {
			return values.Replace(shape.Replace(statement))
		}, finishedCrawls, callbacks, attempts); err != nil {
			return fmt.Errorf("fill the database: %w", err)
		}
	}
	return nil
}

func (f *filler) inTx(ctx context.Context, complete func(string) string, statements ...string) error {
	tx, err := f.db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after the commit
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, complete(statement)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// settle brings the database into the state that it would have come to with time: Postgres vacuums by itself, and both
// write what is in their logs to the tables.
func (f *filler) settle(ctx context.Context) error {
	statements := []string{"PRAGMA wal_checkpoint(TRUNCATE)"}
	if f.db.engine == onPostgres {
		statements = []string{"VACUUM (ANALYZE) crawls, callbacks, callback_attempts"}
		// Not everybody may; without it, the run may meet the checkpoint that comes by itself.
		_, _ = f.db.ExecContext(ctx, "CHECKPOINT")
	}
	for _, statement := range statements {
		if _, err := f.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// fillProject makes a history of a project.
func (b *bench) fillProject(i *installation, projectID int64, finished int) error {
	b.note("filling the database with %d finished callbacks", finished)
	f := newFiller(i, finished)
	f.project = projectID
	if err := f.finishTo(i.ctx, finished); err != nil {
		return err
	}
	return f.settle(i.ctx)
}

// fill makes a history and callbacks that wait.
func (b *bench) fill(i *installation, finished, waiting int) error {
	b.note("filling the database with %d finished and %d waiting callbacks", finished, waiting)
	f := newFiller(i, finished)
	if err := f.finishTo(i.ctx, finished); err != nil {
		return err
	}
	if err := f.wait(i.ctx, waiting); err != nil {
		return err
	}
	return f.settle(i.ctx)
}
