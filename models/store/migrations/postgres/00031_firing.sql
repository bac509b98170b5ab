-- +goose Up

-- What becomes of a firing while an earlier run has not ended.
ALTER TABLE schedules ADD COLUMN overlap TEXT NOT NULL DEFAULT 'ALLOW';

-- +goose Down
ALTER TABLE schedules DROP COLUMN overlap;
