-- +goose Up

-- As callback_attempts has them, of calls of executors.
ALTER TABLE batch_attempts
    ADD COLUMN connection BYTEA,
    ADD COLUMN headers BYTEA;

-- +goose Down
ALTER TABLE batch_attempts
    DROP COLUMN headers,
    DROP COLUMN connection;
