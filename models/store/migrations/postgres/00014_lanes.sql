-- +goose NO TRANSACTION
-- +goose Up

-- Where a callback or a batch waits. The release before writes none (''), and claims by target_host and action_id; the sweep gives such
-- rows a lane. Keys are compared by bytes: the order of a locale changes with the system below, and then an index in that order no longer
-- finds all that is in it. Each statement can be repeated, for a migration that was broken off.
ALTER TABLE callbacks ADD COLUMN IF NOT EXISTS lane TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE run_batches ADD COLUMN IF NOT EXISTS lane TEXT COLLATE "C" NOT NULL DEFAULT '';
-- What is built while the table is in use; one that was broken off is there, and of no use. Those of the release before,
-- callbacks_waiting and run_batches_waiting, stay for as long as it may run.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_lanes;
CREATE INDEX CONCURRENTLY callbacks_lanes ON callbacks (lane, next_attempt_at, id) WHERE status = 'PENDING' AND NOT held;
DROP INDEX CONCURRENTLY IF EXISTS run_batches_lanes;
CREATE INDEX CONCURRENTLY run_batches_lanes ON run_batches (lane, next_attempt_at, id) WHERE status = 'QUEUED';

-- +goose Down
ALTER TABLE run_batches DROP COLUMN lane;
ALTER TABLE callbacks DROP COLUMN lane;
