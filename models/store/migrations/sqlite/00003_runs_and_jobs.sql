-- +goose Up

CREATE TABLE actions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id       BIGINT NOT NULL REFERENCES accounts (id),
    name             TEXT NOT NULL,
    executor_url     TEXT NOT NULL,
    executor_headers BLOB,
    page_size        BIGINT NOT NULL,
    timeout_micros   BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE schedules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uid         TEXT NOT NULL UNIQUE,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    project_id  BIGINT NOT NULL REFERENCES projects (id),
    cron        TEXT,
    at          BIGINT,
    timezone    TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('ACTIVE', 'PAUSED', 'CANCELLED', 'COMPLETED')),
    next_run_at BIGINT,
    last_run_at BIGINT,
    created_at  BIGINT NOT NULL,
    CHECK ((status = 'ACTIVE') = (next_run_at IS NOT NULL)),
    CHECK ((cron IS NULL) <> (at IS NULL))
);
CREATE INDEX schedules_project_page ON schedules (project_id, created_at, id);
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE runs (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uid                TEXT NOT NULL UNIQUE,
    account_id         BIGINT NOT NULL REFERENCES accounts (id),
    project_id         BIGINT NOT NULL REFERENCES projects (id),
    action_id          BIGINT NOT NULL REFERENCES actions (id),
    schedule_id        BIGINT REFERENCES schedules (id),
    created_by_user_id BIGINT REFERENCES users (id),
    status             TEXT NOT NULL CHECK (status IN ('CREATED', 'INVALID', 'QUEUED', 'SCHEDULED', 'BLOCKED', 'STOPPED', 'RUNNING', 'FAILED',
                                                       'PARTIAL_SUCCEEDED', 'SUCCEEDED')),
    max_results        BIGINT,
    page_size          BIGINT NOT NULL,
    callback_on        TEXT NOT NULL CHECK (callback_on IN ('ALL', 'FINAL', 'RESULT')),
    callback_url       TEXT,
    callback_headers   BLOB,
    batch_count        BIGINT NOT NULL,
    open_batch_count   BIGINT NOT NULL,
    input_count        BIGINT NOT NULL,
    output_count       BIGINT NOT NULL,
    error              BLOB,
    created_at         BIGINT NOT NULL,
    started_at         BIGINT,
    finished_at        BIGINT
);
CREATE INDEX runs_project_page ON runs (project_id, created_at, id);
CREATE INDEX runs_schedule_page ON runs (schedule_id, created_at, id) WHERE schedule_id IS NOT NULL;
CREATE INDEX runs_ended ON runs (finished_at) WHERE finished_at IS NOT NULL;

-- Inputs and results are JSON text, as it was given.
CREATE TABLE run_inputs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      BIGINT NOT NULL REFERENCES runs (id),
    number      BIGINT NOT NULL,
    input       BLOB NOT NULL,
    custom_data BLOB,
    UNIQUE (run_id, number)
);

CREATE TABLE run_batches (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT NOT NULL UNIQUE,
    account_id      BIGINT NOT NULL REFERENCES accounts (id),
    project_id      BIGINT NOT NULL REFERENCES projects (id),
    action_id       BIGINT NOT NULL REFERENCES actions (id),
    run_id          BIGINT NOT NULL REFERENCES runs (id),
    input_id        BIGINT NOT NULL REFERENCES run_inputs (id),
    page            BIGINT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'BLOCKED', 'STOPPED')),
    attempt_count   BIGINT NOT NULL,
    failure_count   BIGINT NOT NULL,
    next_attempt_at BIGINT,
    lease_until     BIGINT,
    has_more        BOOLEAN NOT NULL,
    empty           BOOLEAN NOT NULL,
    results         BLOB,
    result_count    BIGINT NOT NULL,
    error           BLOB,
    created_at      BIGINT NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT,
    UNIQUE (input_id, page),
    CHECK ((status = 'QUEUED') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'RUNNING') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('SUCCEEDED', 'FAILED', 'BLOCKED', 'STOPPED')) = (finished_at IS NOT NULL))
);
CREATE INDEX run_batches_run ON run_batches (run_id, id);
-- Workers and the sweep read these two: they hold only what has not ended.
CREATE INDEX run_batches_waiting ON run_batches (action_id, next_attempt_at) WHERE status = 'QUEUED';
CREATE INDEX run_batches_leased ON run_batches (lease_until) WHERE status = 'RUNNING';

