-- +goose Up

-- Lists of an SSO client's notices, as those of accounts and projects are read.
CREATE INDEX callbacks_sso_client_ongoing ON callbacks (sso_client_id, created_at, id, finished_at)
    WHERE finished_at IS NULL AND sso_client_id IS NOT NULL;
CREATE INDEX callbacks_sso_client_ended ON callbacks (sso_client_id, created_at, id, next_attempt_at, lease_until)
    WHERE next_attempt_at IS NULL AND lease_until IS NULL AND sso_client_id IS NOT NULL;
CREATE INDEX callbacks_sso_client_kinds ON callbacks (sso_client_id, status, event, coalesce(http_status, -1), created_at, id)
    WHERE status IN ('SUCCESS', 'FAILED') AND sso_client_id IS NOT NULL;
CREATE INDEX callbacks_sso_client_causes ON callbacks (sso_client_id, error_code, created_at, id)
    WHERE error_code IS NOT NULL AND sso_client_id IS NOT NULL;
CREATE INDEX callbacks_sso_client_finished ON callbacks (sso_client_id, (finished_at + 0), id)
    WHERE finished_at IS NOT NULL AND sso_client_id IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_sso_client_finished;
DROP INDEX callbacks_sso_client_causes;
DROP INDEX callbacks_sso_client_kinds;
DROP INDEX callbacks_sso_client_ended;
DROP INDEX callbacks_sso_client_ongoing;
