-- +goose Up

-- A value of our own that only the right encryption key opens: one row at most, made by the first process that starts.
CREATE TABLE encryption_checks (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    check_sealed BYTEA NOT NULL
);

-- One row: when a worker last swept, and until when a lease that has run out does not mean that its worker is gone, since nobody could
-- renew one.
CREATE TABLE sweeps (
    id          smallint PRIMARY KEY CHECK (id = 1),
    swept_at    bigint NOT NULL,
    grace_until bigint NOT NULL
);

-- Who is there: a row for each process, renewed by it every ten seconds. It says which queue it sees and which version it is.
CREATE TABLE processes (
    uid      UUID PRIMARY KEY NOT NULL,
    role     TEXT NOT NULL,
    queue_id TEXT NOT NULL, -- empty: it has not reached Redis yet
    version  TEXT NOT NULL,
    seen_at  BIGINT NOT NULL  -- by the database's clock
);

-- What the runs of an account that have not ended hold of its quotas: one narrow row, locked by who adds to it. Each worker counts anew
-- at its start what is open, and then once an hour.
CREATE TABLE account_usage (
    account_id   BIGINT PRIMARY KEY REFERENCES accounts (id),
    open_batches BIGINT NOT NULL,
    run_bytes    BIGINT NOT NULL
);

ALTER TABLE schedules ADD COLUMN unreadable_since BIGINT;

-- When a session was used, to the hour: 0 is not since there is this column.
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE schedules DROP COLUMN unreadable_since;
DROP TABLE account_usage;
DROP TABLE processes;
DROP TABLE sweeps;
DROP TABLE encryption_checks;
