-- +goose NO TRANSACTION
-- +goose Up

-- What a worker took with it three times when it died is claimed by an index of its own: it is sent alone.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_suspect;
CREATE INDEX CONCURRENTLY callbacks_suspect ON callbacks (next_attempt_at) WHERE status = 'PENDING' AND NOT held AND interruption_count >= 3;

-- +goose Down
DROP INDEX callbacks_suspect;
