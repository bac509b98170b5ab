-- +goose Up

-- What the partner's webhook hears of, and which callbacks it waits to hear of again.
ALTER TABLE sso_clients ADD COLUMN webhook_events TEXT NOT NULL DEFAULT 'FIRST_FAILURE,GIVEN_UP';
-- On an original: the SSO client that was notified of a failure, its own or a replay's, and not yet of an arrival since.
ALTER TABLE callbacks ADD COLUMN notified_sso_client_id BIGINT;
-- On a notice: its cause has arrived.
ALTER TABLE callbacks ADD COLUMN recovered BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE callbacks DROP COLUMN recovered;
ALTER TABLE callbacks DROP COLUMN notified_sso_client_id;
ALTER TABLE sso_clients DROP COLUMN webhook_events;
