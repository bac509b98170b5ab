-- +goose Up

-- What has ended and has its long texts, by an expression: no index without them must seem as good.
CREATE INDEX callbacks_payloads ON callbacks ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;
CREATE INDEX runs_payloads ON runs ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;
-- Nothing goes that something else points at.
CREATE INDEX callbacks_report_download ON callbacks (report_download_id) WHERE report_download_id IS NOT NULL;
CREATE INDEX report_downloads_crawl ON report_downloads (crawl_id);

-- +goose Down
DROP INDEX report_downloads_crawl;
DROP INDEX callbacks_report_download;
DROP INDEX runs_payloads;
DROP INDEX callbacks_payloads;
