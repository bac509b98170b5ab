-- +goose Up

-- One statement for a table that others work on: each waits for a lock that everybody then waits for. None of these columns needs the
-- table to be written anew.
ALTER TABLE callbacks
    -- What went wrong on our side, over all attempts, and since when they fail because this side lacks something.
    ADD COLUMN panic_count BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN interruption_count BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN unreadable_since BIGINT,
    ADD COLUMN local_since BIGINT,
    -- Where a callback waits. The release before writes none (''), and claims by target_host; the sweep gives such rows a lane. Keys are
    -- compared by bytes: the order of a locale changes with the system below, and then an index in that order no longer finds all that
    -- is in it.
    ADD COLUMN lane TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- How often it was replayed: replays go with the retention, and their numbers must not come again.
    ADD COLUMN replay_count BIGINT NOT NULL DEFAULT 0,
    -- When the long texts were deleted, with those of its attempts.
    ADD COLUMN payload_purged_at BIGINT;

-- +goose Down
ALTER TABLE callbacks
    DROP COLUMN payload_purged_at,
    DROP COLUMN replay_count,
    DROP COLUMN lane,
    DROP COLUMN local_since,
    DROP COLUMN unreadable_since,
    DROP COLUMN interruption_count,
    DROP COLUMN panic_count;
