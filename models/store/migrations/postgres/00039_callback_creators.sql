-- +goose Up

-- Who created what a callback tells of, so that a notice of its failure need not look there. The release before leaves it null: then the row
-- of what it tells of says it.
ALTER TABLE callbacks ADD COLUMN created_by_user_id BIGINT;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN created_by_user_id;
