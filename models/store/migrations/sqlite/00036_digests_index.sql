-- +goose Up

-- The last digest of a project.
CREATE INDEX callbacks_digests ON callbacks (project_id, id)
    WHERE event = 'CALLBACK_FAILED' AND cause_id IS NULL AND replay_of_id IS NULL;

-- +goose Down
DROP INDEX callbacks_digests;
