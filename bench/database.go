package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/ncruces/go-sqlite3/driver"
)

// database is the server's database, opened beside it to fill and to check it.
type database struct {
	*sql.DB

	engine string
	url    string // for the server; empty: SQLite in its data folder
	drop   func(context.Context) error
}

// makePostgres makes a database that is dropped at the end. The migration is the server's.
func makePostgres(ctx context.Context, adminURL string) (*database, error) {
	u, err := url.Parse(adminURL)
	if err != nil {
		return nil, errors.New("-database-url is not a URL")
	}
	admin, err := openDatabase(adminURL)
	if err != nil {
		return nil, err
	}
	name := "ringback_bench_" + strings.ToLower(rand.Text())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, errors.Join(fmt.Errorf("make a database: %w", err), admin.Close())
	}
	drop := func(ctx context.Context) error {
		_, err := admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, admin.Close())
	}
	u.Path = "/" + name
	db, err := openDatabase(u.String())
	if err != nil {
		return nil, errors.Join(err, drop(context.WithoutCancel(ctx)))
	}
	return &database{DB: db, engine: onPostgres, url: u.String(), drop: drop}, nil
}

func openDatabase(databaseURL string) (*sql.DB, error) { return sql.Open("pgx", databaseURL) }

// openSQLite opens the file that the server has made in its data folder.
func openSQLite(dataDir string) (*database, error) {
	path := (&url.URL{Path: filepath.Join(dataDir, "ringback.db")}).EscapedPath()
	db, err := driver.Open("file:" + path + "?_pragma=busy_timeout(30000)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &database{DB: db, engine: embedded, drop: func(context.Context) error { return nil }}, nil
}

// close ends the connections and drops the database.
func (d *database) close(ctx context.Context) error { return errors.Join(d.Close(), d.drop(ctx)) }

// durability is what Postgres does before it says that something is committed.
func (d *database) durability(ctx context.Context) (map[string]string, error) {
	if d.engine != onPostgres {
		return nil, nil
	}
	found := map[string]string{}
	for _, name := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := d.QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return nil, err
		}
		found[name] = value
	}
	return found, nil
}

// server is the number of the Postgres main process; false where it does not run here.
func (d *database) server(ctx context.Context) (int, bool) {
	var backend int
	if d.engine != onPostgres || d.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&backend) != nil ||
		!isCalled(backend, "postgres") {
		return 0, false
	}
	pid, err := parentOf(backend)
	return pid, err == nil && isCalled(pid, "postgres")
}

// unrecorded counts callbacks of the sources that did not end well by the history's account. Of those that hang nothing
// is expected.
func (d *database) unrecorded(ctx context.Context, sources []source) (n int, err error) {
	const query = "SELECT count(*) FROM callbacks WHERE project_id = $1 AND status <> 'SUCCESS'"
	for _, s := range sources {
		var more int
		if s.hangs {
			continue
		}
		if err := d.QueryRowContext(ctx, query, s.projectID).Scan(&more); err != nil {
			return 0, err
		}
		n += more
	}
	return n, nil
}
