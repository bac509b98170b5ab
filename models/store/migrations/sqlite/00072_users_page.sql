-- +goose Up

-- The list of all users, newest first.
CREATE INDEX users_page ON users (created_at, id);

-- +goose Down
DROP INDEX users_page;
