-- +goose NO TRANSACTION
-- +goose Up

-- The notices that were there before, part by part: no lock is held for longer than one of these takes, and one that was broken off goes on.
-- +goose StatementBegin
DO $$
DECLARE
    first BIGINT := (SELECT min(id) FROM callbacks);
    last  BIGINT := (SELECT max(id) FROM callbacks);
BEGIN
    WHILE first <= last LOOP
        UPDATE callbacks SET sso_client_id = accounts.sso_client_id FROM accounts
        WHERE callbacks.id BETWEEN first AND first + 9999 AND callbacks.target = 'SSO_CLIENT' AND callbacks.sso_client_id IS NULL
            AND accounts.id = callbacks.account_id AND accounts.sso_client_id IS NOT NULL;
        COMMIT;
        first := first + 10000;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Lists of them, as those of accounts and projects are read. An index that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS callbacks_sso_client_ongoing;
CREATE INDEX CONCURRENTLY callbacks_sso_client_ongoing ON callbacks (sso_client_id, created_at, id)
    WHERE finished_at IS NULL AND sso_client_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_sso_client_ended;
CREATE INDEX CONCURRENTLY callbacks_sso_client_ended ON callbacks (sso_client_id, created_at, id)
    WHERE next_attempt_at IS NULL AND lease_until IS NULL AND sso_client_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_sso_client_kinds;
CREATE INDEX CONCURRENTLY callbacks_sso_client_kinds ON callbacks (sso_client_id, status, event, coalesce(http_status, -1), created_at, id)
    INCLUDE (http_status) WHERE status IN ('SUCCESS', 'FAILED') AND sso_client_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_sso_client_causes;
CREATE INDEX CONCURRENTLY callbacks_sso_client_causes ON callbacks (sso_client_id, error_code, created_at, id)
    WHERE error_code IS NOT NULL AND sso_client_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS callbacks_sso_client_finished;
CREATE INDEX CONCURRENTLY callbacks_sso_client_finished ON callbacks (sso_client_id, (finished_at + 0), id)
    WHERE finished_at IS NOT NULL AND sso_client_id IS NOT NULL;

-- +goose Down
DROP INDEX callbacks_sso_client_finished;
DROP INDEX callbacks_sso_client_causes;
DROP INDEX callbacks_sso_client_kinds;
DROP INDEX callbacks_sso_client_ended;
DROP INDEX callbacks_sso_client_ongoing;
