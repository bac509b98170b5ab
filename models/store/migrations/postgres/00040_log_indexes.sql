-- +goose NO TRANSACTION
-- +goose Up

-- The log of a project's callbacks, and of a run's, of each status in the order of the list: a filter that few meet looks through no more
-- than those. callbacks_project_runs is the release before's, and goes with the next one.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_project_log;
CREATE INDEX CONCURRENTLY callbacks_project_log ON callbacks (project_id, status, created_at, id) WHERE run_id IS NOT NULL AND cause_id IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_run_log;
CREATE INDEX CONCURRENTLY callbacks_run_log ON callbacks (run_id, status, created_at, id) WHERE run_id IS NOT NULL AND cause_id IS NULL;

-- +goose Down
DROP INDEX callbacks_run_log;
DROP INDEX callbacks_project_log;
