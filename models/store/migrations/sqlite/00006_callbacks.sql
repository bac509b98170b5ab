-- +goose Up

-- None of these columns needs the table to be written anew.

-- What went wrong on our side, over all attempts, and since when they fail because this side lacks something.
ALTER TABLE callbacks ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN unreadable_since BIGINT;
ALTER TABLE callbacks ADD COLUMN local_since BIGINT;
-- Where a callback waits. The release before writes none (''), and claims by target_host; the sweep gives such rows a lane.
ALTER TABLE callbacks ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- How often it was replayed: replays go with the retention, and their numbers must not come again.
ALTER TABLE callbacks ADD COLUMN replay_count BIGINT NOT NULL DEFAULT 0;
-- When the long texts were deleted, with those of its attempts.
ALTER TABLE callbacks ADD COLUMN payload_purged_at BIGINT;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN payload_purged_at;
ALTER TABLE callbacks DROP COLUMN replay_count;
ALTER TABLE callbacks DROP COLUMN lane;
ALTER TABLE callbacks DROP COLUMN local_since;
ALTER TABLE callbacks DROP COLUMN unreadable_since;
ALTER TABLE callbacks DROP COLUMN interruption_count;
ALTER TABLE callbacks DROP COLUMN panic_count;
