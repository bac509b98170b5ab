-- +goose NO TRANSACTION
-- +goose Up

-- What has ended and has its long texts, by an expression: no index without them must seem as good. One that was begun and not ended is
-- made anew.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_payloads;
CREATE INDEX CONCURRENTLY callbacks_payloads ON callbacks ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS runs_payloads;
CREATE INDEX CONCURRENTLY runs_payloads ON runs ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;
-- Nothing goes that something else points at.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_report_download;
CREATE INDEX CONCURRENTLY callbacks_report_download ON callbacks (report_download_id) WHERE report_download_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS report_downloads_crawl;
CREATE INDEX CONCURRENTLY report_downloads_crawl ON report_downloads (crawl_id);

-- +goose Down
DROP INDEX report_downloads_crawl;
DROP INDEX callbacks_report_download;
DROP INDEX runs_payloads;
DROP INDEX callbacks_payloads;
