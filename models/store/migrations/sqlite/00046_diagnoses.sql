-- +goose Up

-- Looks at the way to receivers: asked for by the API, taken by one worker, which appends its steps, and over at their deadlines
-- whatever has become of that. Of a project and its account, or of an SSO client. They go after a day.
CREATE TABLE diagnoses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT NOT NULL UNIQUE,
    account_id      BIGINT,
    project_id      BIGINT,
    sso_client_id   BIGINT,
    url             TEXT NOT NULL,
    check_signature BOOLEAN NOT NULL,
    steps           BLOB NOT NULL,
    created_at      BIGINT NOT NULL,
    deadline        BIGINT NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT,
    CHECK ((project_id IS NULL) <> (sso_client_id IS NULL)),
    CHECK ((project_id IS NULL) = (account_id IS NULL)),
    UNIQUE (deadline, id) -- an index of those that wait, of the last seconds, and of the oldest, which go
);

-- +goose Down
DROP TABLE diagnoses;
