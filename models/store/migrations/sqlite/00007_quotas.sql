-- +goose Up

-- What the runs of an account that have not ended hold of its quotas: one narrow row, locked by who adds to it.
CREATE TABLE account_usage (
    account_id   INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
    open_batches BIGINT NOT NULL,
    run_bytes    BIGINT NOT NULL
);
ALTER TABLE runs ADD COLUMN stored_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE runs SET stored_bytes = (SELECT COALESCE(SUM(512 + length(input) + COALESCE(length(custom_data), 0)), 0) FROM run_inputs WHERE run_id = runs.id)
    WHERE finished_at IS NULL;
INSERT INTO account_usage (account_id, open_batches, run_bytes)
    SELECT account_id, SUM(open_batch_count), SUM(stored_bytes) FROM runs WHERE finished_at IS NULL GROUP BY account_id;
CREATE INDEX schedules_account_due ON schedules (account_id, next_run_at) WHERE next_run_at IS NOT NULL;
CREATE INDEX projects_live ON projects (account_id) WHERE deleted_at IS NULL;

-- When a session was used, to the hour: 0 is not since there is this column.
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, last_used_at, id);

-- +goose Down
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id);
ALTER TABLE sessions DROP COLUMN last_used_at;
DROP INDEX projects_live;
DROP INDEX schedules_account_due;
ALTER TABLE runs DROP COLUMN stored_bytes;
DROP TABLE account_usage;
