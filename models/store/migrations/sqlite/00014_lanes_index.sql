-- +goose Up

-- Each index of a long history is a step of its own: what was broken off begins with the one that was being built. Those of the release
-- before, callbacks_waiting and run_batches_waiting, stay for as long as it may run.
CREATE INDEX callbacks_lanes ON callbacks (lane, next_attempt_at) WHERE status = 'PENDING' AND NOT held;

-- +goose Down
DROP INDEX callbacks_lanes;
