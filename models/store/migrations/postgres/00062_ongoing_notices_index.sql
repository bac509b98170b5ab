-- +goose NO TRANSACTION
-- +goose Up

-- Notices that have not ended, the oldest first: how an SSO client's webhook fares. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_notices_ongoing;
CREATE INDEX CONCURRENTLY callbacks_notices_ongoing ON callbacks (created_at) WHERE target = 'SSO_CLIENT' AND finished_at IS NULL;

-- +goose Down
DROP INDEX callbacks_notices_ongoing;
