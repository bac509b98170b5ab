-- +goose Up

-- Nothing goes that something else points at.
CREATE INDEX callbacks_report_download ON callbacks (report_download_id) WHERE report_download_id IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_report_download;
