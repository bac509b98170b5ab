-- +goose Up

-- What becomes of a firing while an earlier run has not ended.
ALTER TABLE schedules ADD COLUMN overlap TEXT NOT NULL DEFAULT 'ALLOW';
-- The run that waits for a schedule, and those under way, among all that it has made.
CREATE INDEX runs_schedule_open ON runs (schedule_id) WHERE schedule_id IS NOT NULL AND finished_at IS NULL;

-- +goose Down
DROP INDEX runs_schedule_open;
ALTER TABLE schedules DROP COLUMN overlap;
