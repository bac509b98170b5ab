-- +goose NO TRANSACTION
-- +goose Up

-- The run that waits for a schedule, and those under way, among all that it has made.
DROP INDEX CONCURRENTLY IF EXISTS runs_schedule_open;
CREATE INDEX CONCURRENTLY runs_schedule_open ON runs (schedule_id) WHERE schedule_id IS NOT NULL AND finished_at IS NULL;

-- +goose Down
DROP INDEX runs_schedule_open;
