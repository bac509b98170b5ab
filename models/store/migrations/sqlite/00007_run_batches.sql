-- +goose Up

-- The columns of callbacks with these names say what they are.
ALTER TABLE run_batches ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_batches ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_batches ADD COLUMN unreadable_since BIGINT;
ALTER TABLE run_batches ADD COLUMN local_since BIGINT;
ALTER TABLE run_batches ADD COLUMN lane TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE run_batches DROP COLUMN lane;
ALTER TABLE run_batches DROP COLUMN local_since;
ALTER TABLE run_batches DROP COLUMN unreadable_since;
ALTER TABLE run_batches DROP COLUMN interruption_count;
ALTER TABLE run_batches DROP COLUMN panic_count;
