-- +goose Up

-- How often a callback was replayed: replays go with the retention, and their numbers must not come again.
ALTER TABLE callbacks ADD COLUMN replay_count BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN replay_count;
