-- +goose Up

-- Lists of crawls, accounts and SSO clients, newest first.
CREATE INDEX crawls_project_page ON crawls (project_id, created_at, id);
CREATE INDEX accounts_page ON accounts (created_at, id);
CREATE INDEX sso_clients_page ON sso_clients (created_at, id);

-- +goose Down
DROP INDEX sso_clients_page;
DROP INDEX accounts_page;
DROP INDEX crawls_project_page;
