-- +goose Up

-- Codes of login links, as hashes. A code goes as it is used, and a user has five at most.
CREATE TABLE login_codes (
    code_hash  BYTEA PRIMARY KEY NOT NULL,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (user_id, created_at, code_hash) -- its index has a user's newest
);

-- +goose Down
DROP TABLE login_codes;
