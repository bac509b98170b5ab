-- +goose NO TRANSACTION
-- +goose Up

-- As callbacks_dedup: callbacks_line is the release before's, and goes with the next one.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_lines;
CREATE INDEX CONCURRENTLY callbacks_lines ON callbacks ((ordering_key COLLATE "C"), id) WHERE ordering_key IS NOT NULL AND finished_at IS NULL;

-- +goose Down
DROP INDEX callbacks_lines;
