-- +goose Up

CREATE INDEX schedules_account_due ON schedules (account_id, next_run_at) WHERE next_run_at IS NOT NULL;
CREATE INDEX projects_live ON projects (account_id) WHERE deleted_at IS NULL;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, last_used_at, id);
-- Nothing goes that something else points at.
CREATE INDEX report_downloads_crawl ON report_downloads (crawl_id);

-- +goose Down
DROP INDEX report_downloads_crawl;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id);
DROP INDEX projects_live;
DROP INDEX schedules_account_due;
