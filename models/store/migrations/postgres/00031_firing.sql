-- +goose NO TRANSACTION
-- +goose Up

-- What becomes of a firing while an earlier run has not ended.
ALTER TABLE schedules ADD COLUMN IF NOT EXISTS overlap TEXT NOT NULL DEFAULT 'ALLOW';
-- The run that waits for a schedule, and those under way, among all that it has made. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS runs_schedule_open;
CREATE INDEX CONCURRENTLY runs_schedule_open ON runs (schedule_id) WHERE schedule_id IS NOT NULL AND finished_at IS NULL;

-- +goose Down
DROP INDEX runs_schedule_open;
ALTER TABLE schedules DROP COLUMN overlap;
