-- +goose Up

-- Times are microseconds since 1970, UTC. Columns called *_headers and *_sealed hold AES-256-GCM boxes, *_hash SHA-256.

CREATE TABLE sso_clients (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL,
    webhook_url     TEXT,
    webhook_headers BLOB,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

CREATE TABLE accounts (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT NOT NULL,
    timezone             TEXT NOT NULL,
    api_callback_url     TEXT,
    api_callback_headers BLOB,
    sso_client_id        BIGINT REFERENCES sso_clients (id),
    partner_account_id   TEXT,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL
);

CREATE TABLE users (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    email           TEXT NOT NULL UNIQUE,
    first_name      TEXT,
    last_name       TEXT,
    partner_user_id TEXT,
    created_at      BIGINT NOT NULL
);

CREATE TABLE memberships (
    user_id    BIGINT NOT NULL REFERENCES users (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    role       TEXT NOT NULL CHECK (role IN ('Admin', 'Editor', 'Viewer')),
    PRIMARY KEY (user_id, account_id)
);
CREATE INDEX memberships_account ON memberships (account_id);

CREATE TABLE user_keys (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     BIGINT NOT NULL REFERENCES users (id),
    secret_hash BLOB NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX user_keys_user ON user_keys (user_id);

CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    token_hash BLOB NOT NULL UNIQUE,
    name       TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

-- The platform's service key of an embedded start: one row at most.
CREATE TABLE platform_keys (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    key_hash BLOB NOT NULL
);

CREATE TABLE projects (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id           BIGINT NOT NULL REFERENCES accounts (id),
    name                 TEXT NOT NULL,
    primary_domain       TEXT NOT NULL,
    api_callback_url     TEXT,
    api_callback_headers BLOB,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL,
    deleted_at           BIGINT
);
CREATE INDEX projects_page ON projects (account_id, created_at, id);

CREATE TABLE signing_secrets (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id    BIGINT REFERENCES projects (id),
    sso_client_id BIGINT REFERENCES sso_clients (id),
    secret_sealed BLOB NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT,
    CHECK ((project_id IS NULL) <> (sso_client_id IS NULL))
);
CREATE INDEX signing_secrets_project ON signing_secrets (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX signing_secrets_sso_client ON signing_secrets (sso_client_id) WHERE sso_client_id IS NOT NULL;

CREATE TABLE crawls (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id         BIGINT NOT NULL REFERENCES accounts (id),
    project_id         BIGINT NOT NULL REFERENCES projects (id),
    created_by_user_id BIGINT REFERENCES users (id),
    kind               TEXT NOT NULL CHECK (kind IN ('Standard', 'TestSuiteBuild')),
    status             TEXT NOT NULL CHECK (status IN ('Queued', 'Finished', 'Failed', 'Cancelled')),
    created_at         BIGINT NOT NULL,
    finished_at        BIGINT
);

CREATE TABLE report_downloads (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id           BIGINT NOT NULL REFERENCES accounts (id),
    project_id           BIGINT NOT NULL REFERENCES projects (id),
    crawl_id             BIGINT NOT NULL REFERENCES crawls (id),
    report_template_code TEXT NOT NULL,
    report_type_code     TEXT NOT NULL CHECK (report_type_code IN ('Basic')),
    segment_id           BIGINT,
    created_by_user_id   BIGINT REFERENCES users (id),
    status               TEXT NOT NULL CHECK (status IN ('Generating', 'Generated')),
    file_url             TEXT,
    created_at           BIGINT NOT NULL,
    finished_at          BIGINT
);

CREATE TABLE callbacks (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uid                TEXT NOT NULL UNIQUE,
    ref                TEXT NOT NULL,
    event              TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'SUCCESS', 'FAILED')),
    target             TEXT NOT NULL CHECK (target IN ('CONFIGURED', 'REQUEST', 'SSO_CLIENT')),
    target_url         TEXT,
    target_host        TEXT NOT NULL,
    target_headers     BLOB,
    content_type       TEXT NOT NULL,
    body               BLOB NOT NULL,
    account_id         BIGINT NOT NULL REFERENCES accounts (id),
    project_id         BIGINT NOT NULL REFERENCES projects (id),
    crawl_id           BIGINT REFERENCES crawls (id),
    report_download_id BIGINT REFERENCES report_downloads (id),
    replay_of_id       BIGINT REFERENCES callbacks (id),
    cause_id           BIGINT REFERENCES callbacks (id),
    dedup_key          TEXT NOT NULL UNIQUE,
    attempt_count      BIGINT NOT NULL,
    failure_count      BIGINT NOT NULL,
    next_attempt_at    BIGINT,
    lease_until        BIGINT,
    http_status        BIGINT,
    error_code         TEXT,
    error_message      TEXT,
    created_at         BIGINT NOT NULL,
    finished_at        BIGINT,
    CHECK ((status = 'PENDING') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'RUNNING') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('SUCCESS', 'FAILED')) = (finished_at IS NOT NULL))
);
CREATE INDEX callbacks_account_page ON callbacks (account_id, created_at, id);
CREATE INDEX callbacks_project_page ON callbacks (project_id, created_at, id);
CREATE INDEX callbacks_crawl_page ON callbacks (crawl_id, created_at, id) WHERE crawl_id IS NOT NULL;
CREATE INDEX callbacks_replays ON callbacks (replay_of_id) WHERE replay_of_id IS NOT NULL;
CREATE INDEX callbacks_notices ON callbacks (cause_id) WHERE cause_id IS NOT NULL;
CREATE INDEX callbacks_ended ON callbacks (finished_at) WHERE finished_at IS NOT NULL;
-- Workers and the sweep read these two: they hold only what has not ended.
CREATE INDEX callbacks_waiting ON callbacks (target_host, next_attempt_at) WHERE status = 'PENDING';
CREATE INDEX callbacks_leased ON callbacks (lease_until) WHERE status = 'RUNNING';

CREATE TABLE callback_attempts (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    uid               TEXT NOT NULL UNIQUE,
    callback_id       BIGINT NOT NULL REFERENCES callbacks (id),
    number            BIGINT NOT NULL,
    url               TEXT,
    started_at        BIGINT NOT NULL,
    finished_at       BIGINT,
    duration_micros   BIGINT NOT NULL,
    dns_micros        BIGINT NOT NULL,
    connect_micros    BIGINT NOT NULL,
    tls_micros        BIGINT NOT NULL,
    first_byte_micros BIGINT NOT NULL,
    http_status       BIGINT,
    error_code        TEXT,
    error_message     TEXT,
    response_body     BLOB,
    UNIQUE (callback_id, number)
);

-- +goose Down
DROP TABLE callback_attempts;
DROP TABLE callbacks;
DROP TABLE report_downloads;
DROP TABLE crawls;
DROP TABLE signing_secrets;
DROP TABLE projects;
DROP TABLE platform_keys;
DROP TABLE sessions;
DROP TABLE user_keys;
DROP TABLE memberships;
DROP TABLE users;
DROP TABLE accounts;
DROP TABLE sso_clients;
