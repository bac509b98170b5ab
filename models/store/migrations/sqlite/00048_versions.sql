-- +goose Up

-- Grows by one with each change of what a person can set. One process has the file at a time: no other release writes beside this one.
ALTER TABLE projects ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE sso_clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE sso_clients DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN version;
ALTER TABLE projects DROP COLUMN version;
