-- +goose NO TRANSACTION
-- +goose Up

-- What an account's runs hold that have not ended is counted anew once an hour.
DROP INDEX CONCURRENTLY IF EXISTS runs_open;
CREATE INDEX CONCURRENTLY runs_open ON runs (account_id) WHERE finished_at IS NULL;
-- As callbacks_payloads.
DROP INDEX CONCURRENTLY IF EXISTS runs_payloads;
CREATE INDEX CONCURRENTLY runs_payloads ON runs ((finished_at + 0)) WHERE finished_at IS NOT NULL AND payload_purged_at IS NULL;
-- As callbacks_lanes and callbacks_suspect.
DROP INDEX CONCURRENTLY IF EXISTS run_batches_lanes;
CREATE INDEX CONCURRENTLY run_batches_lanes ON run_batches (lane, next_attempt_at, id) WHERE status = 'QUEUED';
DROP INDEX CONCURRENTLY IF EXISTS run_batches_suspect;
CREATE INDEX CONCURRENTLY run_batches_suspect ON run_batches (next_attempt_at) WHERE status = 'QUEUED' AND interruption_count >= 3;

-- +goose Down
DROP INDEX run_batches_suspect;
DROP INDEX run_batches_lanes;
DROP INDEX runs_payloads;
DROP INDEX runs_open;
