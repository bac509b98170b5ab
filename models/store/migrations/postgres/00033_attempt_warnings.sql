-- +goose Up

-- What of an attempt's URL and headers would be refused today; null: nothing.
ALTER TABLE callback_attempts ADD COLUMN warning TEXT;

-- +goose Down
ALTER TABLE callback_attempts DROP COLUMN warning;
