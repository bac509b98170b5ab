-- +goose Up

-- Whose callbacks somebody watches: all of an account (project_id 0), or those of one of its projects. The process renews the row while
-- it has watchers; since is from when on it has been there without a gap.
CREATE TABLE callback_watches (
    account_id BIGINT NOT NULL,
    project_id BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    PRIMARY KEY (account_id, project_id)
) WITHOUT ROWID;

-- What has changed of callbacks while somebody watched; the rows go after an hour. There is one writer at a time, so their places, which
-- are their ids, are in the order of the commits.
CREATE TABLE callback_changes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    place       BIGINT NOT NULL,
    callback_id BIGINT NOT NULL,
    account_id  BIGINT NOT NULL,
    project_id  BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    UNIQUE (place, id)
);

-- Whoever writes a callback writes its change, in the same transaction. Where nobody watches it is one look into an empty table.
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

-- +goose Down
DROP TRIGGER callbacks_changed;
DROP TRIGGER callbacks_created;
DROP TABLE callback_changes;
DROP TABLE callback_watches;
