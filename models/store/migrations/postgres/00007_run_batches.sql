-- +goose Up

-- The columns of callbacks with these names say what they are.
ALTER TABLE run_batches
    ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN unreadable_since BIGINT,
    ADD COLUMN local_since BIGINT,
    ADD COLUMN lane TEXT COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE run_batches
    DROP COLUMN lane,
    DROP COLUMN local_since,
    DROP COLUMN unreadable_since,
    DROP COLUMN interruption_count,
    DROP COLUMN panic_count;
