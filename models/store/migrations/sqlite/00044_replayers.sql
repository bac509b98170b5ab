-- +goose Up

-- Who has replayed a callback; NULL of one that is no replay, where it was a key, and where the release before has made it.
ALTER TABLE callbacks ADD COLUMN replayed_by_user_id BIGINT;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN replayed_by_user_id;
