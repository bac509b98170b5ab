-- +goose NO TRANSACTION
-- +goose Up

-- The accounts of an SSO client, newest first, and whether one is its. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS accounts_sso_client;
CREATE INDEX CONCURRENTLY accounts_sso_client ON accounts (sso_client_id, created_at, id) WHERE sso_client_id IS NOT NULL;

-- +goose Down
DROP INDEX accounts_sso_client;
