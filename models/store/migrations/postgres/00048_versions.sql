-- +goose Up

-- Grows by one with each change of what a person can set.
ALTER TABLE projects ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE sso_clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- The release before changes rows and knows no version: then this counts, or who has read the row before would not hear of it. It writes
-- updated_at with each change. This release always gives another version, so that the condition, which is checked first, is false.
-- +goose StatementBegin
CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER projects_version BEFORE UPDATE ON projects FOR EACH ROW
    WHEN (OLD.version = NEW.version AND OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION next_version();
CREATE TRIGGER accounts_version BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.version = NEW.version AND OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION next_version();
CREATE TRIGGER sso_clients_version BEFORE UPDATE ON sso_clients FOR EACH ROW
    WHEN (OLD.version = NEW.version AND OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION next_version();

-- +goose Down
DROP TRIGGER sso_clients_version ON sso_clients;
DROP TRIGGER accounts_version ON accounts;
DROP TRIGGER projects_version ON projects;
DROP FUNCTION next_version();
ALTER TABLE sso_clients DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN version;
ALTER TABLE projects DROP COLUMN version;
