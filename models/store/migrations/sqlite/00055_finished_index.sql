-- +goose Up

-- What has ended in the order in which it did, by an expression: no index of all of that must seem as good.
CREATE INDEX callbacks_account_finished ON callbacks (account_id, (finished_at + 0), id) WHERE finished_at IS NOT NULL;
CREATE INDEX callbacks_project_finished ON callbacks (project_id, (finished_at + 0), id) WHERE finished_at IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_project_finished;
DROP INDEX callbacks_account_finished;
