-- +goose Up

-- When the long texts were deleted, of a callback with those of its attempts and of a run with those of its batches.
ALTER TABLE runs ADD COLUMN payload_purged_at BIGINT;
ALTER TABLE callbacks ADD COLUMN payload_purged_at BIGINT;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN payload_purged_at;
ALTER TABLE runs DROP COLUMN payload_purged_at;
