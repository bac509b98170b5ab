-- +goose Up

-- What has ended and has its long texts, by an expression: no index without them must seem as good.
CREATE INDEX callbacks_payloads ON callbacks ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;

-- +goose Down
DROP INDEX callbacks_payloads;
