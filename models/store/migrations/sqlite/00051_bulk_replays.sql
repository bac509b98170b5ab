-- +goose Up

-- Replays of all that a filter lets through: of a project or an account, or the notices to an SSO client. Workers go on with the
-- active ones part by part.
CREATE TABLE bulk_replays (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uid                TEXT NOT NULL UNIQUE,
    account_id         BIGINT,
    project_id         BIGINT,
    sso_client_id      BIGINT,
    filter             BLOB NOT NULL,
    dry_run            BOOLEAN NOT NULL,
    notices            BOOLEAN NOT NULL,
    status             TEXT NOT NULL,
    counted            BOOLEAN NOT NULL,
    made               BOOLEAN NOT NULL,
    active             BOOLEAN NOT NULL,
    after_at           BIGINT,
    after_id           BIGINT,
    matched            BIGINT NOT NULL,
    replayed           BIGINT NOT NULL,
    open               BIGINT NOT NULL,
    succeeded          BIGINT NOT NULL,
    failed             BIGINT NOT NULL,
    skipped            BLOB NOT NULL,
    created_by_user_id BIGINT,
    created_at         BIGINT NOT NULL,
    finished_at        BIGINT,
    looked_at          BIGINT NOT NULL,
    CHECK ((account_id IS NULL) <> (sso_client_id IS NULL)),
    UNIQUE (account_id, created_at, id), -- indexes, as the others
    UNIQUE (project_id, created_at, id),
    UNIQUE (active, looked_at, id),
    UNIQUE (finished_at, id)
);

-- The replays that bulk replays have made, until they are seen to have ended.
CREATE TABLE bulk_replayed (
    callback_id    INTEGER PRIMARY KEY NOT NULL,
    bulk_replay_id BIGINT NOT NULL,
    tried          BOOLEAN NOT NULL,
    look_at        BIGINT NOT NULL,
    UNIQUE (bulk_replay_id, look_at, callback_id), -- an index, as the other
    UNIQUE (bulk_replay_id, tried, callback_id)
);

-- +goose Down
DROP TABLE bulk_replayed;
DROP TABLE bulk_replays;
