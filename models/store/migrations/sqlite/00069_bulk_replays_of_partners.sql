-- +goose Up

-- The bulk replays of the notices to an SSO client, newest first.
CREATE INDEX bulk_replays_sso_client ON bulk_replays (sso_client_id, created_at, id) WHERE sso_client_id IS NOT NULL;

-- +goose Down
DROP INDEX bulk_replays_sso_client;
