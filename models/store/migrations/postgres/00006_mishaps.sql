-- +goose Up

-- What went wrong on our side with a callback or a batch, over all its attempts. What a worker took with it three times when it died is
-- claimed by an index of its own: it is sent alone.
ALTER TABLE callbacks ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN unreadable_since BIGINT;
CREATE INDEX callbacks_suspect ON callbacks (next_attempt_at) WHERE status = 'PENDING' AND NOT held AND interruption_count >= 3;
ALTER TABLE run_batches ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_batches ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_batches ADD COLUMN unreadable_since BIGINT;
CREATE INDEX run_batches_suspect ON run_batches (next_attempt_at) WHERE status = 'QUEUED' AND interruption_count >= 3;
ALTER TABLE schedules ADD COLUMN unreadable_since BIGINT;

-- A value of our own that only the right encryption key opens: one row at most, made by the first process that starts.
CREATE TABLE encryption_checks (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    check_sealed BYTEA NOT NULL
);

-- +goose Down
DROP TABLE encryption_checks;
ALTER TABLE schedules DROP COLUMN unreadable_since;
DROP INDEX run_batches_suspect;
ALTER TABLE run_batches DROP COLUMN unreadable_since;
ALTER TABLE run_batches DROP COLUMN interruption_count;
ALTER TABLE run_batches DROP COLUMN panic_count;
DROP INDEX callbacks_suspect;
ALTER TABLE callbacks DROP COLUMN unreadable_since;
ALTER TABLE callbacks DROP COLUMN interruption_count;
ALTER TABLE callbacks DROP COLUMN panic_count;
