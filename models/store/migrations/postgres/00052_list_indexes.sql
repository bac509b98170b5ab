-- +goose NO TRANSACTION
-- +goose Up

-- Lists of crawls, accounts and SSO clients, newest first. One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS crawls_project_page;
CREATE INDEX CONCURRENTLY crawls_project_page ON crawls (project_id, created_at, id);
DROP INDEX CONCURRENTLY IF EXISTS accounts_page;
CREATE INDEX CONCURRENTLY accounts_page ON accounts (created_at, id);
DROP INDEX CONCURRENTLY IF EXISTS sso_clients_page;
CREATE INDEX CONCURRENTLY sso_clients_page ON sso_clients (created_at, id);

-- +goose Down
DROP INDEX sso_clients_page;
DROP INDEX accounts_page;
DROP INDEX crawls_project_page;
