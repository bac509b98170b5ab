-- +goose Up

-- What a run holds of its account's quota, which is 0 of those that the release before has made; and when the long texts were deleted,
-- with those of its batches.
ALTER TABLE runs ADD COLUMN stored_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN payload_purged_at BIGINT;

-- +goose Down
ALTER TABLE runs DROP COLUMN payload_purged_at;
ALTER TABLE runs DROP COLUMN stored_bytes;
