-- +goose Up

-- What has ended, nearly all of a long history, never changes again: its entries are written once, in the order of the list and by
-- kind. What has not ended is in an index of its own, in the order of the list. To make them takes seconds for each million of
-- callbacks, in which nothing is written.
-- The columns of a condition are in its index where they are not anyway, or SQLite would look each row up to test it again.
DROP INDEX callbacks_account_page;
CREATE INDEX callbacks_account_ongoing ON callbacks (account_id, created_at, id, finished_at) WHERE finished_at IS NULL;
CREATE INDEX callbacks_account_ended ON callbacks (account_id, created_at, id, next_attempt_at, lease_until)
    WHERE next_attempt_at IS NULL AND lease_until IS NULL;
CREATE INDEX callbacks_account_kinds ON callbacks (account_id, status, event, coalesce(http_status, -1), created_at, id)
    WHERE status IN ('SUCCESS', 'FAILED');
DROP INDEX callbacks_project_page;
CREATE INDEX callbacks_project_ongoing ON callbacks (project_id, created_at, id, finished_at) WHERE finished_at IS NULL;
CREATE INDEX callbacks_project_ended ON callbacks (project_id, created_at, id, next_attempt_at, lease_until)
    WHERE next_attempt_at IS NULL AND lease_until IS NULL;
CREATE INDEX callbacks_project_kinds ON callbacks (project_id, status, event, coalesce(http_status, -1), created_at, id)
    WHERE status IN ('SUCCESS', 'FAILED');

-- +goose Down
DROP INDEX callbacks_project_kinds;
DROP INDEX callbacks_project_ended;
DROP INDEX callbacks_project_ongoing;
CREATE INDEX callbacks_project_page ON callbacks (project_id, created_at, id);
DROP INDEX callbacks_account_kinds;
DROP INDEX callbacks_account_ended;
DROP INDEX callbacks_account_ongoing;
CREATE INDEX callbacks_account_page ON callbacks (account_id, created_at, id);
