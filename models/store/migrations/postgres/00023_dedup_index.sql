-- +goose NO TRANSACTION
-- +goose Up

-- Keys by bytes, as lanes are. The constraint that there was, callbacks_dedup_key_key, is what the release before finds callbacks by: it
-- goes with the next release. One key is never another's by either.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_dedup;
CREATE UNIQUE INDEX CONCURRENTLY callbacks_dedup ON callbacks (dedup_key COLLATE "C");

-- +goose Down
DROP INDEX callbacks_dedup;