CREATE TABLE batch_attempts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT NOT NULL UNIQUE,
    batch_id        BIGINT NOT NULL REFERENCES run_batches (id),
    number          BIGINT NOT NULL,
    url             TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    duration_micros BIGINT NOT NULL,
    http_status     BIGINT,
    error_code      TEXT,
    error_message   TEXT,
    UNIQUE (batch_id, number)
);

CREATE TABLE jobs (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid               TEXT NOT NULL UNIQUE,
    account_id         BIGINT NOT NULL REFERENCES accounts (id),
    project_id         BIGINT NOT NULL REFERENCES projects (id),
    created_by_user_id BIGINT REFERENCES users (id),
    state              TEXT NOT NULL CHECK (state IN ('SCHEDULED', 'IN_PROGRESS', 'FAILED', 'SUSPENDED', 'CANCELED', 'EXPIRED', 'COMPLETED')),
    last_action        TEXT CHECK (last_action IN ('RESOLVED', 'EDITED', 'ACCEPTED', 'DECLINED')),
    change_count       BIGINT NOT NULL,
    input              BLOB NOT NULL,
    output             BLOB,
    metadata           BLOB,
    tags               BLOB NOT NULL,
    callback_url       TEXT,
    correct            BOOLEAN,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    completed_at       BIGINT
);
CREATE INDEX jobs_project_page ON jobs (project_id, created_at, id);

ALTER TABLE callbacks ADD COLUMN run_id BIGINT REFERENCES runs (id);
ALTER TABLE callbacks ADD COLUMN batch_id BIGINT REFERENCES run_batches (id);
ALTER TABLE callbacks ADD COLUMN job_id BIGINT REFERENCES jobs (id);
ALTER TABLE callbacks ADD COLUMN ordering_key TEXT;
ALTER TABLE callbacks ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX callbacks_run_page ON callbacks (run_id, created_at, id) WHERE run_id IS NOT NULL;
CREATE INDEX callbacks_project_runs ON callbacks (project_id, created_at, id) WHERE run_id IS NOT NULL;
CREATE INDEX callbacks_batch ON callbacks (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX callbacks_job_page ON callbacks (job_id, created_at, id) WHERE job_id IS NOT NULL;
CREATE INDEX callbacks_line ON callbacks (ordering_key, id) WHERE ordering_key IS NOT NULL AND finished_at IS NULL;
DROP INDEX callbacks_waiting;
CREATE INDEX callbacks_waiting ON callbacks (target_host, next_attempt_at) WHERE status = 'PENDING' AND NOT held;

-- +goose Down
DROP INDEX callbacks_waiting;
DROP INDEX callbacks_line;
DROP INDEX callbacks_job_page;
DROP INDEX callbacks_batch;
DROP INDEX callbacks_project_runs;
DROP INDEX callbacks_run_page;
ALTER TABLE callbacks DROP COLUMN held;
ALTER TABLE callbacks DROP COLUMN ordering_key;
ALTER TABLE callbacks DROP COLUMN job_id;
ALTER TABLE callbacks DROP COLUMN batch_id;
ALTER TABLE callbacks DROP COLUMN run_id;
CREATE INDEX callbacks_waiting ON callbacks (target_host, next_attempt_at) WHERE status = 'PENDING';
DROP TABLE jobs;
DROP TABLE batch_attempts;
DROP TABLE run_batches;
DROP TABLE run_inputs;
DROP TABLE runs;
DROP TABLE schedules;
DROP TABLE actions;
