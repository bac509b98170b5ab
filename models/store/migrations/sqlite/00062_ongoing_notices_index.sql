-- +goose Up

-- Notices that have not ended, the oldest first: how an SSO client's webhook fares.
CREATE INDEX callbacks_notices_ongoing ON callbacks (created_at) WHERE target = 'SSO_CLIENT' AND finished_at IS NULL;

-- +goose Down
DROP INDEX callbacks_notices_ongoing;
