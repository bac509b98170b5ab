-- +goose Up

CREATE TABLE project_keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    project_id BIGINT NOT NULL REFERENCES projects (id),
    name       TEXT NOT NULL,
    key_hash   BLOB NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE INDEX project_keys_project ON project_keys (project_id);

-- +goose Down
DROP TABLE project_keys;
