-- +goose Up

-- Keys with which a partner sees the accounts of its SSO client. Of their texts only the hashes are here.
CREATE TABLE sso_client_keys (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    sso_client_id BIGINT NOT NULL,
    name          TEXT NOT NULL,
    key_hash      BLOB NOT NULL UNIQUE,
    created_at    BIGINT NOT NULL,
    UNIQUE (sso_client_id, id) -- an index
);

-- Sessions of pages inside others' pages, each of one project, one account or one SSO client; the ids that it is not of are 0. They go soon
-- after they have expired.
CREATE TABLE portal_sessions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash    BLOB NOT NULL UNIQUE,
    account_id    BIGINT NOT NULL,
    project_id    BIGINT NOT NULL,
    sso_client_id BIGINT NOT NULL,
    role          TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    UNIQUE (account_id, project_id, sso_client_id, id), -- an index, as the other
    UNIQUE (expires_at, id)
);

-- Somebody can watch all accounts of an SSO client, too: then account_id is below 0, and the SSO client's id.
DROP TRIGGER callbacks_changed;
DROP TRIGGER callbacks_created;
-- +goose StatementBegin
CREATE TRIGGER callbacks_created AFTER INSERT ON callbacks
WHEN EXISTS (SELECT 1 FROM callback_watches WHERE until > CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    AND project_id IN (0, NEW.project_id)
    AND account_id IN (NEW.account_id, (SELECT -sso_client_id FROM accounts WHERE id = NEW.account_id)))
BEGIN
    INSERT INTO callback_changes (place, callback_id, account_id, project_id, at)
    VALUES (COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'callback_changes'), 0) + 1, NEW.id, NEW.account_id, NEW.project_id, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER callbacks_changed AFTER UPDATE OF
    status, attempt_count, next_attempt_at, held, http_status, error_code, finished_at, target_url, payload_purged_at ON callbacks
WHEN EXISTS (SELECT 1 FROM callback_watches WHERE until > CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    AND project_id IN (0, NEW.project_id)
    AND account_id IN (NEW.account_id, (SELECT -sso_client_id FROM accounts WHERE id = NEW.account_id)))
BEGIN
    INSERT INTO callback_changes (place, callback_id, account_id, project_id, at)
    VALUES (COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'callback_changes'), 0) + 1, NEW.id, NEW.account_id, NEW.project_id, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
END;
-- +goose StatementEnd

ALTER TABLE sso_clients ADD COLUMN sees_payloads BOOLEAN NOT NULL DEFAULT false;

-- +goose Down
DROP TRIGGER callbacks_changed;
DROP TRIGGER callbacks_created;
-- +goose StatementBegin
CREATE TRIGGER callbacks_created AFTER INSERT ON callbacks
WHEN EXISTS (SELECT 1 FROM callback_watches WHERE account_id = NEW.account_id AND project_id IN (0, NEW.project_id)
    AND until > CAST(unixepoch('subsec') * 1000000 AS INTEGER))
BEGIN
    INSERT INTO callback_changes (place, callback_id, account_id, project_id, at)
    VALUES (COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'callback_changes'), 0) + 1, NEW.id, NEW.account_id, NEW.project_id, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER callbacks_changed AFTER UPDATE OF
    status, attempt_count, next_attempt_at, held, http_status, error_code, finished_at, target_url, payload_purged_at ON callbacks
WHEN EXISTS (SELECT 1 FROM callback_watches WHERE account_id = NEW.account_id AND project_id IN (0, NEW.project_id)
    AND until > CAST(unixepoch('subsec') * 1000000 AS INTEGER))
BEGIN
    INSERT INTO callback_changes (place, callback_id, account_id, project_id, at)
    VALUES (COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'callback_changes'), 0) + 1, NEW.id, NEW.account_id, NEW.project_id, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
END;
-- +goose StatementEnd
ALTER TABLE sso_clients DROP COLUMN sees_payloads;
DROP TABLE portal_sessions;
DROP TABLE sso_client_keys;
