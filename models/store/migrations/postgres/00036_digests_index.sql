-- +goose NO TRANSACTION
-- +goose Up

-- The last digest of a project. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_digests;
CREATE INDEX CONCURRENTLY callbacks_digests ON callbacks (project_id, id)
    WHERE event = 'CALLBACK_FAILED' AND cause_id IS NULL AND replay_of_id IS NULL;

-- +goose Down
DROP INDEX callbacks_digests;
