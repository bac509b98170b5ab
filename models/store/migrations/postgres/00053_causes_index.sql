-- +goose NO TRANSACTION
-- +goose Up

-- Callbacks by the cause of their last failure, in the order of lists: what ended well is in neither.
-- One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_account_causes;
CREATE INDEX CONCURRENTLY callbacks_account_causes ON callbacks (account_id, error_code, created_at, id) WHERE error_code IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_project_causes;
CREATE INDEX CONCURRENTLY callbacks_project_causes ON callbacks (project_id, error_code, created_at, id) WHERE error_code IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_project_causes;
DROP INDEX callbacks_account_causes;
