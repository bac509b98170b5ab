-- +goose Up

-- As callback_attempts has them, of calls of executors.
ALTER TABLE batch_attempts ADD COLUMN connection BLOB;
ALTER TABLE batch_attempts ADD COLUMN headers BLOB;

-- +goose Down
ALTER TABLE batch_attempts DROP COLUMN headers;
ALTER TABLE batch_attempts DROP COLUMN connection;
