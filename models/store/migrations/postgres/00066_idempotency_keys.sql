-- +goose Up

-- What a call with an idempotency key has made: hashes of the key, with whose it is, and of what was asked for, and a JSON list of
-- ids. Rows go after a day.
CREATE TABLE idempotency_keys (
    key_hash     BYTEA PRIMARY KEY NOT NULL,
    content_hash BYTEA NOT NULL,
    ids          TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (created_at, key_hash) -- its index has the oldest first, which go first
);

-- +goose Down
DROP TABLE idempotency_keys;
