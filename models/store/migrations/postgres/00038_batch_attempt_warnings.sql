-- +goose Up

-- What of the executor's URL and headers would be refused today; null: nothing.
ALTER TABLE batch_attempts ADD COLUMN warning TEXT;

-- +goose Down
ALTER TABLE batch_attempts DROP COLUMN warning;
