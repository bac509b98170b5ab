-- +goose Up

-- What an attempt was sent on, in a few bytes (models/store/exchange.go), and the headers of the request and of the answer; null: of an
-- earlier release, or nothing left.
ALTER TABLE callback_attempts
    ADD COLUMN connection BYTEA,
    ADD COLUMN headers BYTEA;

-- +goose Down
ALTER TABLE callback_attempts
    DROP COLUMN headers,
    DROP COLUMN connection;
