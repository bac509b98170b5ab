package store

import (
	"database/sql"
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A statement that changes a table waits until all who read or write it have ended, and whoever comes meanwhile waits
// behind it. It gives up after 200 ms (lock_timeout, in milliseconds), and for lockPause those whom it has held up go
// on. So a transaction of others, which takes less than that pause, waits for it once, for at most 0.2 s and the few
// milliseconds that such a statement takes; and all of them together a sixth of the time, until lockPatience ends.
// Indexes are built outside of transactions, CONCURRENTLY: nobody waits for that, and it waits for others as long as it
// must.
var (
	migrationSettings = settings{
		"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "10000",
	}
	migrationTransactions = settings{"lock_timeout": "200"}
)

const (
	lockPause    = time.Second
	lockPatience = 30 * time.Minute
)

// migrationApplication tells the connection of migrations from others of ours.
const migrationApplication = "ringback migrate"

// openMigrationPool opens a pool of one connection, which has no settings of DATABASE_URL in place of these. By
// transaction a pooler shares out single statements too: they have the settings of its user.
func openMigrationPool(config *pgx.ConnConfig, limits connLimits) *sql.DB {
	config = config.Copy()
	config.RuntimeParams["application_name"] = migrationApplication
	pool := openPool(config, limits, poolSettings{migrationSettings, migrationTransactions}, &atomic.Bool{})
	limitPool(pool, 1)
	return pool
}

// SQLSTATEs of a statement that could not have a lock: in time, and because who has it waits for one of ours.
const (
	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// SQLSTATEs of a server that may take the next connection, and the classes of such.
const (
	tooManyConnections   = "53300"
	connectionException  = "08"
	operatorIntervention = "57"
)

func lockFailed(err error) bool {
	var known *pgconn.PgError
	return errors.As(err, &known) && (known.Code == lockNotAvailable || known.Code == deadlockDetected)
}

// mayPass tells whether to wait can help: for who else migrates, for a network, or where the server itself says so.
func mayPass(err error) bool {
	known := (*pgconn.PgError)(nil)
	if !errors.As(err, &known) || lockFailed(err) || known.Code == tooManyConnections {
		return true
	}
	class := known.Code[:min(2, len(known.Code))]
	return class == connectionException || class == operatorIntervention
}

// poolSettings are those of a pool's connections, and of transactions beyond those.
type poolSettings struct{ connection, transaction settings }

// begin are the settings that a transaction begins with, on a connection that has its own or has none.
func (s poolSettings) begin(own bool) settings {
	if own {
		return s.transaction
	}
	all := maps.Clone(s.connection)
	maps.Copy(all, s.transaction)
	return all
}
