-- +goose Up

-- The log of a project's callbacks, and of a run's, of each status in the order of the list: a filter that few meet looks through no more
-- than those. callbacks_project_runs is the release before's, and goes with the next one.
-- The columns of a condition are in its index where they are not anyway, or SQLite would look each row up to test it again.
CREATE INDEX callbacks_project_log ON callbacks (project_id, status, created_at, id, run_id, cause_id) WHERE run_id IS NOT NULL AND cause_id IS NULL;
CREATE INDEX callbacks_run_log ON callbacks (run_id, status, created_at, id, project_id, cause_id) WHERE run_id IS NOT NULL AND cause_id IS NULL;

-- +goose Down
DROP INDEX callbacks_run_log;
DROP INDEX callbacks_project_log;
