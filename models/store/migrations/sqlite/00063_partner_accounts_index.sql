-- +goose Up

-- The accounts of an SSO client, newest first, and whether one is its.
CREATE INDEX accounts_sso_client ON accounts (sso_client_id, created_at, id) WHERE sso_client_id IS NOT NULL;

-- +goose Down
DROP INDEX accounts_sso_client;
