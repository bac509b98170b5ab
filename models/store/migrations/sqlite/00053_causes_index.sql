-- +goose Up

-- Callbacks by the cause of their last failure, in the order of lists: what ended well is in neither.
CREATE INDEX callbacks_account_causes ON callbacks (account_id, error_code, created_at, id) WHERE error_code IS NOT NULL;
CREATE INDEX callbacks_project_causes ON callbacks (project_id, error_code, created_at, id) WHERE error_code IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_project_causes;
DROP INDEX callbacks_account_causes;
