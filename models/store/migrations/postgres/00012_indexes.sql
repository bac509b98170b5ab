-- +goose NO TRANSACTION
-- +goose Up

-- Indexes are built while their tables are in use. One that was broken off is there, and of no use: it is made anew.
DROP INDEX CONCURRENTLY IF EXISTS schedules_account_due;
CREATE INDEX CONCURRENTLY schedules_account_due ON schedules (account_id, next_run_at) WHERE next_run_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS projects_live;
CREATE INDEX CONCURRENTLY projects_live ON projects (account_id) WHERE deleted_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS sessions_user;
CREATE INDEX CONCURRENTLY sessions_user ON sessions (user_id, last_used_at, id);
-- Nothing goes that something else points at.
DROP INDEX CONCURRENTLY IF EXISTS report_downloads_crawl;
CREATE INDEX CONCURRENTLY report_downloads_crawl ON report_downloads (crawl_id);

-- +goose Down
DROP INDEX report_downloads_crawl;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id);
DROP INDEX projects_live;
DROP INDEX schedules_account_due;
