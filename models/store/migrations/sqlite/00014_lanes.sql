-- +goose Up

-- Where a callback or a batch waits. The release before writes none (''), and claims by target_host and action_id; the sweep gives such
-- rows a lane. Its indexes, callbacks_waiting and run_batches_waiting, stay for as long as it may run.
ALTER TABLE callbacks ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE run_batches ADD COLUMN lane TEXT NOT NULL DEFAULT '';
CREATE INDEX callbacks_lanes ON callbacks (lane, next_attempt_at) WHERE status = 'PENDING' AND NOT held;
CREATE INDEX run_batches_lanes ON run_batches (lane, next_attempt_at) WHERE status = 'QUEUED';

-- +goose Down
DROP INDEX run_batches_lanes;
DROP INDEX callbacks_lanes;
ALTER TABLE run_batches DROP COLUMN lane;
ALTER TABLE callbacks DROP COLUMN lane;
