-- +goose NO TRANSACTION
-- +goose Up

-- The list of all users, newest first. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS users_page;
CREATE INDEX CONCURRENTLY users_page ON users (created_at, id);

-- +goose Down
DROP INDEX users_page;
